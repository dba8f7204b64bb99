#include "balance/sticky.h"

#include <algorithm>

namespace evenkeel::balance {

Sticky::Sticky(MemberSet set)
    : live_(std::move(set), [](const std::vector<Member*>& candidates, const MemberSet&,
                               const std::vector<Member*>* previous) {
        auto chosen = std::make_unique<std::vector<Member*>>();
        if (candidates.empty()) return chosen;
        const bool stays =
            previous != nullptr && !previous->empty() &&
            std::find(candidates.begin(), candidates.end(), previous->front()) != candidates.end();
        chosen->push_back(stays ? previous->front() : candidates.front());
        return chosen;
      }) {}

Member* Sticky::pick(const PickContext&) {
  return live_.pick([](const std::vector<Member*>& chosen) -> Member* {
    return chosen.empty() || !chosen.front()->usable() ? nullptr : chosen.front();
  });
}

}  // namespace evenkeel::balance
