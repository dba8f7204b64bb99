// `balance uri`: the request target chooses the server.
#pragma once

#include <string_view>

#include "balance/balance_def.h"

namespace evenkeel::balance {

// The part of the target that counts (a target as it is forwarded: HAProxy drops a default port from the
// authority first): from the path on with path-only, at most `len` bytes, up to the `depth`th directory, and
// without the query unless `whole`.
std::string_view uri_key(std::string_view target, const BalanceDef& def) noexcept;

}  // namespace evenkeel::balance
