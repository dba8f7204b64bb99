// The live servers of a backend, as the kernel's table needs to know them.
#pragma once

#include <vector>

#include "lvs/wanted.h"

namespace evenkeel::backends {
class Backend;
}

namespace evenkeel::lvs {

// Any thread.
std::vector<ServerState> server_states(const backends::Backend& backend);

}  // namespace evenkeel::lvs
