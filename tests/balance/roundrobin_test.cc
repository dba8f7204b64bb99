#include "balance/roundrobin.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/balance/farm.h"

namespace evenkeel::balance {
namespace {

TEST(RoundRobin, FollowsTheOrderObservedOfHaproxy) {
  EXPECT_EQ(picks_of<RoundRobin>({1, 1, 1}, 6), "012012");
  EXPECT_EQ(picks_of<RoundRobin>({3, 2, 1}, 12), "010201010201");
  EXPECT_EQ(picks_of<RoundRobin>({10, 1}, 22), "0000000000100000000001");
  EXPECT_EQ(picks_of<RoundRobin>({2, 1}, 6), "001001");
  EXPECT_EQ(picks_of<RoundRobin>({5, 3, 2}, 20), "01020101020102010102");
  EXPECT_EQ(picks_of<RoundRobin>({7, 3, 11}, 42), "220210220202120220120220210220202120220120");
  EXPECT_EQ(picks_of<RoundRobin>({9, 2, 2, 1}, 28), "0010020030100200100200301002");
}

TEST(RoundRobin, IsExactOverAllThreadsTogether) {
  Farm farm({2, 1});
  RoundRobin policy(farm.set());
  constexpr int kThreads = 4;
  constexpr int kPicks = 30'000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kPicks; ++i) policy.pick({})->take();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(farm[0].served, kThreads * kPicks / 3 * 2);
  EXPECT_EQ(farm[1].served, kThreads * kPicks / 3);
}

TEST(RoundRobin, SkipsFullAndDownServersAndAvoidsTheFailedOne) {
  Farm farm({1, 1, 1});
  RoundRobin policy(farm.set());
  farm[1].maxconn = 1;
  farm[1].served = 1;
  EXPECT_EQ(picks(policy, 4), "0202");
  Member* const failed[] = {&farm[0]};
  EXPECT_EQ(policy.pick({.avoid = failed}), &farm[2]);
  farm[2].available = false;
  policy.on_change(farm[2]);
  EXPECT_EQ(policy.pick({.avoid = failed}), &farm[0]) << "nobody else is left";
  farm[0].weight = 0;
  policy.on_change(farm[0]);
  EXPECT_EQ(policy.pick({}), nullptr) << "all that is left is full";
  EXPECT_TRUE(policy.any_usable());
  farm[1].available = false;
  policy.on_change(farm[1]);
  EXPECT_FALSE(policy.any_usable());
}

TEST(RoundRobin, TakesBackupsOnlyWhenNoPrimaryIsLeft) {
  Farm farm({1, 1, 1, 1}, 2);
  RoundRobin one(farm.set());
  RoundRobin all(farm.set(true));
  EXPECT_EQ(picks(one, 4), "0101");
  for (Member* down : {&farm[0], &farm[1]}) {
    down->available = false;
    one.on_change(*down);
    all.on_change(*down);
  }
  EXPECT_EQ(picks(one, 4), "2222");
  EXPECT_EQ(picks(all, 4), "2323");
  farm[1].available = true;
  one.on_change(farm[1]);
  EXPECT_EQ(picks(one, 3), "111");
}

TEST(RoundRobin, KeepsItsPhaseWhenWeightsChange) {
  Farm farm({1, 1, 1, 1});
  RoundRobin policy(farm.set());
  std::string seen;
  for (int i = 0; i < 8; ++i) {
    policy.on_change(farm[0]);
    seen += picks(policy, 1);
  }
  EXPECT_EQ(seen, "01230123");
}

TEST(RoundRobin, StartsTenThousandServersAndSharesExactly) {
  Farm equal(std::vector<std::uint32_t>(10'000, 7));
  RoundRobin policy(equal.set());
  for (int i = 0; i < 30'000; ++i) policy.pick({})->take();
  for (const auto& member : equal.members) ASSERT_EQ(member->served, 3U);
}

TEST(RoundRobin, ServersComeAndGoWhileOthersPick) {
  Farm farm({4, 3, 2, 1});
  RoundRobin policy(farm.set());
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      while (!stop) {
        if (Member* member = policy.pick({})) member->take();
      }
    });
  }
  for (int i = 0; i < 300; ++i) {
    Member& member = farm[i % 3];
    member.available = i % 2 == 0;
    policy.on_change(member);
    if (i % 50 == 0) policy.set_members(farm.set());
    ASSERT_NE(policy.pick({}), nullptr) << "server 3 never goes";
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace evenkeel::balance
