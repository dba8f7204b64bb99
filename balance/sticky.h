// `balance sticky`: one server gets everything for as long as it can.
#pragma once

#include "balance/live.h"

namespace evenkeel::balance {

// Configuration manual 4.2, "balance" (mode log). The first server in the order of the configuration, until
// it goes down; the one that takes over keeps its place when the other comes back.
class Sticky final : public Policy {
 public:
  explicit Sticky(MemberSet set);

  Member* pick(const PickContext& context) override;
  void on_change(const Member& /*member*/) override { live_.mark(); }
  void set_members(MemberSet set) override { live_.set_members(std::move(set)); }
  bool any_usable() override { return live_.any_usable(); }

 private:
  Live<std::vector<Member*>> live_;  // the chosen one, or nobody
};

}  // namespace evenkeel::balance
