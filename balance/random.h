// `balance random(<draws>)`: the least loaded of some servers drawn by weight.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "balance/balance_def.h"
#include "balance/consistent.h"
#include "balance/live.h"

namespace evenkeel::balance {

// 32 random bits; called from all threads at once.
using RandomSource = std::function<std::uint32_t()>;
// A fast generator per thread, seeded from the system. Good for balancing, not for secrets.
std::uint32_t fast_random() noexcept;

// Configuration manual 4.2, "balance". Servers that are full, to be avoided, or above hash-balance-factor's
// bound count as drawn in vain; when all draws are in vain, the next server that can take the session has it.
class Random final : public Policy {
 public:
  Random(const BalanceDef& def, MemberSet set, RandomSource random = fast_random);

  Member* pick(const PickContext& context) override;
  void on_change(const Member& /*member*/) override { live_.mark(); }
  void set_members(MemberSet set) override { live_.set_members(std::move(set)); }
  bool any_usable() override { return live_.any_usable(); }

 private:
  struct Wheel {
    std::vector<Member*> members;
    std::vector<std::uint64_t> upto;  // sums of weights
  };
  [[nodiscard]] std::size_t draw(const Wheel& wheel) const;
  [[nodiscard]] Member* choose(const Wheel& wheel, const PickContext& context) const;
  [[nodiscard]] Member* next_after(const Wheel& wheel, std::size_t start, const LoadBound& bound,
                                   const PickContext& context) const;

  const std::uint32_t draws_;
  const std::uint32_t balance_factor_;
  const RandomSource random_;
  Live<Wheel> live_;
};

}  // namespace evenkeel::balance
