// The parts of a request target, and percent-decoding.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace evenkeel::http {

// Views into the target; missing parts are empty.
struct UrlParts {
  std::string_view scheme;     // without "://"
  std::string_view authority;  // "user@host:port"
  std::string_view
      path;  // with its leading '/'; empty in "http://host" and for authority and asterisk targets
  std::string_view query;     // without '?'
  bool has_query = false;     // there was a '?', even if nothing follows
  std::string_view fragment;  // without '#'; only in messages taken with accept_unsafe
  [[nodiscard]] std::string_view path_and_query() const noexcept;  // as one view, '?' included
};

// Splits an origin-form or absolute-form target. Anything else ("*", "host:port") yields empty parts.
UrlParts split_url(std::string_view target) noexcept;

// Decodes %XX, and '+' as a space when `plus` is set, into `out`, which must be as long as `in` (in place is
// fine). Returns the decoded length, or npos when a % is not followed by two hexadecimal digits.
inline constexpr std::size_t kBadEscape = static_cast<std::size_t>(-1);
std::size_t url_decode(std::string_view in, std::span<char> out, bool plus) noexcept;

// The raw value of the first parameter `name` (case counts) in a query or form body, parameters separated by
// `delimiter` or ';'. data() is null when there is none; "name" without '=' has an empty value.
std::string_view find_parameter(std::string_view query, std::string_view name, char delimiter = '&') noexcept;

}  // namespace evenkeel::http
