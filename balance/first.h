// `balance first`: the server with the lowest id that has a free slot, so that as few servers as possible
// work.
#pragma once

#include "balance/live.h"

namespace evenkeel::balance {

// Configuration manual 4.2, "balance". Weights do not matter, except 0.
class First final : public Policy {
 public:
  explicit First(MemberSet set);

  Member* pick(const PickContext& context) override;
  void on_change(const Member& /*member*/) override { live_.mark(); }
  void set_members(MemberSet set) override { live_.set_members(std::move(set)); }
  bool any_usable() override { return live_.any_usable(); }

 private:
  Live<std::vector<Member*>> live_;  // by id
};

}  // namespace evenkeel::balance
