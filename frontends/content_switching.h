// Which backends use_backend and default_backend may name (manual 4.2: be-unpublished, force-be-switch).
#pragma once

#include "backends/backend.h"
#include "frontends/client_session.h"

namespace evenkeel::frontends {

// A backend that is disabled or not published is passed over, unless a force-be-switch rule of the frontend
// holds. What a `listen` section has of its own is no switching.
[[nodiscard]] bool may_switch_to(ClientConnection& client, const backends::Backend& backend);

// default_backend, if it may be used; else null.
[[nodiscard]] backends::Backend* default_backend_of(ClientConnection& client);

}  // namespace evenkeel::frontends
