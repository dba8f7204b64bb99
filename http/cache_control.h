// Cache-Control (RFC 9111 section 5.2) and what follows from it for a shared cache.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/head.h"

namespace evenkeel::http {

// All Cache-Control fields of one message. Of a directive that is repeated with different arguments, the
// smaller number counts (RFC 9111 section 4.2.1); a number that cannot be read counts as 0, one that is too
// large as 2^31.
struct CacheControl {
  bool no_store = false;
  bool no_cache = false;  // also with field names: HAProxy knows no part of a response that may be kept
  bool is_private = false;
  bool is_public = false;
  bool no_transform = false;
  bool must_revalidate = false;  // or proxy-revalidate
  bool only_if_cached = false;
  bool present = false;  // there is such a field at all
  std::optional<std::int64_t> max_age;
  std::optional<std::int64_t> s_maxage;
  std::optional<std::int64_t> min_fresh;
};

CacheControl parse_cache_control(const HeaderBlock& headers) noexcept;
// One more field value.
void add_cache_control(CacheControl& control, std::string_view value) noexcept;

// The digits of a delta-seconds (RFC 9111 section 1.2.2), quoted or not; 0 when it is none.
std::int64_t parse_delta_seconds(std::string_view text) noexcept;

}  // namespace evenkeel::http
