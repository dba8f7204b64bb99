#include "balance/first.h"

#include <algorithm>

namespace evenkeel::balance {

First::First(MemberSet set)
    : live_(std::move(set),
            [](const std::vector<Member*>& candidates, const MemberSet&, const std::vector<Member*>*) {
              auto order = std::make_unique<std::vector<Member*>>(candidates);
              std::stable_sort(order->begin(), order->end(),
                               [](const Member* a, const Member* b) { return a->id < b->id; });
              return order;
            }) {}

Member* First::pick(const PickContext& context) {
  return live_.pick([&](const std::vector<Member*>& order) -> Member* {
    Member* avoided = nullptr;
    for (Member* member : order) {
      if (!can_take(*member)) continue;
      if (!is_avoided(member, context.avoid)) return member;
      if (avoided == nullptr) avoided = member;
    }
    return avoided;
  });
}

}  // namespace evenkeel::balance
