// The cache in the life of a request: `cache-use`, the answer from it, `cache-store` (manual 6.2.2).
#include <string>

#include "frontends/http_transaction.h"
#include "frontends/rule_context.h"
#include "http/conditional.h"
#include "http/serializer.h"

namespace evenkeel::frontends {

// A lookup counts for the proxy whose rule asks: the backend's once there is one.
bool HttpConnection::look_up_cache(std::string_view name) {
  Cache* const cache = client_.context.engine.caches->find(name);
  if (cache == nullptr) return false;
  auto transaction = CacheTransaction::begin(*cache, request_, record_.tls);
  if (!transaction) return false;
  FilterState& f = filters();
  f.hit = transaction->look_up(request_, worker().now());
  if (transaction->wishes().lookup) {
    const auto index = client_.context.index();
    auto& counters = target_ != nullptr ? target_->counters(index) : client_.frontend.counters(index);
    ++counters.cache_lookups;
    if (f.hit) ++counters.cache_hits;
  }
  f.cache = std::move(transaction);
  return f.hit != nullptr;
}

void HttpConnection::begin_store(std::string_view name) {
  if (!filters_ || !filters_->cache || filters_->hit) return;
  CacheTransaction& cache = *filters_->cache;
  if (cache.cache().def().name != name || cache.storing()) return;
  cache.begin_store(request_, response_, response_framing_, worker().now(),
                    SystemClock().wall_us() / 1'000'000);
}

// The head of the stored response, with its age, or that of a 304.
bool HttpConnection::make_cached_head(const CachedObject& object) {
  response_.clear();
  reply_.release();
  reply_.reserve();
  if (object.head.size() > reply_.capacity()) return false;
  std::copy(object.head.begin(), object.head.end(), reply_.space().data());
  reply_.commit(object.head.size());
  if (!http::parse_response_head(reply_.bytes(), http::kResponseLimits, response_).is_complete())
    return false;
  http::HeaderBlock& headers = response_.headers;
  if (!headers.has(http::HeaderId::content_length))
    headers.add(http::HeaderId::content_length, std::to_string(object.body.size()));
  headers.add(http::HeaderId::age, std::to_string((worker().now() - object.born) / 1000));
  response_framing_ = {};
  if (http::is_not_modified(request_.headers, object.etag, object.last_modified)) {
    response_.status = 304;
    response_.set_reason("Not Modified");
  } else if (request_.method != http::Method::head) {
    response_framing_.kind = http::BodyKind::length;
    response_framing_.length = object.body.size();
  }
  return true;
}

// Rules and compression see the answer as if a server had given it.
Task<Next> HttpConnection::serve_cached() {
  const CachedPtr object = filters_->hit;
  record_.at.dequeued = record_.at.connected = record_.at.response_done = worker().now_us();
  record_.server = "<CACHE>";
  record_.cache_hit = filters_->cache->cache().def().name;
  fail(Cause::local, Phase::request);
  if (!make_cached_head(*object)) co_return co_await send_error(500);
  const Next ruled = co_await run_response_rules();
  if (ruled != Next::proceed) co_return ruled;
  record_.status = response_.status;
  if (def_->compression || backend_compression() != nullptr) choose_response_algorithm();
  filter_response();
  const bool stay = client_may_stay();
  http::SerializeOptions options;
  options.connection = response_token(stay);
  options.add_chunked = must_add_chunked();
  Buffer head(worker().buffers());
  head.reserve();
  const std::size_t size = http::serialize_response(response_, options, head.space());
  if (size > head.capacity()) co_return co_await send_error(500);
  head.commit(size);
  reply_.release();
  filters_->pending = head.view();
  if (response_framing_.kind == http::BodyKind::length && !object->body.empty()) {
    const bool ok = co_await filter_piece(object->body);
    if (!ok) co_return Next::close;
  }
  const bool ended = co_await finish_filters({});
  co_return ended&& stay ? Next::done : Next::close;
}

}  // namespace evenkeel::frontends
