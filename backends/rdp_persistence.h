// `persist rdp-cookie`: a terminal server's routing token leads a Remote Desktop client back to its server.
#pragma once

#include <optional>
#include <string_view>

#include "core/address.h"

namespace evenkeel::backends {

// The address in a token "IP.PORT.0000" as Windows writes it: both numbers in decimal, read from the bytes of
// the wire as if they were little-endian. Empty for anything else.
std::optional<Address> rdp_token_address(std::string_view token) noexcept;

}  // namespace evenkeel::backends
