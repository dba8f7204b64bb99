// What log words refer to: rings, profiles and backends of mode log.
#pragma once

#include "app/backend_names.h"
#include "app/config_draft.h"
#include "conf/diagnostics.h"

namespace evenkeel::app {

// Names on `log` lines that do not exist, or do not fit.
void check_log_targets(const ConfigDraft& draft, const BackendNames& backends,
                       conf::Diagnostics& diagnostics);
// What makes no sense in a backend of mode log, and what makes sense only there.
void check_log_backend(const ProxySection& section, conf::Diagnostics& diagnostics);

}  // namespace evenkeel::app
