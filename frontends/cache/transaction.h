// What one request has to do with a cache: the lookup, and the response on its way into it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "frontends/cache/cache.h"
#include "http/framing.h"

namespace evenkeel::frontends {

// `cache-use` has run; the key is kept for `cache-store`.
class CacheTransaction {
 public:
  // Null where the request has no key (no Host, CONNECT).
  static std::unique_ptr<CacheTransaction> begin(Cache& cache, const http::RequestHead& request, bool tls);

  [[nodiscard]] Cache& cache() const noexcept { return *cache_; }
  [[nodiscard]] const http::CacheWishes& wishes() const noexcept { return wishes_; }
  // An answer, if there is one.
  CachedPtr look_up(const http::RequestHead& request, Millis now);

  // `cache-store`: keeps the head as it is now and gets ready for the body, if this response may be stored;
  // the success of an unsafe method forgets what is stored (RFC 9111 section 4.4). now_s: seconds since the
  // epoch.
  void begin_store(const http::RequestHead& request, http::ResponseHead& response,
                   const http::Framing& framing, Millis now, std::int64_t now_s);
  [[nodiscard]] bool storing() const noexcept { return object_ != nullptr; }
  // The body as it comes from the server. What turns out too large is let go.
  void append(std::string_view bytes);
  // The body is complete.
  void finish(Millis now);
  void abandon() noexcept { object_.reset(); }

 private:
  CacheTransaction(Cache& cache, std::string key, const http::CacheWishes& wishes)
      : cache_(&cache), key_(std::move(key)), wishes_(wishes) {}

  Cache* cache_;
  std::string key_;
  http::CacheWishes wishes_;
  std::shared_ptr<CachedObject> object_;
};

// What names a response: scheme, host in lower case, path and query. Empty: nothing does.
std::string cache_key(const http::RequestHead& request, bool tls);

}  // namespace evenkeel::frontends
