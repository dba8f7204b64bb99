#include "balance/sticky.h"

#include <algorithm>

namespace evenkeel::balance {

Sticky::Sticky(MemberSet set)
    : live_(std::move(set), [](const std::vector<Member*>& candidates, const MemberSet&,
                               const std::vector<Member*>* previous) {
        const auto among = [](const std::vector<Member*>& list, const Member* member) {
          return std::find(list.begin(), list.end(), member) != list.end();
        };
        auto order = std::make_unique<std::vector<Member*>>();
        if (previous != nullptr) {
          for (Member* member : *previous) {
            if (among(candidates, member)) order->push_back(member);
          }
        }
        for (Member* member : candidates) {
          if (!among(*order, member)) order->push_back(member);
        }
        return order;
      }) {}

Member* Sticky::pick(const PickContext&) {
  return live_.pick([](const std::vector<Member*>& order) -> Member* {
    return order.empty() || !order.front()->usable() ? nullptr : order.front();
  });
}

}  // namespace evenkeel::balance
