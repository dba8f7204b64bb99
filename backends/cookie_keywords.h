// The configuration words of persistence cookies.
#pragma once

#include <span>

#include "backends/persistence_cookie.h"
#include "conf/keyword_table.h"

namespace evenkeel::backends {

// cookie, dynamic-cookie-key (configuration manual 4.2), for defaults, listen and backend. Errors and
// warnings go through Args; after an error def keeps its last valid value.
std::span<const conf::Keyword<CookieDef>> cookie_keywords();

void parse_cookie(CookieDef& def, conf::Args& args);
void parse_dynamic_cookie_key(CookieDef& def, conf::Args& args);

}  // namespace evenkeel::backends
