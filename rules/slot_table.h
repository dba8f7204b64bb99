// A hash table of pointers that one thread changes while others look things up, without a lock.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "rules/reclaim.h"

namespace evenkeel::rules {

// Open addressing: a slot is one word, 16 bits of the hash and 48 of the pointer, so that a search meets the
// memory of another key once in 65,536 times. Readers see a slot either empty or whole. A removed key leaves
// a mark that searches pass over; when marks and keys fill three quarters, a new array takes the old one's
// place and the old one goes to the Reclaimer. Keys are unique, which the caller sees to. The nodes belong to
// the caller and must outlive the readers, too.
template <class Node>
class SlotTable {
 public:
  SlotTable() = default;
  SlotTable(const SlotTable&) = delete;
  SlotTable& operator=(const SlotTable&) = delete;
  ~SlotTable() { delete array_.load(std::memory_order_relaxed); }

  [[nodiscard]] std::size_t size() const noexcept { return live_; }

  // The node whose hash this is and that `equal` accepts; nullptr: there is none. Any thread.
  template <class Equal>
  [[nodiscard]] Node* find(std::uint64_t hash, Equal equal) const noexcept {
    const Array* const array = array_.load(std::memory_order_acquire);
    if (array == nullptr) return nullptr;
    for (std::size_t at = hash & array->mask;; at = (at + 1) & array->mask) {
      const std::uint64_t word = array->slots[at].load(std::memory_order_acquire);
      if (word == 0) return nullptr;
      if (((word ^ hash) >> 48U) != 0 || word == kRemoved) continue;
      Node* const node = pointer(word);
      if (node != nullptr && equal(*node)) return node;
    }
  }

  // hash_of(node) is asked again for every node when the table grows.
  template <class HashOf>
  void insert(std::uint64_t hash, Node& node, HashOf hash_of, Reclaimer& reclaimer) {
    const Array* const array = array_.load(std::memory_order_relaxed);
    if (array == nullptr || 4 * (used_ + 1) > 3 * (array->mask + 1)) {
      rebuild(live_ + 1, hash_of, reclaimer);
    }
    place(*array_.load(std::memory_order_relaxed), hash, node);
    ++used_;
    ++live_;
  }

  void remove(std::uint64_t hash, const Node& node) noexcept {
    Array* const array = array_.load(std::memory_order_relaxed);
    if (array == nullptr) return;
    for (std::size_t at = hash & array->mask;; at = (at + 1) & array->mask) {
      const std::uint64_t word = array->slots[at].load(std::memory_order_relaxed);
      if (word == 0) return;
      if (word == kRemoved || pointer(word) != &node) continue;
      array->slots[at].store(kRemoved, std::memory_order_release);
      --live_;
      return;
    }
  }

  // visit(node) for all of them; the thread that changes the table.
  template <class Visit>
  void each(Visit visit) const {
    const Array* const array = array_.load(std::memory_order_relaxed);
    for (std::size_t i = 0; array != nullptr && i <= array->mask; ++i) {
      const std::uint64_t word = array->slots[i].load(std::memory_order_relaxed);
      if (word > kRemoved) visit(*pointer(word));
    }
  }

  // Room for so many nodes at once, before the first of them.
  void reserve(std::size_t count, Reclaimer& reclaimer) {
    if (live_ == 0 && count > 0)
      rebuild(
          count, [](const Node&) { return std::uint64_t{0}; }, reclaimer);
  }

 private:
  static_assert(sizeof(void*) == 8);
  static constexpr std::uint64_t kPointerBits = (std::uint64_t{1} << 48U) - 1;
  static constexpr std::uint64_t kRemoved = 1;  // no pointer is odd

  struct Array {
    explicit Array(std::size_t size) : mask(size - 1), slots(new std::atomic<std::uint64_t>[size]()) {}
    std::size_t mask;
    std::unique_ptr<std::atomic<std::uint64_t>[]> slots;
  };

  static Node* pointer(std::uint64_t word) noexcept {
    return reinterpret_cast<Node*>(word & kPointerBits);  // NOLINT(performance-no-int-to-ptr)
  }
  static void place(Array& array, std::uint64_t hash, Node& node) noexcept {
    std::size_t at = hash & array.mask;
    while (array.slots[at].load(std::memory_order_relaxed) != 0) at = (at + 1) & array.mask;
    const std::uint64_t word =
        (hash & ~kPointerBits) | (reinterpret_cast<std::uint64_t>(&node) & kPointerBits);
    array.slots[at].store(word, std::memory_order_release);
  }
  template <class HashOf>
  void rebuild(std::size_t count, HashOf hash_of, Reclaimer& reclaimer) {
    std::size_t size = 4;
    while (4 * count > 3 * size || (count > 8 && 3 * count > 2 * size)) size *= 2;
    auto* const next = new Array(size);
    Array* const before = array_.load(std::memory_order_relaxed);
    if (before != nullptr) {
      for (std::size_t i = 0; i <= before->mask; ++i) {
        const std::uint64_t word = before->slots[i].load(std::memory_order_relaxed);
        if (word > kRemoved) place(*next, hash_of(*pointer(word)), *pointer(word));
      }
    }
    used_ = live_;
    array_.store(next, std::memory_order_release);
    if (before != nullptr) reclaimer.retire(std::unique_ptr<Array>(before));
  }

  std::atomic<Array*> array_{nullptr};
  std::size_t live_ = 0;
  std::size_t used_ = 0;  // slots that are not empty
};

}  // namespace evenkeel::rules
