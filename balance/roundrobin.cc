#include "balance/roundrobin.h"

namespace evenkeel::balance {

RoundRobin::RoundRobin(MemberSet set)
    : live_(std::move(set),
            [](const std::vector<Member*>& candidates, const MemberSet&, const Turns* previous) {
              return std::make_unique<Turns>(candidates, smooth_order, previous);
            }) {}

}  // namespace evenkeel::balance
