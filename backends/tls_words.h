// The words of bind and server lines that ask for TLS, gathered so that the day they work changes one place.
#pragma once

#include <string_view>

#include "conf/args.h"
#include "conf/known_keywords.h"

namespace evenkeel::backends {

// When the word at the cursor belongs to TLS: takes it with its arguments, tells the user once per line and
// returns true. `told` lives as long as the line is read.
bool refuse_tls_word(conf::Args& args, conf::KnownKind kind, bool& told);

}  // namespace evenkeel::backends
