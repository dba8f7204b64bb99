#include "http/cookie.h"

#include <algorithm>

#include "http/header_block.h"
#include "http/scan.h"

namespace evenkeel::http {
namespace {

std::size_t skip_blanks(std::string_view s, std::size_t at) noexcept {
  while (at < s.size() && is_ows(s[at])) ++at;
  return at;
}

// The first ';' (or ',') outside of quotes at or after `at`; the field's end when there is none.
std::size_t find_delimiter(std::string_view s, std::size_t at, bool comma) noexcept {
  bool quoted = false;
  for (; at < s.size(); ++at) {
    const char c = s[at];
    if (quoted && c == '\\') {
      ++at;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == ';' || (comma && c == ','))) {
      return at;
    }
  }
  return s.size();
}

// Fills `out` from field[begin, end); false when that is no cookie.
bool read_pair(std::string_view field, std::size_t begin, std::size_t end, CookieSpan& out) noexcept {
  const std::string_view pair = field.substr(begin, end - begin);
  const std::size_t equals = pair.find('=');
  if (equals == std::string_view::npos) return false;
  out.name_begin = skip_blanks(field, begin);
  if (out.name_begin > begin + equals) return false;
  out.name = trim_ows(pair.substr(0, equals));
  out.value_begin = std::min(skip_blanks(field, begin + equals + 1), end);
  out.value = trim_ows(field.substr(out.value_begin, end - out.value_begin));
  out.value_end = out.value_begin + out.value.size();
  return !out.name.empty();
}

}  // namespace

bool CookieReader::next(CookieSpan& out) noexcept {
  while (at_ < field_.size()) {
    const std::size_t end = find_delimiter(field_, at_, true);
    const bool found = read_pair(field_, at_, end, out) && out.name.front() != '$';
    out.previous = previous_;
    out.next = end < field_.size() ? end : CookieSpan::npos;
    previous_ = end;
    at_ = end + 1;
    if (found) return true;
  }
  return false;
}

bool find_cookie(std::string_view field, std::string_view name, CookieSpan& out) noexcept {
  CookieReader reader(field);
  while (reader.next(out)) {
    if (out.name == name) return true;
  }
  return false;
}

std::string without_cookie(std::string_view field, const CookieSpan& cookie) {
  // What belongs to the cookie goes with it: "$Path=/; ..."
  std::size_t next = cookie.next;
  while (next != CookieSpan::npos) {
    const std::size_t attribute = skip_blanks(field, next + 1);
    if (attribute >= field.size() || field[attribute] != '$') break;
    const std::size_t end = find_delimiter(field, attribute, true);
    next = end < field.size() ? end : CookieSpan::npos;
  }
  std::string kept;
  if (cookie.previous != CookieSpan::npos) {
    kept = trim_ows(field.substr(0, cookie.previous));
    if (next == CookieSpan::npos) return kept;
    kept += field[next];
    kept += ' ';
  }
  if (next != CookieSpan::npos) kept += field.substr(std::min(skip_blanks(field, next + 1), field.size()));
  return kept;
}

std::string with_cookie_value(std::string_view field, const CookieSpan& cookie, std::string_view value) {
  std::string changed;
  changed.reserve(field.size() + value.size());
  changed.append(field.substr(0, cookie.value_begin)).append(value).append(field.substr(cookie.value_end));
  return changed;
}

bool parse_set_cookie(std::string_view field, CookieSpan& cookie, std::string_view& attributes) noexcept {
  const std::size_t end = find_delimiter(field, 0, false);
  cookie = {};
  cookie.next = end < field.size() ? end : CookieSpan::npos;
  attributes = trim_ows(field.substr(std::min(end + 1, field.size())));
  return read_pair(field, 0, end, cookie);
}

}  // namespace evenkeel::http
