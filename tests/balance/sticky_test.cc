#include "balance/sticky.h"

#include <gtest/gtest.h>

#include "tests/balance/farm.h"

namespace evenkeel::balance {
namespace {

void set_available(Policy& policy, Member& member, bool available) {
  member.available = available;
  policy.on_change(member);
}

TEST(Sticky, OneServerGetsEverything) {
  Farm farm({1, 100, 50});
  Sticky policy(farm.set());
  EXPECT_EQ(picks(policy, 5), "00000");
}

TEST(Sticky, WhoTakesOverKeepsItsPlace) {
  Farm farm({1, 1, 1});
  Sticky policy(farm.set());
  EXPECT_EQ(picks(policy, 2), "00");
  set_available(policy, farm[0], false);
  EXPECT_EQ(picks(policy, 2), "11");
  set_available(policy, farm[0], true);
  EXPECT_EQ(picks(policy, 2), "11");
  set_available(policy, farm[2], false);  // a change that does not concern it
  EXPECT_EQ(picks(policy, 2), "11");
  set_available(policy, farm[1], false);
  EXPECT_EQ(picks(policy, 2), "00");
}

TEST(Sticky, BackupsOnlyWhileNobodyElseIsThere) {
  Farm farm({1, 1, 1}, 1);
  Sticky policy(farm.set());
  set_available(policy, farm[0], false);
  set_available(policy, farm[1], false);
  EXPECT_EQ(picks(policy, 2), "22");
  set_available(policy, farm[1], true);
  EXPECT_EQ(picks(policy, 2), "11");
}

TEST(Sticky, NobodyIsLeft) {
  Farm farm({1, 1});
  Sticky policy(farm.set());
  EXPECT_TRUE(policy.any_usable());
  farm[0].available = false;  // what has not been told yet is not chosen either
  EXPECT_NE(policy.pick({}), &farm[0]);
  set_available(policy, farm[0], false);
  set_available(policy, farm[1], false);
  EXPECT_EQ(picks(policy, 2), "--");
  EXPECT_FALSE(policy.any_usable());
  set_available(policy, farm[1], true);
  EXPECT_EQ(picks(policy, 1), "1");
}

TEST(Sticky, AServerThatIsTakenOutOfTheConfigurationLosesItsPlace) {
  Farm farm({1, 1, 1});
  Sticky policy(farm.set());
  EXPECT_EQ(picks(policy, 1), "0");
  MemberSet rest;
  rest.members = {&farm[1], &farm[2]};
  policy.set_members(rest);
  EXPECT_EQ(picks(policy, 2), "11");
  policy.set_members(farm.set());
  EXPECT_EQ(picks(policy, 2), "11");
}

TEST(Sticky, AWeightOfZeroIsNoServer) {
  Farm farm({0, 1});
  Sticky policy(farm.set());
  EXPECT_EQ(picks(policy, 2), "11");
}

// Manual of 3.x, "balance sticky": who comes back is added at the end of the list.
TEST(Sticky, WhoComesBackStandsAtTheEnd) {
  Farm farm({1, 1, 1});
  Sticky policy(farm.set());
  set_available(policy, farm[0], false);
  EXPECT_EQ(picks(policy, 1), "1");
  set_available(policy, farm[0], true);
  EXPECT_EQ(picks(policy, 1), "1");
  set_available(policy, farm[1], false);
  EXPECT_EQ(picks(policy, 1), "2");
  set_available(policy, farm[1], true);
  EXPECT_EQ(picks(policy, 1), "2");
  set_available(policy, farm[2], false);
  EXPECT_EQ(picks(policy, 1), "0");
}

// There is nothing to retry or to fill in mode log.
TEST(Sticky, NeitherALimitNorAFailureMovesIt) {
  Farm farm({1, 1});
  Sticky policy(farm.set());
  farm[0].maxconn = 1;
  farm[0].take();
  Member* const failed[] = {&farm[0]};
  EXPECT_EQ(picks(policy, 2, {.avoid = failed}), "00");
}

}  // namespace
}  // namespace evenkeel::balance
