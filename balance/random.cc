#include "balance/random.h"

#include <algorithm>
#include <random>

#include "balance/schedule.h"

namespace evenkeel::balance {

std::uint32_t fast_random() noexcept {
  thread_local std::uint64_t state = [] {
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
  }();
  // splitmix64 (public domain, Sebastiano Vigna)
  state += 0x9E3779B97F4A7C15U;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return static_cast<std::uint32_t>((z ^ (z >> 31)) >> 32);
}

Random::Random(const BalanceDef& def, MemberSet set, RandomSource random)
    : draws_(std::max<std::uint32_t>(1, def.draws)),
      balance_factor_(def.balance_factor),
      random_(std::move(random)),
      live_(std::move(set), [](const std::vector<Member*>& candidates, const MemberSet&, const Wheel*) {
        auto wheel = std::make_unique<Wheel>();
        wheel->members = candidates;
        std::uint64_t sum = 0;
        for (const std::uint32_t weight : weights_of(candidates)) wheel->upto.push_back(sum += weight);
        return wheel;
      }) {}

std::size_t Random::draw(const Wheel& wheel) const {
  const std::uint64_t at = (random_() * wheel.upto.back()) >> 32;
  return static_cast<std::size_t>(std::upper_bound(wheel.upto.begin(), wheel.upto.end(), at) -
                                  wheel.upto.begin());
}

Member* Random::choose(const Wheel& wheel, const PickContext& context) const {
  if (wheel.members.empty()) return nullptr;
  const LoadBound bound(wheel.members, balance_factor_);
  Member* best = nullptr;
  std::uint64_t best_load = 0;
  std::uint64_t best_weight = 1;
  std::size_t drawn = 0;
  for (std::uint32_t i = 0; i < draws_; ++i) {
    drawn = draw(wheel);
    Member* member = wheel.members[drawn];
    if (!can_take(*member) || is_avoided(member, context.avoid) || !bound.allows(*member)) continue;
    const std::uint64_t load = member->served.load(std::memory_order_relaxed);
    const std::uint64_t weight = std::max<std::uint32_t>(1, member->weight.load(std::memory_order_relaxed));
    if (best == nullptr || load * best_weight < best_load * weight) {
      best = member;
      best_load = load;
      best_weight = weight;
    }
  }
  if (best != nullptr) return best;
  return next_after(wheel, drawn, bound, context);
}

Member* Random::next_after(const Wheel& wheel, std::size_t start, const LoadBound& bound,
                           const PickContext& context) const {
  Member* overloaded = nullptr;
  Member* avoided = nullptr;
  for (std::size_t i = 0; i < wheel.members.size(); ++i) {
    Member* member = wheel.members[(start + i) % wheel.members.size()];
    if (!can_take(*member)) continue;
    if (is_avoided(member, context.avoid)) {
      if (avoided == nullptr) avoided = member;
    } else if (bound.allows(*member)) {
      return member;
    } else if (overloaded == nullptr) {
      overloaded = member;
    }
  }
  if (overloaded != nullptr) return overloaded;
  return avoided;
}

Member* Random::pick(const PickContext& context) {
  return live_.pick([&](const Wheel& wheel) { return choose(wheel, context); });
}

}  // namespace evenkeel::balance
