// `balance source`: the client's address chooses the server.
#pragma once

#include <cstdint>
#include <optional>

#include "core/address.h"

namespace evenkeel::balance {

// The exclusive or of the address's 32-bit words in network order; nullopt for a client without an IP
// address.
std::optional<std::uint32_t> source_hash(const Address& source) noexcept;

}  // namespace evenkeel::balance
