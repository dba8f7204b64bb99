// An IP address and a port, small and ordered: what the kernel's table is keyed by.
#pragma once

#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/address.h"

namespace evenkeel::lvs {

struct Endpoint {
  std::uint8_t family = AF_UNSPEC;    // AF_INET, AF_INET6
  std::array<std::uint8_t, 16> ip{};  // network order; of IPv4 the first four
  std::uint16_t port = 0;             // host order

  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
  [[nodiscard]] std::size_t ip_size() const noexcept { return family == AF_INET6 ? 16 : 4; }
};

Endpoint endpoint_of(const Address& address) noexcept;  // family AF_UNSPEC for what is no IP address
Address address_of(const Endpoint& endpoint) noexcept;
std::string to_string(const Endpoint& endpoint);  // "192.0.2.1:80", "[2001:db8::1]:80"
std::string ip_string(const Endpoint& endpoint);
// "192.0.2.1:80", "[2001:db8::1]:80", "[2001:db8::1]", "192.0.2.1"; the port is `port` where none is written.
// Numeric only.
std::optional<Endpoint> parse_endpoint(std::string_view text, std::uint16_t port = 0) noexcept;

}  // namespace evenkeel::lvs
