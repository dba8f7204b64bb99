// What a shared cache may keep, for how long, and whom it may answer with it (RFC 9111; manual chapter 6).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/cache_control.h"
#include "http/content_coding.h"
#include "http/head.h"

namespace evenkeel::http {

// What a request permits.
struct CacheWishes {
  bool lookup = false;      // it may be answered from the cache
  bool store = false;       // the response to it may be stored
  bool invalidate = false;  // an unsafe method: success makes what is stored obsolete (RFC 9111 section 4.4)
  std::int64_t max_age = INT64_MAX;  // seconds: the oldest answer, and the shortest remaining freshness, that
  std::int64_t min_fresh = 0;        // the client takes
};

// GET and HEAD of HTTP/1.1 or later without Authorization (manual 6.1) may be looked up; only GET is stored.
// `Cache-Control: no-cache`, `max-age=0` and, where there is no Cache-Control, `Pragma: no-cache` lead around
// the cache.
CacheWishes cache_wishes(const RequestHead& request) noexcept;

// The headers that a Vary field may name for a response to be stored with `process-vary on`.
struct VaryOn {
  bool accept_encoding = false;
  bool referer = false;
  bool origin = false;
  bool other = false;  // anything else, "*" included
  [[nodiscard]] bool any() const noexcept { return accept_encoding || referer || origin || other; }
};
VaryOn vary_of(const HeaderBlock& response) noexcept;

// The content coding of a response: unknown where several are stacked.
Coding content_coding_of(const HeaderBlock& response) noexcept;

// A response that may be stored: its age now and how old it may become, seconds.
struct Freshness {
  std::int64_t age = 0;
  std::int64_t lifetime = 0;
};

// nullopt: must not be stored. now: seconds since the epoch. max_age: the cache's own limit, which also is
// the lifetime of responses that say nothing but have a validator. Stricter than HAProxy in one point: a
// response with Set-Cookie is stored only if it says `public`.
std::optional<Freshness> storable(const ResponseHead& response, std::int64_t max_age,
                                  std::int64_t now) noexcept;

}  // namespace evenkeel::http
