// `option ssl-hello-chk`: an SSLv3 client hello, without any TLS library.
#pragma once

#include <string_view>
#include <vector>

#include "health/check_def.h"

namespace evenkeel::health {

std::vector<CheckStep> ssl_hello_steps();

// A handshake or alert record: whoever sends one speaks SSL.
CustomVerdict parse_ssl_hello(std::string_view received, bool eof);

}  // namespace evenkeel::health
