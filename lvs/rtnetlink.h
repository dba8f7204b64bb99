// This machine's network over rtnetlink(7) and /proc/sys.
#pragma once

#include <memory>
#include <string>

#include "lvs/host.h"

namespace evenkeel::lvs {

// Null with `why` where there is no such socket. Reading needs no right, changing needs CAP_NET_ADMIN.
std::unique_ptr<Host> open_host(std::string& why);

}  // namespace evenkeel::lvs
