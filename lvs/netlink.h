// The kernel of this network namespace, over generic netlink.
#pragma once

#include <memory>
#include <string>

#include "lvs/kernel.h"

namespace evenkeel::lvs {

// Whether this program was built with libnl.
bool netlink_supported() noexcept;

// Opens the namespace's IPVS; the kernel loads its module for the asking where it can. Null with `why` in
// plain words: no such kernel, no such right (CAP_NET_ADMIN), not built in. Every request needs the right,
// not only the opening of the socket.
std::unique_ptr<Kernel> open_kernel(std::string& why);

}  // namespace evenkeel::lvs
