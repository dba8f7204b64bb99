// Keeps a malformed message for `show errors`.
#pragma once

#include <string_view>

#include "core/address.h"

namespace evenkeel::backends {
class Server;
}

namespace evenkeel::frontends {

class Frontend;
struct WorkerContext;

// bytes: what the buffer holds of the message; position: of the byte that broke it. With a server it is a
// response of that server, else a request.
void capture_error(WorkerContext& context, Frontend& frontend, backends::Server* server, const Address& peer,
                   std::string_view bytes, std::size_t position);

}  // namespace evenkeel::frontends
