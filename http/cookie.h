// Finding, and cutting out, one cookie in a Cookie field, by exact byte ranges (RFC 6265; quoting and ',' as
// older clients do).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace evenkeel::http {

// One "name=value" and where it stands in the field's value. A quoted value keeps its quotes.
struct CookieSpan {
  std::string_view name;
  std::string_view value;
  std::size_t name_begin = 0;
  std::size_t value_begin = 0;
  std::size_t value_end = 0;
  std::size_t previous = npos;  // offset of the delimiter before it
  std::size_t next = npos;      // offset of the delimiter behind it
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);
};

// Walks over the cookies of a Cookie field's value. What has no '=' is no cookie and is passed over, as are
// the attributes of RFC 2965 ($Path and its like).
//   CookieReader reader(value); CookieSpan cookie; while (reader.next(cookie)) ...
class CookieReader {
 public:
  explicit CookieReader(std::string_view field) noexcept : field_(field) {}
  bool next(CookieSpan& out) noexcept;

 private:
  std::string_view field_;
  std::size_t at_ = 0;
  std::size_t previous_ = CookieSpan::npos;
};

// The first cookie of this name (case counts); false when there is none.
bool find_cookie(std::string_view field, std::string_view name, CookieSpan& out) noexcept;

// The field's value without this cookie and its $attributes; empty when nothing is left and the field should
// go. The bytes are those that HAProxy forwards.
std::string without_cookie(std::string_view field, const CookieSpan& cookie);
// The field's value with this cookie's value replaced.
std::string with_cookie_value(std::string_view field, const CookieSpan& cookie, std::string_view value);

// The cookie of a Set-Cookie field: `attributes` is what follows the first ';' (empty when there is none).
// The offsets of `cookie` are as above, so with_cookie_value() works on it. False when there is no '=' or no
// name.
bool parse_set_cookie(std::string_view field, CookieSpan& cookie, std::string_view& attributes) noexcept;

}  // namespace evenkeel::http
