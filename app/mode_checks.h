// Words that only make sense in mode http, found in a proxy of mode tcp.
#pragma once

#include "app/proxy_section.h"

namespace evenkeel::app {

// HAProxy ignores them with a warning each, so that defaults can serve both kinds; so do we, by taking them
// back.
void check_mode(ProxySection& section, conf::Diagnostics& diagnostics);

}  // namespace evenkeel::app
