// What servers need to agree upon: names, ports, whom they track, what their checks ask for.
#pragma once

#include "app/backend_names.h"
#include "app/config_draft.h"
#include "conf/diagnostics.h"

namespace evenkeel::app {

void check_servers(const ConfigDraft& draft, const BackendNames& backends, conf::Diagnostics& diagnostics);

}  // namespace evenkeel::app
