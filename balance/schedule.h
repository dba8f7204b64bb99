// Orders in which servers take turns, and the cursor that all threads share.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "balance/policy.h"

namespace evenkeel::balance {

// More slots than this would cost more memory than exactness is worth: beyond it, weights are rounded.
inline constexpr std::uint64_t kMaxSlots = std::uint64_t{1} << 20;

// The order of `roundrobin`: as many slots as the weights' sum divided by their greatest common divisor (one
// slot each when all weights are equal), the number of server i in exactly its share of them, spread as
// evenly as possible, in the order that HAProxy 2.6 shows. Weights are effective ones, > 0.
std::vector<std::uint32_t> smooth_order(std::span<const std::uint32_t> weights);

// The order of `static-rr`, which is also the table of `hash-type map-based`: HAProxy 2.6's, slot by slot.
std::vector<std::uint32_t> map_order(std::span<const std::uint32_t> weights);

// Servers that take turns. next() is exact over all threads together: while nobody is skipped, any run of
// slots.size() calls visits each slot once.
class Turns {
 public:
  using Order = std::vector<std::uint32_t> (*)(std::span<const std::uint32_t>);

  // Starts where previous (may be nullptr) stood, as a fraction of the cycle, so that frequent changes do not
  // favour those who come first in the order.
  Turns(std::vector<Member*> members, Order order, const Turns* previous);

  // The next server that can take a session and is not to be avoided; else one to be avoided; else nullptr.
  [[nodiscard]] Member* next(std::span<Member* const> avoid) noexcept;

  [[nodiscard]] const std::vector<Member*>& members() const noexcept { return members_; }
  [[nodiscard]] const std::vector<std::uint32_t>& slots() const noexcept { return slots_; }
  [[nodiscard]] Member* at_slot(std::size_t slot) const noexcept { return members_[slots_[slot]]; }

 private:
  std::vector<Member*> members_;
  std::vector<std::uint32_t> slots_;
  alignas(64) std::atomic<std::uint64_t> cursor_{0};
};

// The effective weights of members, at least 1 each (a weight may fall to 0 while we look).
std::vector<std::uint32_t> weights_of(std::span<Member* const> members);

}  // namespace evenkeel::balance
