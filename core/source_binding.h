// What `source` says, applied to a socket before it connects; shared by streams and datagrams.
#pragma once

#include "core/socket_options.h"

namespace evenkeel {

// options.source is set. False: the system refused; `error` says why.
bool bind_source(int fd, const ConnectOptions& options, int family, IoResult& error) noexcept;

}  // namespace evenkeel
