// `balance roundrobin`: servers take turns by weight, as smoothly as possible; weights may change at any
// time.
#pragma once

#include "balance/live.h"
#include "balance/schedule.h"

namespace evenkeel::balance {

// Configuration manual 4.2, "balance". Any 3n consecutive picks over weights 2:1 fall exactly 2n:n, over all
// threads. A full server loses its turn.
class RoundRobin final : public Policy {
 public:
  explicit RoundRobin(MemberSet set);

  Member* pick(const PickContext& context) override {
    return live_.pick([&](Turns& turns) { return turns.next(context.avoid); });
  }
  void on_change(const Member& /*member*/) override { live_.mark(); }
  void set_members(MemberSet set) override { live_.set_members(std::move(set)); }
  bool any_usable() override { return live_.any_usable(); }

 private:
  Live<Turns> live_;
};

}  // namespace evenkeel::balance
