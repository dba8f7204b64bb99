#include "balance/random.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/balance/farm.h"

namespace evenkeel::balance {
namespace {

BalanceDef random_of(std::uint32_t draws, std::uint32_t factor = 0) {
  return {.algorithm = Algorithm::random, .draws = draws, .balance_factor = factor};
}

TEST(Random, SharesByWeight) {
  Farm farm({1, 2, 5});
  auto engine = std::make_shared<std::mt19937>(7);
  Random policy(random_of(1), farm.set(), [engine] { return static_cast<std::uint32_t>((*engine)()); });
  for (int i = 0; i < 8000; ++i) policy.pick({})->take();
  EXPECT_NEAR(farm[0].served, 1000, 150);
  EXPECT_NEAR(farm[1].served, 2000, 200);
  EXPECT_NEAR(farm[2].served, 5000, 300);
}

TEST(Random, PrefersTheLessLoadedOfItsDraws) {
  Farm farm({1, 1});
  farm[0].served = 10;
  std::uint32_t next = 0;
  Random two(random_of(2), farm.set(), [&next] { return next ^= 0x80000000U; });
  for (int i = 0; i < 4; ++i) EXPECT_EQ(two.pick({}), &farm[1]);
  Random one(random_of(1), farm.set(), [] { return 0U; });
  EXPECT_EQ(one.pick({}), &farm[0]);
}

TEST(Random, NeverGivesUpWhileSomebodyCanTakeIt) {
  Farm farm({1, 1, 1});
  Random policy(random_of(2), farm.set(), [] { return 0U; });
  farm[0].maxconn = farm[1].maxconn = 1;
  farm[0].served = farm[1].served = 1;
  EXPECT_EQ(policy.pick({}), &farm[2]);
  Member* const failed[] = {&farm[2]};
  EXPECT_EQ(policy.pick({.avoid = failed}), &farm[2]);
  farm[2].maxconn = 1;
  farm[2].served = 1;
  EXPECT_EQ(policy.pick({}), nullptr);
}

TEST(Random, HonoursTheBalanceFactor) {
  Farm farm({1, 1});
  Random policy(random_of(1, 150), farm.set(), [] { return 0U; });
  farm[0].served = 10;
  farm[1].served = 2;
  EXPECT_EQ(policy.pick({}), &farm[1]) << "13 * 1.5 / 2 allows 10";
}

TEST(Random, TheFastGeneratorSpreads) {
  int high = 0;
  for (int i = 0; i < 1000; ++i) high += fast_random() >> 31;
  EXPECT_NEAR(high, 500, 150);
}

}  // namespace
}  // namespace evenkeel::balance
