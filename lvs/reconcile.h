// The difference between the table that should be and the one that is.
#pragma once

#include <set>
#include <vector>

#include "lvs/table.h"

namespace evenkeel::lvs {

// The steps that lead from `actual` to `wanted`, as few as there are differences, so that no connection
// notices those that do not concern it. Services that are neither wanted nor in `owned` belong to somebody
// else and are left alone. New destinations come before old ones go: a service is never empty in between
// unless it is to be.
std::vector<Operation> reconcile(const Table& wanted, const Table& actual, const std::set<ServiceKey>& owned);

}  // namespace evenkeel::lvs
