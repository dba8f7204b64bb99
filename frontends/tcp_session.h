// A session in mode tcp: one client connection, one server connection, bytes both ways.
#pragma once

#include "frontends/client_session.h"

namespace evenkeel::frontends {

Task<void> serve_tcp(ClientConnection& client);

}  // namespace evenkeel::frontends
