#include "balance/schedule.h"

#include <algorithm>
#include <numeric>
#include <queue>
#include <tuple>
#include <utility>

namespace evenkeel::balance {

namespace {

// Divides by the greatest common divisor, and by more (rounded, at least 1 each) when the sum exceeds
// kMaxSlots.
std::vector<std::uint32_t> reduced(std::span<const std::uint32_t> weights) {
  std::uint32_t divisor = 0;
  std::uint64_t sum = 0;
  for (const std::uint32_t weight : weights) {
    divisor = std::gcd(divisor, weight);
    sum += weight;
  }
  std::vector<std::uint32_t> out(weights.begin(), weights.end());
  if (divisor == 0) return out;
  const bool too_many = sum / divisor > std::max<std::uint64_t>(kMaxSlots, weights.size());
  for (std::uint32_t& weight : out) {
    const std::uint64_t scaled = too_many ? weight * kMaxSlots / sum : weight / divisor;
    weight = static_cast<std::uint32_t>(std::max<std::uint64_t>(1, scaled));
  }
  return out;
}

// A server's next position in the cycle. Positions advance by sum/weight slots; the remainder orders those
// that fall on the same slot, in sixteenths of a weight unit as observed of HAProxy.
struct Walker {
  std::uint64_t position = 0;
  std::uint64_t remainder = 0;
  std::uint32_t left = 0;  // turns not yet taken in this cycle
};

using QueueKey = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::uint32_t>;
using WaitQueue = std::priority_queue<QueueKey, std::vector<QueueKey>, std::greater<>>;

}  // namespace

std::vector<std::uint32_t> smooth_order(std::span<const std::uint32_t> weights) {
  const std::vector<std::uint32_t> turns = reduced(weights);
  std::vector<std::uint32_t> newcomers(weights.size());
  std::iota(newcomers.begin(), newcomers.end(), 0);
  const std::uint64_t cycle = std::accumulate(turns.begin(), turns.end(), std::uint64_t{0});
  if (cycle == turns.size()) return newcomers;

  std::stable_sort(newcomers.begin(), newcomers.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return weights[a] > weights[b]; });
  const std::uint64_t sum = std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
  std::vector<Walker> walkers(weights.size());
  for (std::size_t i = 0; i < turns.size(); ++i) walkers[i].left = turns[i];

  std::vector<std::uint32_t> order;
  order.reserve(cycle);
  WaitQueue waiting;
  auto newcomer = newcomers.begin();
  while (order.size() < cycle) {
    const std::uint64_t slot = order.size();
    std::uint32_t chosen;
    const bool due = !waiting.empty() && std::get<0>(waiting.top()) <= slot;
    if (!due && newcomer != newcomers.end()) {
      chosen = *newcomer++;
      walkers[chosen].position = slot;
    } else {
      chosen = std::get<3>(waiting.top());
      waiting.pop();
    }
    order.push_back(chosen);
    Walker& walker = walkers[chosen];
    if (--walker.left == 0) continue;
    const std::uint64_t weight = weights[chosen];
    walker.position += sum / weight;
    walker.remainder += sum % weight;
    if (walker.remainder >= weight) {
      walker.remainder -= weight;
      ++walker.position;
    }
    const std::uint64_t among_equals = (kMaxWeight + walker.remainder - weight) / kWeightScale;
    waiting.emplace(walker.position, among_equals, slot, chosen);
  }
  return order;
}

std::vector<std::uint32_t> map_order(std::span<const std::uint32_t> weights) {
  const std::vector<std::uint32_t> turns = reduced(weights);
  const auto cycle = std::accumulate(turns.begin(), turns.end(), std::int64_t{0});
  std::vector<std::uint32_t> order(static_cast<std::size_t>(cycle));
  if (order.size() == turns.size()) {
    std::iota(order.begin(), order.end(), 0);
    return order;
  }
  // Each slot adds every server's weight to its credit and goes to the first server with a whole cycle's
  // credit, else to the first that owes nothing. The result must equal HAProxy's, so the cost, slots times
  // servers, stays.
  std::vector<std::int64_t> credit(turns.size(), 0);
  for (std::uint32_t& slot : order) {
    std::size_t best = 0;
    std::int64_t best_level = -1;
    for (std::size_t i = 0; i < credit.size(); ++i) {
      credit[i] += turns[i];
      const std::int64_t level = credit[i] >= cycle ? 2 : credit[i] >= 0 ? 1 : 0;
      if (level > best_level) {
        best = i;
        best_level = level;
      }
    }
    credit[best] -= cycle;
    slot = static_cast<std::uint32_t>(best);
  }
  return order;
}

std::vector<std::uint32_t> weights_of(std::span<Member* const> members) {
  std::vector<std::uint32_t> weights;
  weights.reserve(members.size());
  for (const Member* member : members) {
    weights.push_back(std::max<std::uint32_t>(1, member->weight.load(std::memory_order_relaxed)));
  }
  return weights;
}

Turns::Turns(std::vector<Member*> members, Order order, const Turns* previous)
    : members_(std::move(members)), slots_(order(weights_of(members_))) {
  if (previous == nullptr || previous->slots_.empty()) return;
  const std::uint64_t old_size = previous->slots_.size();
  const std::uint64_t phase = previous->cursor_.load(std::memory_order_relaxed) % old_size;
  cursor_.store(phase * slots_.size() / old_size, std::memory_order_relaxed);
}

Member* Turns::next(std::span<Member* const> avoid) noexcept {
  if (slots_.empty()) return nullptr;
  Member* avoided = nullptr;
  const auto suits = [&](Member* member) {
    if (!can_take(*member)) return false;
    if (!is_avoided(member, avoid)) return true;
    avoided = member;
    return false;
  };
  // Taking slots keeps the shares right among those that are left. When a run of slots yields nobody, most
  // servers are full: then look at each server once, rather than at each of its slots.
  constexpr std::size_t kSlotTries = 16;
  for (std::size_t i = 0; i < kSlotTries; ++i) {
    Member* member = at_slot(cursor_.fetch_add(1, std::memory_order_relaxed) % slots_.size());
    if (suits(member)) return member;
  }
  const std::size_t start = cursor_.load(std::memory_order_relaxed) % members_.size();
  for (std::size_t i = 0; i < members_.size(); ++i) {
    Member* member = members_[(start + i) % members_.size()];
    if (suits(member)) return member;
  }
  return avoided;
}

}  // namespace evenkeel::balance
