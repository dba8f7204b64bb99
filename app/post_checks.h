// What can be judged only when all sections are known.
#pragma once

#include "app/config_draft.h"
#include "conf/diagnostics.h"

namespace evenkeel::app {

// Resolves names (backends, tracked servers, http-errors sections), takes back what the mode of a proxy rules
// out, and reports all that does not fit together: errors where HAProxy refuses, warnings where it warns, and
// some of our own.
void post_check(ConfigDraft& draft, conf::Diagnostics& diagnostics);

}  // namespace evenkeel::app
