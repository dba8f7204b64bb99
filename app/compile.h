// The last step of loading: numbers for everything, then the snapshot.
#pragma once

#include <memory>

#include "app/config_draft.h"
#include "frontends/config.h"

namespace evenkeel::app {

// Gives ids to proxies, listeners and servers that have none, as HAProxy counts them, and names to listeners.
// Reports ids that are taken twice.
void number(ConfigDraft& draft, conf::Diagnostics& diagnostics);

// Moves everything out of the draft, which must be free of errors.
std::shared_ptr<const frontends::Config> compile(ConfigDraft& draft);

}  // namespace evenkeel::app
