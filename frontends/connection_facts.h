// What the kernel and the PROXY header tell of a connection, for rules that ask for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/address.h"
#include "rules/facts.h"

namespace evenkeel::frontends {

// The fc_* and bc_* numbers of TCP_INFO: times in microseconds. nullopt: no TCP connection, or none of those
// numbers.
std::optional<std::int64_t> tcp_info_number(int fd, rules::Number what) noexcept;

// Whether the address belongs to this host. Asks the kernel each time.
bool is_local_address(const Address& address) noexcept;

}  // namespace evenkeel::frontends
