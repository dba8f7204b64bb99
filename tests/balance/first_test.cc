#include "balance/first.h"

#include <gtest/gtest.h>

#include "tests/balance/farm.h"

namespace evenkeel::balance {
namespace {

TEST(First, FillsByIdBeforeItGoesOn) {
  Farm farm({1, 100, 1});
  // The one with the lowest id stands last in the configuration.
  farm.members.push_back(std::make_unique<Member>(3, 0, "low", false));
  farm[3].maxconn = 2;
  farm[0].maxconn = 1;
  First policy(farm.set());
  std::string seen;
  for (int i = 0; i < 5; ++i) {
    Member* member = policy.pick({});
    member->take();
    seen += std::to_string(member->index);
  }
  EXPECT_EQ(seen, "33011");
  farm[3].give_back();
  EXPECT_EQ(policy.pick({}), &farm[3]);
  Member* const failed[] = {&farm[3]};
  EXPECT_EQ(policy.pick({.avoid = failed}), &farm[1]);
}

}  // namespace
}  // namespace evenkeel::balance
