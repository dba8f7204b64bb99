// `option ldap-check`: an anonymous LDAPv3 simple bind.
#pragma once

#include <string_view>
#include <vector>

#include "health/check_def.h"

namespace evenkeel::health {

std::vector<CheckStep> ldap_steps();

// A BindResponse (RFC 4511, 4.2.2) to message 1 whose resultCode is success.
CustomVerdict parse_ldap_bind(std::string_view received, bool eof);

}  // namespace evenkeel::health
