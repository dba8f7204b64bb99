#include "frontends/cache/transaction.h"

#include <algorithm>
#include <utility>

#include "http/serializer.h"
#include "http/url.h"

namespace evenkeel::frontends {
namespace {

constexpr std::size_t kGrowth = 16 * 1024;  // bytes that a body of unknown length grows by at least

// Hop by hop, or said anew with every delivery.
constexpr http::HeaderSet kNotStored = http::set_of(
    http::HeaderId::age, http::HeaderId::connection, http::HeaderId::keep_alive,
    http::HeaderId::proxy_connection, http::HeaderId::transfer_encoding, http::HeaderId::trailer);

std::string serialised(http::ResponseHead& response) {
  http::SerializeOptions options;
  options.skip = kNotStored;
  const std::uint8_t version = std::exchange(response.version_minor, std::uint8_t{1});
  std::string text(http::serialize_response(response, options, {}), '\0');
  http::serialize_response(response, options, text);
  response.version_minor = version;
  return text;
}

}  // namespace

std::string cache_key(const http::RequestHead& request, bool tls) {
  if (request.form != http::TargetForm::origin && request.form != http::TargetForm::absolute) return {};
  const http::UrlParts url = http::split_url(request.target());
  std::string_view host = request.headers.get(http::HeaderId::host);
  if (!url.authority.empty()) host = url.authority;
  if (host.empty()) return {};
  std::string key = tls || http::iequals(url.scheme, "https") ? "https://" : "http://";
  key += host;
  std::transform(key.begin(), key.end(), key.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c);
  });
  const std::string_view path = url.path_and_query();
  if (path.empty() || path.front() != '/') key += '/';
  key += path;
  return key;
}

std::unique_ptr<CacheTransaction> CacheTransaction::begin(Cache& cache, const http::RequestHead& request,
                                                          bool tls) {
  std::string key = cache_key(request, tls);
  if (key.empty()) return nullptr;
  return std::unique_ptr<CacheTransaction>(
      new CacheTransaction(cache, std::move(key), http::cache_wishes(request)));
}

CachedPtr CacheTransaction::look_up(const http::RequestHead& request, Millis now) {
  return wishes_.lookup ? cache_->find(key_, request, wishes_, now) : nullptr;
}

void CacheTransaction::begin_store(const http::RequestHead& request, http::ResponseHead& response,
                                   const http::Framing& framing, Millis now, std::int64_t now_s) {
  if (wishes_.invalidate && response.status >= 200 && response.status < 400) cache_->forget(key_);
  const CacheDef& def = cache_->def();
  const bool framed = framing.kind == http::BodyKind::length || framing.kind == http::BodyKind::chunked ||
                      framing.kind == http::BodyKind::until_close;
  if (!wishes_.store || !framed) return;
  const auto freshness = http::storable(response, def.max_age, now_s);
  if (!freshness) return;
  const http::VaryOn vary = http::vary_of(response.headers);
  if (vary.other || (vary.any() && !def.process_vary)) return;
  const http::Coding coding = http::content_coding_of(response.headers);
  if (vary.accept_encoding && coding == http::Coding::unknown) return;
  auto object = std::make_shared<CachedObject>();
  object->head = serialised(response);
  const std::size_t length =
      framing.kind == http::BodyKind::length ? static_cast<std::size_t>(framing.length) : 0;
  if (length > def.object_limit() || object->head.size() + length > def.object_limit()) return;
  object->key = key_;
  object->vary = vary;
  object->coding = coding;
  const http::HeaderBlock& headers = response.headers;
  object->etag = headers.get(http::HeaderId::etag);
  object->last_modified = headers.get(http::HeaderId::last_modified);
  if (vary.referer) object->referer = request.headers.get(http::HeaderId::referer);
  if (vary.origin) object->origin = request.headers.get(http::HeaderId::origin);
  object->born = now - freshness->age * 1000;
  object->expires = now + (freshness->lifetime - freshness->age) * 1000;
  if (!cache_->grow(*object, blocks_for(key_.size() + object->head.size() + length))) return;
  object->body.reserve(length);
  object_ = std::move(object);
}

void CacheTransaction::append(std::string_view bytes) {
  if (!object_) return;
  CachedObject& object = *object_;
  const std::size_t size = object.body.size() + bytes.size();
  if (object.head.size() + size > cache_->def().object_limit()) return abandon();
  if (size > object.body.capacity()) {
    const std::size_t room = std::max(size + kGrowth, object.body.capacity() * 2);
    if (!cache_->grow(object, blocks_for(key_.size() + object.head.size() + room))) return abandon();
    object.body.reserve(room);
  }
  object.body += bytes;
}

void CacheTransaction::finish(Millis now) {
  if (!object_) return;
  object_->body.shrink_to_fit();
  const std::uint64_t blocks = blocks_for(object_->key.size() + object_->head.size() + object_->body.size());
  if (blocks < object_->blocks) {
    object_->memory->used.fetch_sub(object_->blocks - blocks, std::memory_order_relaxed);
    object_->blocks = blocks;
  }
  cache_->insert(std::move(object_), now);
  object_.reset();
}

}  // namespace evenkeel::frontends
