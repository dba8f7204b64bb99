#include "balance/static_rr.h"

#include <gtest/gtest.h>

#include "tests/balance/farm.h"

namespace evenkeel::balance {
namespace {

TEST(StaticRr, FollowsTheOrderObservedOfHaproxy) {
  EXPECT_EQ(picks_of<StaticRr>({1, 1, 1}, 6), "012012");
  EXPECT_EQ(picks_of<StaticRr>({3, 2, 1}, 12), "001012001012");
  EXPECT_EQ(picks_of<StaticRr>({5, 3, 2}, 20), "00102010120010201012");
  EXPECT_EQ(picks_of<StaticRr>({7, 3, 11}, 42), "020212020212020212022020212020212020212022");
  EXPECT_EQ(picks_of<StaticRr>({9, 2, 2, 1}, 28), "0010020010020300100200100203");
}

TEST(StaticRr, HasStaticWeights) {
  const Farm farm({1});
  EXPECT_FALSE(StaticRr(farm.set()).dynamic_weights());
}

}  // namespace
}  // namespace evenkeel::balance
