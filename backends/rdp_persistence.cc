#include "backends/rdp_persistence.h"

#include <netinet/in.h>

#include <charconv>
#include <cstdint>
#include <cstring>

namespace evenkeel::backends {
namespace {

// Takes a decimal number and the dot behind it.
template <typename Number>
bool take(std::string_view& text, Number& number) noexcept {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto used = static_cast<std::size_t>(parsed.ptr - text.data());
  if (parsed.ec != std::errc() || used == text.size() || text[used] != '.') return false;
  text.remove_prefix(used + 1);
  return true;
}

}  // namespace

std::optional<Address> rdp_token_address(std::string_view token) noexcept {
  std::uint32_t ip = 0;
  std::uint16_t port = 0;
  if (!take(token, ip) || !take(token, port)) return std::nullopt;
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(__builtin_bswap32(ip));
  in.sin_port = htons(__builtin_bswap16(port));
  Address address;
  std::memcpy(address.data(), &in, sizeof in);
  address.resize(sizeof in);
  return address;
}

}  // namespace evenkeel::backends
