#include "balance/leastconn.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "tests/balance/farm.h"

namespace evenkeel::balance {
namespace {

Member& assign(Policy& policy) {
  Member* member = policy.pick({});
  member->take();
  policy.on_assign(*member);
  return *member;
}
void release(Policy& policy, Member& member) {
  member.give_back();
  policy.on_release(member);
}

TEST(LeastConn, RotatesAmongIdleServersWhateverTheirWeight) {
  Farm farm({10, 1, 5});
  LeastConn policy(farm.set());
  std::string seen;
  for (int i = 0; i < 6; ++i) {
    Member& member = assign(policy);
    seen += std::to_string(member.index);
    release(policy, member);
  }
  EXPECT_EQ(seen, "012012");
}

// Forty connections that stay, as HAProxy 2.6 spread them.
TEST(LeastConn, FillsInTheOrderObservedOfHaproxy) {
  const auto fill = [](const std::vector<std::uint32_t>& weights) {
    Farm farm(weights);
    LeastConn policy(farm.set());
    std::string seen;
    for (int i = 0; i < 40; ++i) seen += std::to_string(assign(policy).index);
    return seen;
  };
  EXPECT_EQ(fill({3, 1}), "0100001000100010001000100010001000100010");
  EXPECT_EQ(fill({10, 4, 1}), "0120001000100100010010001002100010010001");
  EXPECT_EQ(fill({2, 3, 5, 1}), "0123221201221202123012212021230122120212");
}

TEST(LeastConn, FillsByWeight) {
  for (const std::size_t servers : {std::size_t{2}, LeastLoaded::kScan, std::size_t{300}}) {
    std::vector<std::uint32_t> weights(servers);
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < servers; ++i) sum += weights[i] = i % 2 == 0 ? 3 : 1;
    Farm farm(weights);
    LeastConn policy(farm.set());
    for (std::uint32_t i = 0; i < sum * 10; ++i) assign(policy);
    for (std::size_t i = 0; i < servers; ++i) {
      ASSERT_NEAR(double(farm[i].served), weights[i] * 10.0, 2.0) << servers << " servers, number " << i;
    }
  }
}

TEST(LeastConn, CountsTheQueueAndSkipsTheFull) {
  Farm farm({1, 1, 1});
  LeastConn policy(farm.set());
  farm[0].queued = 2;
  farm[1].served = 1;
  farm[2].served = 1;
  farm[2].maxconn = 1;
  EXPECT_EQ(policy.pick({}), &farm[1]);
  Member* const failed[] = {&farm[1]};
  EXPECT_EQ(policy.pick({.avoid = failed}), &farm[0]);
  farm[0].available = false;
  policy.on_change(farm[0]);
  EXPECT_EQ(policy.pick({.avoid = failed}), &farm[1]);
}

// After any history of assignments in many threads, the pick is the true minimum.
TEST(LeastConn, FindsTheTrueMinimumAfterTrafficFromManyThreads) {
  for (const std::size_t servers : {std::size_t{8}, std::size_t{1000}}) {
    Farm farm(std::vector<std::uint32_t>(servers, 1));
    LeastConn policy(farm.set());
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        std::vector<Member*> held;
        for (int i = 0; i < 4000; ++i) {
          held.push_back(&assign(policy));
          if ((i * 7 + t) % 3 == 0) {
            release(policy, *held[held.size() / 2]);
            held.erase(held.begin() + static_cast<std::ptrdiff_t>(held.size() / 2));
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (int i = 0; i < 50; ++i) {
      std::uint32_t least = UINT32_MAX;
      for (const auto& member : farm.members) least = std::min(least, member->served.load());
      ASSERT_EQ(assign(policy).served, least + 1);
    }
  }
}

}  // namespace
}  // namespace evenkeel::balance
