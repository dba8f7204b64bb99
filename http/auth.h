// HTTP basic authentication (RFC 7617) and its base64.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace evenkeel::http {

struct BasicCredentials {
  std::string user;
  std::string password;
};

// Reads the value of an Authorization or Proxy-Authorization field. False when the scheme is not Basic, the
// base64 is broken, there is no colon, or the credentials are longer than 1 KB.
bool parse_basic_auth(std::string_view value, BasicCredentials& out);

// True when both are the same. Takes a time that depends on the lengths alone.
bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

// Standard alphabet with padding. Returns the decoded length, or npos for text that no encoder writes; `out`
// needs in.size() / 4 * 3 bytes.
inline constexpr std::size_t kBadBase64 = static_cast<std::size_t>(-1);
std::size_t base64_decode(std::string_view in, std::span<char> out) noexcept;
std::string base64_encode(std::string_view in);

}  // namespace evenkeel::http
