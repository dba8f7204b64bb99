#include "frontends/cpu_usage.h"

#include <gtest/gtest.h>

namespace evenkeel::frontends {
namespace {

TEST(CpuMeter, DividesWhatWasUsedByTimeAndLanes) {
  CpuMeter meter;
  EXPECT_TRUE(meter.due(1000));
  meter.sample(1000, 5'000'000, 2);
  EXPECT_EQ(meter.percent(), 0);  // nothing to compare with
  EXPECT_FALSE(meter.due(1499));
  EXPECT_TRUE(meter.due(1500));
  meter.sample(1500, 5'250'000, 1);
  EXPECT_EQ(meter.percent(), 50);
  meter.sample(2000, 5'750'000, 2);
  EXPECT_EQ(meter.percent(), 50);
  meter.sample(2500, 9'000'000, 1);
  EXPECT_EQ(meter.percent(), 100);
}

}  // namespace
}  // namespace evenkeel::frontends
