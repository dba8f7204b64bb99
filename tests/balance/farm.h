// Servers for the tests of algorithms.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "balance/policy.h"

namespace evenkeel::balance {

// Members with these weights (0..256), the last `backups` of them as backup servers.
struct Farm {
  explicit Farm(const std::vector<std::uint32_t>& weights, std::size_t backups = 0) {
    for (std::uint32_t i = 0; i < weights.size(); ++i) {
      members.push_back(
          std::make_unique<Member>(i, i + 1, "s" + std::to_string(i), i + backups >= weights.size()));
      members.back()->weight = weights[i] * kWeightScale;
    }
  }
  Member& operator[](std::size_t i) { return *members[i]; }
  [[nodiscard]] MemberSet set(bool all_backups = false) const {
    MemberSet out;
    for (const auto& member : members) out.members.push_back(member.get());
    out.all_backups = all_backups;
    return out;
  }

  std::vector<std::unique_ptr<Member>> members;
};

// The indices of n picks, '-' where there was none.
inline std::string picks(Policy& policy, int n, const PickContext& context = {}) {
  std::string out;
  for (int i = 0; i < n; ++i) {
    const Member* member = policy.pick(context);
    out += member == nullptr ? "-" : std::to_string(member->index);
  }
  return out;
}

template <class P>
std::string picks_of(const std::vector<std::uint32_t>& weights, int n) {
  const Farm farm(weights);
  P policy(farm.set());
  return picks(policy, n);
}

}  // namespace evenkeel::balance
