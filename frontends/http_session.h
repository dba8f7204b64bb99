// A client connection in mode http: one request after another, each with its own way to a server.
#pragma once

#include "frontends/client_session.h"

namespace evenkeel::frontends {

Task<void> serve_http(ClientConnection& client);

}  // namespace evenkeel::frontends
