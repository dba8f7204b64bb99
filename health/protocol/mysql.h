// `option mysql-check`: log in without a password, and leave at once.
#pragma once

#include <string_view>
#include <vector>

#include "health/check_def.h"

namespace evenkeel::health {

// user empty: only the greeting of the server is read. pre41: the packet that servers before 4.1 understand.
std::vector<CheckStep> mysql_steps(std::string_view user, bool pre41);

// The first packet of the server; the second one, which answers the login. Error packets fail with their
// number and text.
CustomVerdict parse_mysql_greeting(std::string_view received, bool eof);
CustomVerdict parse_mysql_login(std::string_view received, bool eof);

}  // namespace evenkeel::health
