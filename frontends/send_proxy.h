// The PROXY protocol header that a server wants to see first.
#pragma once

#include <string>
#include <string_view>

#include "backends/backend_def.h"
#include "frontends/client_session.h"

namespace evenkeel::frontends {

// Whether reaching this backend's servers depends on where the client connected to.
bool needs_local_address(const backends::BackendDef& def) noexcept;
// Empty when the server wants none.
std::string proxy_header_for(const backends::ServerDef& def, ClientConnection& client,
                             std::string_view unique_id, std::string_view authority = {});

}  // namespace evenkeel::frontends
