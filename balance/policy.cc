#include "balance/policy.h"

namespace evenkeel::balance {

std::vector<Member*> MemberSet::candidates() const {
  std::vector<Member*> chosen;
  chosen.reserve(members.size());
  for (Member* member : members) {
    if (!member->backup && member->usable()) chosen.push_back(member);
  }
  if (!chosen.empty()) return chosen;
  for (Member* member : members) {
    if (!member->backup || !member->usable()) continue;
    chosen.push_back(member);
    if (!all_backups) break;
  }
  return chosen;
}

}  // namespace evenkeel::balance
