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

std::shared_ptr<const HashRing::Plan> HashRing::plan_for(const std::vector<Member*>& all,
                                                         const HashRing* previous) {
  const std::vector<std::uint32_t> weights = weights_of(all);
  bool same = previous != nullptr && previous->plan_->owners.size() == all.size();
  for (std::size_t i = 0; same && i < all.size(); ++i) {
    const Plan::Owner& owner = previous->plan_->owners[i];
    same = owner.member == all[i] && owner.points >= weights[i] &&
           owner.seed == all[i]->ring_seed.load(std::memory_order_relaxed);
  }
  if (same) return previous->plan_;

  auto plan = std::make_shared<Plan>();
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    const std::uint32_t seed = all[i]->ring_seed.load(std::memory_order_relaxed);
    plan->owners.push_back({all[i], seed, weights[i]});
    for (std::uint32_t j = 0; j < weights[i]; ++j) plan->points.push_back({avalanche(seed + j), i, j});
  }
  std::sort(plan->points.begin(), plan->points.end(),
            [](const auto& a, const auto& b) { return a.at != b.at ? a.at < b.at : a.owner < b.owner; });
  return plan;
}

HashRing::HashRing(std::vector<Member*> candidates, const std::vector<Member*>& all, const HashRing* previous)
    : turns(std::move(candidates), smooth_order, previous == nullptr ? nullptr : &previous->turns),
      plan_(plan_for(all, previous)) {
  // Candidates stand in the order of all.
  constexpr std::uint32_t kNone = UINT32_MAX;
  std::vector<std::uint32_t> candidate_of(all.size(), kNone);
  std::vector<std::uint32_t> points_of(all.size(), 0);
  const std::vector<std::uint32_t> weights = weights_of(turns.members());
  std::size_t total = 0;
  for (std::uint32_t i = 0, next = 0; i < all.size() && next < weights.size(); ++i) {
    if (turns.members()[next] != all[i]) continue;
    points_of[i] = std::min(weights[next], plan_->owners[i].points);
    total += points_of[i];
    candidate_of[i] = next++;
  }
  points_.reserve(total);
  for (const Plan::PlannedPoint& point : plan_->points) {
    if (point.number < points_of[point.owner]) points_.push_back({point.at, candidate_of[point.owner]});
  }
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
