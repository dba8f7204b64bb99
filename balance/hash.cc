#include "balance/hash.h"

#include "balance/hash_key.h"

namespace evenkeel::balance {

MapHash::MapHash(const BalanceDef& def, MemberSet set)
    : def_(def),
      live_(std::move(set),
            [](const std::vector<Member*>& candidates, const MemberSet&, const HashMap* previous) {
              return std::make_unique<HashMap>(candidates, previous);
            }) {}

Member* MapHash::pick(const PickContext& context) {
  const auto hash = request_hash(def_, context);
  return live_.pick([&](HashMap& map) {
    Member* member = hash ? map.find(*hash, def_.preserve_affinity, context.avoid) : nullptr;
    return member != nullptr ? member : map.turns.next(context.avoid);
  });
}

RingHash::RingHash(const BalanceDef& def, MemberSet set)
    : def_(def),
      live_(std::move(set),
            [](const std::vector<Member*>& candidates, const MemberSet& all, const HashRing* previous) {
              return std::make_unique<HashRing>(candidates, all.members, previous);
            }) {}

Member* RingHash::pick(const PickContext& context) {
  const auto hash = request_hash(def_, context);
  return live_.pick([&](HashRing& ring) {
    return hash ? ring.find(*hash, def_.preserve_affinity, def_.balance_factor, context.avoid)
                : ring.turns.next(context.avoid);
  });
}

}  // namespace evenkeel::balance
