#include "frontends/cache/cache.h"

#include <algorithm>
#include <random>
#include <utility>

#include "core/hash.h"

namespace evenkeel::frontends {
namespace {

// Whether the object was made for requests like this one. One that varies on Accept-Encoding suits everybody
// who takes its coding, as in HAProxy.
bool suits(const CachedObject& object, const http::RequestHead& request) {
  const http::HeaderBlock& headers = request.headers;
  if (object.vary.referer && headers.get(http::HeaderId::referer) != object.referer) return false;
  if (object.vary.origin && headers.get(http::HeaderId::origin) != object.origin) return false;
  return !object.vary.accept_encoding || http::AcceptedCodings(headers).quality(object.coding) > 0;
}

bool same_variant(const CachedObject& a, const CachedObject& b) {
  return a.coding == b.coding && a.referer == b.referer && a.origin == b.origin;
}

bool fresh_enough(const CachedObject& object, const http::CacheWishes& wishes, Millis now) {
  return (now - object.born) / 1000 <= wishes.max_age && object.expires - now >= wishes.min_fresh * 1000;
}

}  // namespace

CachedObject::~CachedObject() {
  if (memory) memory->used.fetch_sub(blocks, std::memory_order_relaxed);
}

std::uint64_t blocks_for(std::size_t bytes) noexcept {
  constexpr std::size_t kAdministration = sizeof(CachedObject) + 128;  // list, index, reference count
  return (bytes + kAdministration + CacheDef::kBlock - 1) / CacheDef::kBlock;
}

// The seed keeps clients from choosing addresses that meet in one bucket.
Cache::Cache(CacheDef def) : def_(std::move(def)), seed_(std::random_device{}()) {}

std::uint64_t Cache::hash_of(std::string_view key) const noexcept { return hash_xxh64(key, seed_); }

void Cache::drop(Shard& shard, Order::iterator at) {
  const auto [begin, end] = shard.index.equal_range((*at)->hash);
  const auto entry = std::find_if(begin, end, [&](const auto& e) { return e.second == at; });
  if (entry != end) shard.index.erase(entry);
  shard.order.erase(at);
}

CachedPtr Cache::find(std::string_view key, const http::RequestHead& request, const http::CacheWishes& wishes,
                      Millis now) {
  const std::uint64_t hash = hash_of(key);
  Shard& shard = shard_of(hash);
  const std::lock_guard lock(shard.mutex);
  const auto [begin, end] = shard.index.equal_range(hash);
  for (auto it = begin; it != end;) {
    const CachedPtr& object = *it->second;
    if (object->expires <= now) {
      shard.order.erase(it->second);
      it = shard.index.erase(it);
      continue;
    }
    if (object->key == key && fresh_enough(*object, wishes, now) && suits(*object, request)) {
      object->wanted.store(true, std::memory_order_relaxed);
      return object;
    }
    ++it;
  }
  return nullptr;
}

// The oldest one that nobody asked for since its last turn. False: there is none, but the next time all of
// them have had their turn.
bool Cache::drop_one(Shard& shard) {
  const std::lock_guard lock(shard.mutex);
  for (std::size_t turns = shard.order.size(); turns > 0; --turns) {
    if (!shard.order.front()->wanted.exchange(false, std::memory_order_relaxed)) {
      drop(shard, shard.order.begin());
      return true;
    }
    shard.order.splice(shard.order.end(), shard.order, shard.order.begin());
  }
  return false;
}

bool Cache::grow(CachedObject& object, std::uint64_t blocks) {
  if (blocks <= object.blocks) return true;
  const std::uint64_t more = blocks - object.blocks;
  if (more > total_blocks()) return false;
  std::uint64_t used = memory_->used.fetch_add(more, std::memory_order_relaxed) + more;
  std::size_t spared = 0;  // shards in a row; after two rounds there is nothing left to drop
  while (used > total_blocks() && spared < 2 * kShards) {
    Shard& shard = shards_[next_victim_.fetch_add(1, std::memory_order_relaxed) % kShards];
    spared = drop_one(shard) ? 0 : spared + 1;
    used = memory_->used.load(std::memory_order_relaxed);
  }
  if (used > total_blocks()) {  // all of it is being sent, or stored, at this moment
    memory_->used.fetch_sub(more, std::memory_order_relaxed);
    return false;
  }
  object.memory = memory_;
  object.blocks = blocks;
  return true;
}

void Cache::insert(std::shared_ptr<CachedObject> object, Millis now) {
  object->hash = hash_of(object->key);
  Shard& shard = shard_of(object->hash);
  std::vector<CachedPtr> dropped;  // outlives the lock: freeing takes time
  const std::lock_guard lock(shard.mutex);
  std::uint32_t variants = 0;
  const auto [begin, end] = shard.index.equal_range(object->hash);
  for (auto it = begin; it != end;) {
    const CachedPtr& other = *it->second;
    if (other->expires <= now || (other->key == object->key && same_variant(*other, *object))) {
      dropped.push_back(other);
      shard.order.erase(it->second);
      it = shard.index.erase(it);
      continue;
    }
    if (other->key == object->key) ++variants;
    ++it;
  }
  if (variants >= def_.max_secondary && object->vary.any()) return;
  const std::uint64_t hash = object->hash;
  shard.order.push_back(std::move(object));
  shard.index.emplace(hash, std::prev(shard.order.end()));
}

void Cache::forget(std::string_view key) {
  const std::uint64_t hash = hash_of(key);
  Shard& shard = shard_of(hash);
  const std::lock_guard lock(shard.mutex);
  const auto [begin, end] = shard.index.equal_range(hash);
  for (auto it = begin; it != end;) {
    if ((*it->second)->key != key) {
      ++it;
      continue;
    }
    shard.order.erase(it->second);
    it = shard.index.erase(it);
  }
}

std::vector<CachedPtr> Cache::objects() const {
  std::vector<CachedPtr> all;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    all.insert(all.end(), shard.order.begin(), shard.order.end());
  }
  return all;
}

Caches::Caches(const std::vector<CacheDef>& defs) {
  for (const CacheDef& def : defs) caches_.push_back(std::make_unique<Cache>(def));
}

Cache* Caches::find(std::string_view name) const noexcept {
  for (const auto& cache : caches_)
    if (cache->def().name == name) return cache.get();
  return nullptr;
}

}  // namespace evenkeel::frontends
