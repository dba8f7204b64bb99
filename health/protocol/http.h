// `option httpchk`: one or more HTTP/1 exchanges.
#pragma once

#include <string_view>
#include <vector>

#include "health/check_def.h"

namespace evenkeel::health {

// The whole script. line: the request of the `option httpchk` line. The first `http-check send` among the
// rules has been merged into it already (see merge_request) or there is none; what is missing becomes
// implicit: a connect, the send before the first expect, and at the end an expect of 200-399.
std::vector<CheckStep> http_steps(HttpSendStep line, std::vector<CheckStep> rules, bool send_state);

// What `http-check expect status` accepts when nothing is said: 200-399.
ExpectStep default_http_expect();

}  // namespace evenkeel::health
