// `balance static-rr`: servers take turns by weight in the order of a table that changes only when servers go
// up or down.
#pragma once

#include "balance/live.h"
#include "balance/schedule.h"

namespace evenkeel::balance {

// Configuration manual 4.2, "balance". Less smooth than roundrobin; weights other than 0 and the initial one
// are refused by who sets them (dynamic_weights()).
class StaticRr final : public Policy {
 public:
  explicit StaticRr(MemberSet set);

  Member* pick(const PickContext& context) override {
    return live_.pick([&](Turns& turns) { return turns.next(context.avoid); });
  }
  void on_change(const Member& /*member*/) override { live_.mark(); }
  void set_members(MemberSet set) override { live_.set_members(std::move(set)); }
  bool any_usable() override { return live_.any_usable(); }
  bool dynamic_weights() const noexcept override { return false; }

 private:
  Live<Turns> live_;
};

}  // namespace evenkeel::balance
