#include "vrrp/keepalived_conf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace evenkeel::vrrp {
namespace {

int priority_in(const std::string& text) { return std::stoi(text.substr(text.find("    priority ") + 13)); }

int value_when_well(int weight) { return std::max(0, weight); }
int value_when_unwell(int weight) { return std::min(0, weight); }

// Whatever the weight: the well backup is above the unwell master, and the well master above everything.
TEST(KeepalivedConf, PrioritiesFitEveryWeight) {
  Pair pair;
  pair.def.track_file = "/run/w";
  for (int weight = -253; weight <= 253; ++weight) {
    if (weight == 0) continue;
    pair.def.weight = weight;
    const int master = priority_in(keepalived_conf(pair, true));
    const int backup = priority_in(keepalived_conf(pair, false));
    EXPECT_GT(backup + value_when_well(weight), master + value_when_unwell(weight)) << weight;
    EXPECT_GE(master, backup) << weight;
    for (const int base : {master, backup}) {
      EXPECT_GE(base, 1) << weight;
      EXPECT_LE(base + std::max(0, weight), 254) << weight;
    }
    EXPECT_GE(master + std::min(0, weight), 1) << weight;
  }
}

// FAULT is told with priority 0; what the backup then waits is its distance from 256.
TEST(KeepalivedConf, FaultNeedsNoDistance) {
  Pair pair;
  pair.def.track_file = "/run/w";
  pair.def.weight = kFault;
  EXPECT_EQ(priority_in(keepalived_conf(pair, true)), 254);
  EXPECT_EQ(priority_in(keepalived_conf(pair, false)), 253);
}

TEST(KeepalivedConf, HasWhatTheConfigurationHas) {
  Pair pair;
  pair.addresses = {"192.0.2.1/24"};
  pair.def.track_file = "/run/w";
  pair.def.weight = 10;
  const std::string text = keepalived_conf(pair, false);
  EXPECT_THAT(text, testing::HasSubstr("state BACKUP"));
  EXPECT_THAT(text, testing::HasSubstr("192.0.2.1/24"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("vrrp_script")));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("vrrp_notify_fifo")));
}

}  // namespace
}  // namespace evenkeel::vrrp
