// The statistics page on the live proxy: what operators' forms do to servers.
#pragma once

#include "frontends/engine.h"
#include "stats/page_request.h"

namespace evenkeel::frontends {

// Carries the form out on every server that it names, as the runtime command of that name would.
stats::PageResult perform(Engine& engine, const stats::PageAction& action);

}  // namespace evenkeel::frontends
