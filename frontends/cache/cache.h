// Small responses kept in memory and shared by all workers (manual chapter 6).
//
// What a request needs of other threads is one lookup: a shard's lock, held for a hash lookup and a reference
// count. What is found never changes, so it is delivered without a lock and lives as long as somebody sends
// it. A hit does not move anything in a list, it sets a flag of the object ("second chance"): that is all of
// LRU that is worth a shared write. A table per worker would need no lock at all, but would ask each server
// as often as there are workers, and hold each object as often.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "frontends/cache/cache_def.h"
#include "http/freshness.h"

namespace evenkeel::frontends {

// Blocks of a cache's memory. Objects share it, so that what is still being sent counts, too.
struct CacheMemory {
  std::atomic<std::uint64_t> used{0};
};

// A stored response; does not change once it is in the table.
struct CachedObject {
  CachedObject() = default;
  CachedObject(const CachedObject&) = delete;
  CachedObject& operator=(const CachedObject&) = delete;
  ~CachedObject();

  std::uint64_t hash = 0;
  std::string key;
  std::string head;  // status line, fields, empty line; without Age and what is hop by hop
  std::string body;
  std::string etag;
  std::string last_modified;
  http::VaryOn vary;
  http::Coding coding = http::Coding::identity;
  std::string referer;  // of the request that it answered, where it varies on it
  std::string origin;
  Millis born = 0;     // when its age was 0, monotonic
  Millis expires = 0;  // when its freshness ends
  std::uint64_t blocks = 0;
  std::shared_ptr<CacheMemory> memory;  // of which `blocks` are its own
  mutable std::atomic<bool> wanted{false};
};
using CachedPtr = std::shared_ptr<const CachedObject>;

class Cache {
 public:
  explicit Cache(CacheDef def);
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  [[nodiscard]] const CacheDef& def() const noexcept { return def_; }

  // A fresh object that answers this request; null: none. Any thread, as all of the following.
  CachedPtr find(std::string_view key, const http::RequestHead& request, const http::CacheWishes& wishes,
                 Millis now);
  // Whether the object may have so many blocks in all; what is wanted least makes room.
  bool grow(CachedObject& object, std::uint64_t blocks);
  // Takes a complete object in, in the place of an older one for the same requests. An address with
  // max-secondary-entries variants takes no other.
  void insert(std::shared_ptr<CachedObject> object, Millis now);
  void forget(std::string_view key);

  [[nodiscard]] std::uint64_t total_blocks() const noexcept { return def_.total / CacheDef::kBlock; }
  [[nodiscard]] std::uint64_t used_blocks() const noexcept { return memory_->used.load(); }
  // All objects, shard by shard.
  [[nodiscard]] std::vector<CachedPtr> objects() const;

 private:
  using Order = std::list<CachedPtr>;  // oldest first
  struct Shard {
    mutable std::mutex mutex;
    Order order;
    std::unordered_multimap<std::uint64_t, Order::iterator> index;
  };
  static constexpr std::size_t kShards = 32;

  [[nodiscard]] std::uint64_t hash_of(std::string_view key) const noexcept;
  Shard& shard_of(std::uint64_t hash) noexcept { return shards_[hash % kShards]; }
  static void drop(Shard& shard, Order::iterator at);
  bool drop_one(Shard& shard);

  CacheDef def_;
  std::uint64_t seed_;
  std::shared_ptr<CacheMemory> memory_ = std::make_shared<CacheMemory>();
  std::vector<Shard> shards_{kShards};
  std::atomic<std::size_t> next_victim_{0};
};

// What an object occupies, its administration included.
std::uint64_t blocks_for(std::size_t bytes) noexcept;

// All caches of a process.
class Caches {
 public:
  explicit Caches(const std::vector<CacheDef>& defs);
  [[nodiscard]] Cache* find(std::string_view name) const noexcept;
  [[nodiscard]] const std::vector<std::unique_ptr<Cache>>& all() const noexcept { return caches_; }

 private:
  std::vector<std::unique_ptr<Cache>> caches_;
};

}  // namespace evenkeel::frontends
