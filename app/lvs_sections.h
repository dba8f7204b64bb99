// Sections with an `lvs` line: judged, and compiled to what the bridge wants of the kernel.
#pragma once

#include <memory>

#include "app/config_draft.h"
#include "lvs/def.h"

namespace evenkeel::app {

// Servers without a port are reached at the service's; so are their checks. Before the checks of servers.
void prepare_lvs(ConfigDraft& draft);
// After all other checks of the sections. Datagram sections are judged here, too.
void check_lvs(ConfigDraft& draft, conf::Diagnostics& diagnostics);
// Null: no section has an `lvs` line.
std::shared_ptr<const lvs::Def> compile_lvs(const ConfigDraft& draft);

}  // namespace evenkeel::app
