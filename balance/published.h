// A pointer to an immutable (or internally atomic) structure that many threads read while one replaces it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace evenkeel::balance {

// Marks that the current thread reads published structures. All Published share these counters: one per
// thread (threads beyond kSlots share), so that entering costs two atomic operations on a cache line of the
// thread's own. Chosen over std::atomic<std::shared_ptr>, whose counter every pick of every thread would hit,
// and over hazard pointers, which cost the same fence and need a slot for each nesting.
class ReadSection {
 public:
  static constexpr std::size_t kSlots = 64;

  ReadSection() noexcept : slot_(own_slot()) { slot_.fetch_add(1, std::memory_order_seq_cst); }
  ~ReadSection() { slot_.fetch_sub(1, std::memory_order_release); }
  ReadSection(const ReadSection&) = delete;
  ReadSection& operator=(const ReadSection&) = delete;

  // One bit for each slot in which somebody reads at this moment.
  static std::uint64_t busy() noexcept {
    std::uint64_t mask = 0;
    for (std::size_t i = 0; i < kSlots; ++i) {
      if (slots_[i].readers.load(std::memory_order_seq_cst) != 0) mask |= std::uint64_t{1} << i;
    }
    return mask;
  }

 private:
  struct alignas(64) Slot {
    std::atomic<std::uint32_t> readers;
  };

  static std::atomic<std::uint32_t>& own_slot() noexcept {
    thread_local const std::size_t index = next_.fetch_add(1, std::memory_order_relaxed) % kSlots;
    return slots_[index].readers;
  }

  static inline std::array<Slot, kSlots> slots_{};
  static inline std::atomic<std::size_t> next_{0};
  std::atomic<std::uint32_t>& slot_;
};

// Readers hold a ReadSection while they use get(). publish(), sweep() and drain() are for one thread at a
// time (the owner's mutex). What was replaced is freed as soon as each slot has been seen idle once, at the
// latest by a later publish(); so the garbage stays bounded however often it changes.
template <class T>
class Published {
 public:
  Published() = default;
  Published(const Published&) = delete;
  Published& operator=(const Published&) = delete;
  ~Published() { delete current_.load(std::memory_order_acquire); }  // the owner knows that nobody reads

  [[nodiscard]] T* get() const noexcept { return current_.load(std::memory_order_seq_cst); }

  void publish(std::unique_ptr<T> next) {
    std::unique_ptr<T> old(current_.exchange(next.release(), std::memory_order_seq_cst));
    if (old) retired_.push_back({std::move(old), ~std::uint64_t{0}});
    sweep();
  }
  void sweep() {
    if (retired_.empty()) return;
    const std::uint64_t busy = ReadSection::busy();
    std::erase_if(retired_, [busy](Retired& item) { return (item.unseen &= busy) == 0; });
  }
  // Waits until nobody uses what was replaced. Must not be called inside a ReadSection.
  void drain() {
    for (sweep(); !retired_.empty(); sweep()) std::this_thread::yield();
  }
  [[nodiscard]] std::size_t retired() const noexcept { return retired_.size(); }

 private:
  struct Retired {
    std::unique_ptr<T> what;
    std::uint64_t unseen;  // slots not yet seen idle since it was replaced
  };
  std::atomic<T*> current_{nullptr};
  std::vector<Retired> retired_;
};

}  // namespace evenkeel::balance
