#include "balance/consistent.h"

#include <algorithm>

#include "balance/hash_function.h"
#include "balance/map_based.h"

namespace evenkeel::balance {

LoadBound::LoadBound(std::span<Member* const> members, std::uint32_t balance_factor) noexcept {
  if (balance_factor == 0) return;
  // Summed at each pick: a shared total would be one more contended counter for everybody who does not use
  // this.
  std::uint64_t served = 0;
  for (const Member* member : members) {
    if (!member->usable()) continue;
    served += member->served.load(std::memory_order_relaxed);
    total_weight_ += member->weight.load(std::memory_order_relaxed);
  }
  slots_ = ((served + 1) * balance_factor + 99) / 100;
}

bool LoadBound::allows(const Member& member) const noexcept {
  if (slots_ == 0 || total_weight_ == 0) return true;
  const std::uint64_t weight = member.weight.load(std::memory_order_relaxed);
  const std::uint64_t share = (slots_ * weight + total_weight_ - 1) / total_weight_;
  return member.served.load(std::memory_order_relaxed) < share;
}

HashRing::HashRing(std::vector<Member*> members, const HashRing* previous)
    : turns(std::move(members), smooth_order, previous == nullptr ? nullptr : &previous->turns) {
  const std::vector<std::uint32_t> weights = weights_of(turns.members());
  std::size_t total = 0;
  for (const std::uint32_t weight : weights) total += weight;
  points_.reserve(total);
  for (std::uint32_t i = 0; i < weights.size(); ++i) {
    const std::uint32_t seed = turns.members()[i]->ring_seed.load(std::memory_order_relaxed);
    for (std::uint32_t j = 0; j < weights[i]; ++j) points_.push_back({avalanche(seed + j), i});
  }
  std::sort(points_.begin(), points_.end(),
            [](Point a, Point b) { return a.at != b.at ? a.at < b.at : a.member < b.member; });
}

std::size_t HashRing::nearest(std::uint32_t hash) const noexcept {
  const auto found =
      std::lower_bound(points_.begin(), points_.end(), hash,
                       [](const Point& point, std::uint32_t value) { return point.at < value; });
  const std::size_t next = found == points_.end() ? 0 : static_cast<std::size_t>(found - points_.begin());
  const std::size_t before = next == 0 ? points_.size() - 1 : next - 1;
  // Distances wrap around; the one before wins a draw.
  return hash - points_[before].at <= points_[next].at - hash ? before : next;
}

Member* HashRing::find(std::uint32_t hash, PreserveAffinity preserve, std::uint32_t balance_factor,
                       std::span<Member* const> avoid) const noexcept {
  if (points_.empty()) return nullptr;
  const LoadBound bound(turns.members(), balance_factor);
  const std::size_t start = nearest(hash);
  Member* named = nullptr;
  Member* avoided = nullptr;
  for (std::size_t i = 0; i < points_.size(); ++i) {
    const std::size_t at = start + i < points_.size() ? start + i : start + i - points_.size();
    Member* member = turns.members()[points_[at].member];
    if (!member->usable()) continue;
    if (is_avoided(member, avoid)) {
      if (avoided == nullptr) avoided = member;
      continue;
    }
    if (!gives_up(*member, preserve) && bound.allows(*member)) return member;
    if (named == nullptr) named = member;
  }
  return named != nullptr ? named : avoided;
}

}  // namespace evenkeel::balance
