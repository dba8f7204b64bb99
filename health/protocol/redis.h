// `option redis-check`: PING, +PONG.
#pragma once

#include <string_view>
#include <vector>

#include "health/check_def.h"

namespace evenkeel::health {

std::vector<CheckStep> redis_steps();

CustomVerdict parse_redis_pong(std::string_view received, bool eof);

}  // namespace evenkeel::health
