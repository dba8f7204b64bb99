// Where requests may go: names of backends and servers in rules, and the modes at both ends.
#pragma once

#include "app/backend_names.h"
#include "app/config_draft.h"
#include "conf/diagnostics.h"

namespace evenkeel::app {

// Fills ProxySection::routes, turns names in default_backend into those of the snapshot, and gives a mode to
// frontends that have none where only one makes sense.
void resolve_routes(ConfigDraft& draft, const BackendNames& backends, conf::Diagnostics& diagnostics);
// Warns about backends that no frontend leads to. After resolve_routes().
void report_unused_backends(const ConfigDraft& draft, conf::Diagnostics& diagnostics);

}  // namespace evenkeel::app
