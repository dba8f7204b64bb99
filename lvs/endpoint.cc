#include "lvs/endpoint.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace evenkeel::lvs {

Endpoint endpoint_of(const Address& address) noexcept {
  Endpoint endpoint;
  const std::string_view bytes = address.ip_bytes();
  if (bytes.size() != 4 && bytes.size() != 16) return endpoint;
  endpoint.family = static_cast<std::uint8_t>(bytes.size() == 4 ? AF_INET : AF_INET6);
  std::memcpy(endpoint.ip.data(), bytes.data(), bytes.size());
  endpoint.port = address.port();
  return endpoint;
}

Address address_of(const Endpoint& endpoint) noexcept {
  if (endpoint.family == AF_UNSPEC) return {};
  Address address =
      endpoint.family == AF_INET6 ? Address::any_v6(endpoint.port) : Address::any_v4(endpoint.port);
  // ip_bytes() is a view of the address itself.
  std::memcpy(const_cast<char*>(address.ip_bytes().data()), endpoint.ip.data(), endpoint.ip_size());
  return address;
}

std::string to_string(const Endpoint& endpoint) { return address_of(endpoint).to_string(); }

std::string ip_string(const Endpoint& endpoint) { return address_of(endpoint).ip_string(); }

std::optional<Endpoint> parse_endpoint(std::string_view text, std::uint16_t port) noexcept {
  std::string_view ip = text;
  std::string_view port_text;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    ip = text.substr(1, end - 1);
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && (rest[0] != ':' || rest.size() == 1)) return std::nullopt;
    if (!rest.empty()) port_text = rest.substr(1);
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    const std::size_t colon = text.find(':');
    ip = text.substr(0, colon);
    port_text = text.substr(colon + 1);
    if (port_text.empty()) return std::nullopt;
  }
  if (!port_text.empty()) {
    const auto [end, error] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
    if (error != std::errc() || end != port_text.data() + port_text.size()) return std::nullopt;
  }
  const auto address = Address::from_ip(ip, port);
  if (!address) return std::nullopt;
  return endpoint_of(*address);
}

}  // namespace evenkeel::lvs
