#include "balance/slowstart.h"

#include <gtest/gtest.h>

#include "balance/dynamic_maxconn.h"

namespace evenkeel::balance {
namespace {

TEST(SlowStart, GrowsInSixteenStepsFromTheFirstMoment) {
  EXPECT_EQ(effective_weight(1, 0, 16'000), 1U);
  EXPECT_EQ(effective_weight(1, 999, 16'000), 1U);
  EXPECT_EQ(effective_weight(1, 1000, 16'000), 2U);
  EXPECT_EQ(effective_weight(100, 8000, 16'000), 900U);
  EXPECT_EQ(effective_weight(100, 15'999, 16'000), 1600U);
  EXPECT_EQ(effective_weight(100, 16'000, 16'000), 1600U);
  EXPECT_EQ(effective_weight(256, 500, 0), 4096U);
  EXPECT_EQ(effective_weight(0, 500, 1000), 0U);
  EXPECT_EQ(effective_weight(3, -5, 1000), 48U) << "a clock that went back";
}

TEST(SlowStart, TellsWhenToLookAgain) {
  for (const Millis duration : {Millis{100}, Millis{1600}, Millis{7777}}) {
    Millis at = 0;
    std::uint32_t last = effective_weight(1, at, duration);
    int steps = 0;
    while ((at = next_weight_step(at, duration)) != kNever) {
      const std::uint32_t now = effective_weight(1, at, duration);
      if (at < duration) {
        EXPECT_EQ(now, last + 1) << at << " of " << duration;
        EXPECT_EQ(effective_weight(1, at - 1, duration), last);
      }
      last = now;
      ASSERT_LE(++steps, 16);
    }
    EXPECT_EQ(last, 16U);
  }
}

TEST(SlowStart, LimitsConnectionsToo) {
  EXPECT_EQ(slowstart_maxconn(100, 0, 10'000), 1U);
  EXPECT_EQ(slowstart_maxconn(100, 5000, 10'000), 50U);
  EXPECT_EQ(slowstart_maxconn(100, 10'000, 10'000), 100U);
  EXPECT_EQ(slowstart_maxconn(0, 0, 10'000), 0U);
}

TEST(DynamicMaxconn, FollowsTheBackendsLoad) {
  // The example of the manual: minconn 100, maxconn 1000, fullconn 10000.
  EXPECT_EQ(dynamic_maxconn(100, 1000, 10'000, 0), 100U);
  EXPECT_EQ(dynamic_maxconn(100, 1000, 10'000, 1000), 100U);
  EXPECT_EQ(dynamic_maxconn(100, 1000, 10'000, 5000), 500U);
  EXPECT_EQ(dynamic_maxconn(100, 1000, 10'000, 10'000), 1000U);
  EXPECT_EQ(dynamic_maxconn(100, 1000, 10'000, 20'000), 1000U);
  EXPECT_EQ(dynamic_maxconn(100, 1000, 0, 0), 1000U) << "no fullconn";
  EXPECT_EQ(dynamic_maxconn(0, 50, 1000, 1), 50U);
  EXPECT_EQ(dynamic_maxconn(50, 0, 1000, 1), 50U);
  EXPECT_EQ(dynamic_maxconn(50, 20, 1000, 1), 50U);
  EXPECT_EQ(dynamic_maxconn(0, 0, 1000, 1), 0U);
}

}  // namespace
}  // namespace evenkeel::balance
