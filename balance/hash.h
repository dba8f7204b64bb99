// `balance hash <expr>` and the other algorithms that hash something of the request: source, uri, url_param,
// hdr, rdp-cookie.
#pragma once

#include "balance/balance_def.h"
#include "balance/consistent.h"
#include "balance/live.h"
#include "balance/map_based.h"

namespace evenkeel::balance {

// hash_key.h says what is hashed, map_based.h and consistent.h how a hash becomes a server. Requests without
// a key take turns. A server named by its hash is returned even when it is full: the session then queues
// there, unless hash-preserve-affinity says otherwise.
class MapHash final : public Policy {
 public:
  MapHash(const BalanceDef& def, MemberSet set);

  Member* pick(const PickContext& context) override;
  void on_change(const Member& /*member*/) override { live_.mark(); }
  void set_members(MemberSet set) override { live_.set_members(std::move(set)); }
  bool any_usable() override { return live_.any_usable(); }
  bool dynamic_weights() const noexcept override { return false; }

 private:
  const BalanceDef def_;
  Live<HashMap> live_;
};

class RingHash final : public Policy {
 public:
  RingHash(const BalanceDef& def, MemberSet set);

  Member* pick(const PickContext& context) override;
  void on_change(const Member& /*member*/) override { live_.mark(); }
  void set_members(MemberSet set) override { live_.set_members(std::move(set)); }
  bool any_usable() override { return live_.any_usable(); }

 private:
  const BalanceDef def_;
  Live<HashRing> live_;
};

}  // namespace evenkeel::balance
