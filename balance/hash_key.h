// What a hashing algorithm hashes of a request, and where a server stands on a consistent ring.
#pragma once

#include <cstdint>
#include <optional>

#include "balance/balance_def.h"
#include "balance/policy.h"
#include "core/address.h"

namespace evenkeel::balance {

// The hash of what def asks for, avalanche included; nullopt when the request has no such thing, and turns
// apply.
std::optional<std::uint32_t> request_hash(const BalanceDef& def, const PickContext& context) noexcept;

// Value for Member::ring_seed. With addr and addr_port, the same addresses stand at the same places in every
// load balancer, whatever the order of their configurations; without an IP address they fall back to the id.
std::uint32_t ring_seed(HashKey key, std::uint32_t id, const Address& address) noexcept;

}  // namespace evenkeel::balance
