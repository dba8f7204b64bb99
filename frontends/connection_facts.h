// What the kernel and the PROXY header tell of a connection, for rules that ask for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/address.h"
#include "rules/facts.h"

namespace evenkeel::frontends {

// The fc_* and bc_* numbers of TCP_INFO: times in microseconds. nullopt: no TCP connection, or none of those
// numbers.
std::optional<std::int64_t> tcp_info_number(int fd, rules::Number what) noexcept;

// The SYN with which the connection began, as `tcp-ss` has kept it. The kernel gives it away once; empty: it
// has none.
std::string tcp_saved_syn(int fd);

// What is known of a connection as "name=value" texts, for fs.debug_str and bs.debug_str. layers: a sum of 16
// (the socket), 8 (the connection), 4 (transport: nothing yet), 2 (requests on it, called by `counted`) and 1
// (the stream); 0: all.
std::string describe_connection(int fd, const Address* ours, const Address* theirs, std::int64_t layers,
                                std::string_view counted, std::uint32_t count);

// Whether the address belongs to this host. Asks the kernel each time.
bool is_local_address(const Address& address) noexcept;

}  // namespace evenkeel::frontends
