#include "http/freshness.h"

#include <algorithm>

#include "http/date.h"

namespace evenkeel::http {
namespace {

bool is_safe(const RequestHead& request) noexcept {  // RFC 9110 section 9.2.1
  switch (request.method) {
    case Method::get:
    case Method::head:
    case Method::options:
    case Method::trace:
      return true;
    default:
      return false;
  }
}

bool says_pragma_no_cache(const HeaderBlock& headers) noexcept {
  for (std::size_t i = headers.find(HeaderId::pragma); i != HeaderBlock::npos;
       i = headers.find(HeaderId::pragma, i + 1))
    if (list_has_token(headers.value(i), "no-cache")) return true;
  return false;
}

// Seconds until the time in Expires, counted from Date where there is one (RFC 9111 section 4.2.1). What
// cannot be read, "0" above all, has expired.
std::int64_t until_expires(const HeaderBlock& headers, std::int64_t now) noexcept {
  const auto expires = parse_imf_date(headers.get(HeaderId::expires));
  if (!expires) return 0;
  const auto date = parse_imf_date(headers.get(HeaderId::date));
  return *expires - date.value_or(now);
}

std::int64_t age_of(const HeaderBlock& headers, std::int64_t now) noexcept {
  std::int64_t apparent = 0;
  if (const auto date = parse_imf_date(headers.get(HeaderId::date)))
    apparent = std::max<std::int64_t>(now - *date, 0);
  const std::string_view age = headers.get(HeaderId::age);
  return std::max(age.data() == nullptr ? 0 : parse_delta_seconds(age), apparent);
}

}  // namespace

CacheWishes cache_wishes(const RequestHead& request) noexcept {
  CacheWishes wishes;
  wishes.invalidate = !is_safe(request);
  const bool get = request.method == Method::get;
  if ((!get && request.method != Method::head) || request.version_minor == 0) return wishes;
  const HeaderBlock& headers = request.headers;
  if (headers.has(HeaderId::authorization)) return wishes;
  const CacheControl control = parse_cache_control(headers);
  const bool around =
      control.no_cache || control.max_age == 0 || (!control.present && says_pragma_no_cache(headers));
  wishes.lookup = !around;
  wishes.store = get && !control.no_store;
  wishes.max_age = control.max_age.value_or(INT64_MAX);
  wishes.min_fresh = control.min_fresh.value_or(0);
  return wishes;
}

VaryOn vary_of(const HeaderBlock& response) noexcept {
  VaryOn vary;
  for (std::size_t i = response.find(HeaderId::vary); i != HeaderBlock::npos;
       i = response.find(HeaderId::vary, i + 1)) {
    ListReader reader(response.value(i));
    std::string_view name;
    while (reader.next(name)) {
      if (iequals(name, "accept-encoding")) {
        vary.accept_encoding = true;
      } else if (iequals(name, "referer")) {
        vary.referer = true;
      } else if (iequals(name, "origin")) {
        vary.origin = true;
      } else {
        vary.other = true;
      }
    }
  }
  return vary;
}

Coding content_coding_of(const HeaderBlock& response) noexcept {
  const std::size_t at = response.find(HeaderId::content_encoding);
  if (at == HeaderBlock::npos) return Coding::identity;
  if (response.find(HeaderId::content_encoding, at + 1) != HeaderBlock::npos) return Coding::unknown;
  return coding_of(response.value(at));
}

std::optional<Freshness> storable(const ResponseHead& response, std::int64_t max_age,
                                  std::int64_t now) noexcept {
  if (response.status != 200) return std::nullopt;
  const HeaderBlock& headers = response.headers;
  const CacheControl control = parse_cache_control(headers);
  if (control.no_store || control.no_cache || control.is_private) return std::nullopt;
  if (says_pragma_no_cache(headers)) return std::nullopt;
  if (headers.has(HeaderId::set_cookie) && !control.is_public) return std::nullopt;
  Freshness freshness{age_of(headers, now), max_age};
  if (control.s_maxage) {
    freshness.lifetime = std::min(*control.s_maxage, max_age);
  } else if (control.max_age) {
    freshness.lifetime = std::min(*control.max_age, max_age);
  } else if (headers.has(HeaderId::expires)) {
    freshness.lifetime = std::min(until_expires(headers, now), max_age);
  } else if (!headers.has(HeaderId::etag) && !headers.has(HeaderId::last_modified)) {
    return std::nullopt;
  }
  if (freshness.lifetime <= freshness.age) return std::nullopt;
  return freshness;
}

}  // namespace evenkeel::http
