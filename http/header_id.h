// The header fields that we know by number, so that finding one compares bytes instead of strings.
#pragma once

#include <cstdint>
#include <string_view>

namespace evenkeel::http {

// At most 63 names: a set of them is one 64-bit word (HeaderSet).
enum class HeaderId : std::uint8_t {
  other = 0,
  host,
  connection,
  content_length,
  transfer_encoding,
  upgrade,
  expect,
  keep_alive,
  proxy_connection,
  te,
  trailer,
  http2_settings,
  accept,
  accept_charset,
  accept_encoding,
  accept_language,
  accept_ranges,
  age,
  allow,
  authorization,
  cache_control,
  content_encoding,
  content_language,
  content_location,
  content_range,
  content_type,
  cookie,
  date,
  etag,
  expires,
  forwarded,
  from,
  if_match,
  if_modified_since,
  if_none_match,
  if_range,
  if_unmodified_since,
  last_modified,
  link,
  location,
  max_forwards,
  origin,
  pragma,
  proxy_authenticate,
  proxy_authorization,
  range,
  referer,
  retry_after,
  sec_websocket_accept,
  sec_websocket_key,
  server,
  set_cookie,
  strict_transport_security,
  user_agent,
  vary,
  via,
  warning,
  www_authenticate,
  x_forwarded_for,
  x_forwarded_host,
  x_forwarded_proto,
  x_original_to,
  x_real_ip,
  count_,
};

// A set of known headers. HeaderId::other may be a member, too: "there is a header without a number".
using HeaderSet = std::uint64_t;
constexpr HeaderSet set_of(HeaderId id) noexcept { return HeaderSet{1} << static_cast<unsigned>(id); }
template <class... Ids>
constexpr HeaderSet set_of(HeaderId first, Ids... rest) noexcept {
  return (set_of(first) | ... | set_of(rest));
}

// The number of a name that is in lower case already; HeaderId::other when it has none.
HeaderId header_id_of_lower(std::string_view lower_name) noexcept;
// The same for a name in any case.
HeaderId header_id_of(std::string_view name) noexcept;
// The name in lower case, as HTTP/2 and our HTTP/1 output write it; empty for HeaderId::other.
std::string_view to_string(HeaderId id) noexcept;

}  // namespace evenkeel::http
