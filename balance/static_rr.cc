#include "balance/static_rr.h"

namespace evenkeel::balance {

StaticRr::StaticRr(MemberSet set)
    : live_(std::move(set),
            [](const std::vector<Member*>& candidates, const MemberSet&, const Turns* previous) {
              return std::make_unique<Turns>(candidates, map_order, previous);
            }) {}

}  // namespace evenkeel::balance
