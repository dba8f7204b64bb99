// Sections of mode udp: what has no meaning for datagrams is refused by name.
#pragma once

#include "app/config_draft.h"
#include "conf/diagnostics.h"

namespace evenkeel::app {

// After the checks of modes and rules. Makes the addresses of these sections UDP ones.
void check_udp(ConfigDraft& draft, conf::Diagnostics& diagnostics);

}  // namespace evenkeel::app
