// From the configured algorithm to the one that runs.
#pragma once

#include <memory>

#include "balance/balance_def.h"
#include "balance/policy.h"

namespace evenkeel::balance {

// The members must outlive the policy.
std::unique_ptr<Policy> make_policy(const BalanceDef& def, MemberSet set);

}  // namespace evenkeel::balance
