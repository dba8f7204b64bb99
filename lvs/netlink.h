// The kernel of this network namespace, over generic netlink.
#pragma once

#include <memory>
#include <string>

#include "lvs/kernel.h"

namespace evenkeel::lvs {

// Whether this program was built with libnl.
bool netlink_supported() noexcept;

// Opens the namespace's IPVS; loads the kernel's module where it is missing. Null with `why` in
// plain words: no such kernel, no such right (CAP_NET_ADMIN), not built in. Every request needs the right,
// not only the opening of the socket.
std::unique_ptr<Kernel> open_kernel(std::string& why);

}  // namespace evenkeel::lvs
