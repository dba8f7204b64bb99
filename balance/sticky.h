// `balance sticky`: one server gets everything for as long as it can.
#pragma once

#include "balance/live.h"

namespace evenkeel::balance {

// Configuration manual 4.2, "balance" (mode log). The first of a list that begins in the order of the
// configuration: who goes down leaves it, who comes back stands at its end. So the one that takes over keeps
// its place. A change that comes and goes between two lines moves nobody.
class Sticky final : public Policy {
 public:
  explicit Sticky(MemberSet set);

  Member* pick(const PickContext& context) override;
  void on_change(const Member& /*member*/) override { live_.mark(); }
  void set_members(MemberSet set) override { live_.set_members(std::move(set)); }
  bool any_usable() override { return live_.any_usable(); }

 private:
  Live<std::vector<Member*>> live_;  // the list; its first gets everything
};

}  // namespace evenkeel::balance
