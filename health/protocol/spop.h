// `option spop-check`: the HELLO handshake of the stream processing offload protocol.
#pragma once

#include <string_view>
#include <vector>

#include "health/check_def.h"

namespace evenkeel::health {

std::vector<CheckStep> spop_steps();

// An AGENT-HELLO that agrees on version 2.0 and on a usable frame size; an AGENT-DISCONNECT fails with its
// reason.
CustomVerdict parse_spop_hello(std::string_view received, bool eof);

}  // namespace evenkeel::health
