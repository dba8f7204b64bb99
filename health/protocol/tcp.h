// The plain check and `option tcp-check`: connect, then whatever the rules say.
#pragma once

#include <string_view>
#include <vector>

#include "health/check_def.h"

namespace evenkeel::health {

// Nothing but a connection: what `check` means when no option chooses a protocol.
std::vector<CheckStep> tcp_steps();

// The rules of a tcp-check or http-check set made complete: a connect comes first, implicit when none is
// written.
std::vector<CheckStep> with_connect(std::vector<CheckStep> rules);

}  // namespace evenkeel::health
