#include "app/limits.h"

#include <gmock/gmock.h>

namespace evenkeel::app {
namespace {

using testing::HasSubstr;

frontends::GlobalDef global_with(std::uint32_t maxconn, std::uint32_t ulimit = 0) {
  frontends::GlobalDef global;
  global.maxconn = maxconn;
  global.ulimit_n = ulimit;
  return global;
}

TEST(Limits, ConnectionsTakeTwoDescriptorsEach) {
  EXPECT_EQ(maxconn_for(20'000, 60), 9970U);
  EXPECT_EQ(maxconn_for(64, 60), 100U);
  EXPECT_EQ(maxconn_for(10, 60), 100U);
  EXPECT_EQ(maxconn_for(1ULL << 40, 60), 1'000'000U);
}

TEST(Limits, WhatNobodyAskedForIsMadeToFit) {
  const auto plan = plan_descriptors(global_with(9968), false, 100, {1024, 20'000}, false);
  EXPECT_EQ(plan.maxconn, 9950U);
  EXPECT_EQ(plan.wanted, 20'000U);
  EXPECT_EQ(plan.error, "");
}

TEST(Limits, WhatDoesNotFitIsSaidWithNumbers) {
  const auto plan = plan_descriptors(global_with(1'000'000), true, 100, {1024, 20'000}, false);
  EXPECT_THAT(plan.error, HasSubstr("Cannot raise FD limit to 2000100, limit is 20000."));
  EXPECT_THAT(plan.error, HasSubstr("'maxconn 9950' would fit"));
  EXPECT_EQ(plan.maxconn, 9950U);
}

TEST(Limits, RootMayRaiseTheHardLimit) {
  const auto plan = plan_descriptors(global_with(1'000'000), true, 100, {1024, 20'000}, true);
  EXPECT_EQ(plan.error, "");
  EXPECT_EQ(plan.wanted, 2'000'100U);
}

TEST(Limits, UlimitBoundsTheComputedMaxconn) {
  const auto plan = plan_descriptors(global_with(9968, 1000), false, 100, {1024, 20'000}, false);
  EXPECT_EQ(plan.maxconn, 450U);
  EXPECT_EQ(plan.wanted, 1000U);
  EXPECT_THAT(plan_descriptors(global_with(10, 50'000), true, 100, {1024, 20'000}, false).error,
              HasSubstr("'ulimit-n 50000'"));
}

TEST(Limits, ListenersCountOnEveryWorker) {
  frontends::Config config;
  const auto empty = descriptors_for_itself(config, 2);
  auto frontend = std::make_shared<frontends::FrontendDef>();
  frontend->binds.resize(3);
  config.frontends.push_back(frontend);
  EXPECT_EQ(descriptors_for_itself(config, 2), empty + 12);
}

TEST(Limits, ThereIsAlwaysACore) { EXPECT_GE(usable_cores(), 1U); }

}  // namespace
}  // namespace evenkeel::app
