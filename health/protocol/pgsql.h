// `option pgsql-check`: announce a user, and see whether the server asks to authenticate.
#pragma once

#include <string_view>
#include <vector>

#include "health/check_def.h"

namespace evenkeel::health {

std::vector<CheckStep> pgsql_steps(std::string_view user);

// An ErrorResponse fails; anything but a first authentication request does, too.
CustomVerdict parse_pgsql_error(std::string_view received, bool eof);
CustomVerdict parse_pgsql_authentication(std::string_view received, bool eof);

}  // namespace evenkeel::health
