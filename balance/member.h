// What balancing sees of a server.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace evenkeel::balance {

// Weights as configured run from 0 to 256; the effective weight is kept in sixteenths of these units, so that
// a slow start has steps to climb even for a server of weight 1.
inline constexpr std::uint32_t kWeightScale = 16;
inline constexpr std::uint32_t kMaxUserWeight = 256;
inline constexpr std::uint32_t kMaxWeight = kMaxUserWeight * kWeightScale;

// A server as the algorithms know it. The live server owns it (as base or field) and writes it; algorithms
// read it from every thread. It must outlive the policies that know it (see Policy::set_members). Identity
// never changes after construction, except ring_seed.
//
// Who changes `available`, `weight` or `ring_seed` calls Policy::on_change() afterwards; who changes `served`
// or `queued` calls on_assign() or on_release().
struct Member {
  Member(std::uint32_t index_, std::uint32_t id_, std::string_view name_, bool backup_)
      : index(index_), id(id_), backup(backup_), name(name_), ring_seed(id_ * kMaxWeight) {}
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  const std::uint32_t index;  // position in the backend, from 0
  const std::uint32_t
      id;  // the server's `id`, by default its position from 1: orders `first`, places on the ring
  const bool backup;
  const std::string name;

  std::atomic<std::uint32_t> ring_seed;  // where its points on a consistent ring come from: hash_key.h
  std::atomic<std::uint32_t> weight{kWeightScale};  // effective, 0..kMaxWeight; slow start already applied
  std::atomic<bool> available{true};       // up (or unchecked), and neither draining nor in maintenance
  std::atomic<std::uint32_t> maxconn{0};   // the limit now (dynamic_maxconn.h); 0: none
  std::atomic<std::uint32_t> maxqueue{0};  // 0: none

  alignas(64) std::atomic<std::uint32_t> served{0};  // sessions assigned to it now, all threads together
  std::atomic<std::uint32_t> queued{0};              // sessions that wait in its own queue
  std::atomic<std::uint32_t> stamp{0};               // leastconn's: when it last took or lost a session

  // New sessions without persistence may come here.
  [[nodiscard]] bool usable() const noexcept {
    return available.load(std::memory_order_acquire) && weight.load(std::memory_order_relaxed) > 0;
  }
  // Another session would have to wait in its queue.
  [[nodiscard]] bool full() const noexcept {
    const std::uint32_t limit = maxconn.load(std::memory_order_relaxed);
    return limit != 0 &&
           (queued.load(std::memory_order_relaxed) > 0 || served.load(std::memory_order_relaxed) >= limit);
  }
  // Its queue is full too; never with an unlimited queue.
  [[nodiscard]] bool queue_full() const noexcept {
    const std::uint32_t limit = maxqueue.load(std::memory_order_relaxed);
    return limit != 0 && full() && queued.load(std::memory_order_relaxed) >= limit;
  }

  // Counts one session, unless that would exceed maxconn; exact when several threads try at once. Looks only
  // at served, so that the queue's owner can hand a freed slot to the session that waits longest.
  [[nodiscard]] bool try_take() noexcept {
    // In one total order with the queue's counts: who waits has been counted before it looks here for the
    // last time, who gives back looks for waiters afterwards.
    std::uint32_t now = served.load();
    do {
      const std::uint32_t limit = maxconn.load(std::memory_order_relaxed);
      if (limit != 0 && now >= limit) return false;
    } while (!served.compare_exchange_weak(now, now + 1));
    return true;
  }
  void take() noexcept { served.fetch_add(1, std::memory_order_acq_rel); }
  void give_back() noexcept { served.fetch_sub(1); }
};

}  // namespace evenkeel::balance
