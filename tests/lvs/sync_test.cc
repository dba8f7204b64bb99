#include "lvs/sync.h"

#include <gtest/gtest.h>

#include "simulated_kernel.h"

namespace evenkeel::lvs {
namespace {

Daemon daemon(bool master, const char* interface, std::uint32_t id) {
  Daemon result;
  result.master = master;
  result.interface = interface;
  result.sync_id = id;
  return result;
}

struct SyncTest : testing::Test {
  SyncKeeper make() {
    return {lines, kernel, [this](LogLevel, const std::string& text) { log.push_back(text); }};
  }
  std::vector<Daemon> lines = {daemon(false, "eth0", 7)};
  SimulatedKernel kernel;
  std::vector<std::string> log;
};

TEST_F(SyncTest, LinesAreKeptAsTheyAreWrittenWithoutVrrp) {
  SyncKeeper keeper = make();
  keeper.keep(SyncRole::configured);
  EXPECT_EQ(kernel.running, lines);
  keeper.keep(SyncRole::configured);
  EXPECT_EQ(kernel.running, lines);
  EXPECT_EQ(log.size(), 1U);
}

TEST_F(SyncTest, TheRoleOfTheMachineSwitchesTheDaemon) {
  SyncKeeper keeper = make();
  keeper.keep(SyncRole::backup);
  EXPECT_EQ(kernel.running, std::vector{daemon(false, "eth0", 7)});
  keeper.keep(SyncRole::master);
  EXPECT_EQ(kernel.running, std::vector{daemon(true, "eth0", 7)});
  keeper.keep(SyncRole::both);
  EXPECT_EQ(kernel.running.size(), 2U);
  keeper.keep(SyncRole::backup);
  EXPECT_EQ(kernel.running, std::vector{daemon(false, "eth0", 7)});
}

TEST_F(SyncTest, ARoleUsesItsOwnLineIfThereIsOne) {
  lines.push_back(daemon(true, "eth1", 9));
  EXPECT_EQ(wanted_daemons(lines, SyncRole::master), std::vector{daemon(true, "eth1", 9)});
  EXPECT_EQ(wanted_daemons(lines, SyncRole::backup), std::vector{daemon(false, "eth0", 7)});
  EXPECT_EQ(wanted_daemons({}, SyncRole::both), std::vector<Daemon>{});
}

TEST_F(SyncTest, ADaemonThatSomebodyStopsIsStartedAgain) {
  SyncKeeper keeper = make();
  keeper.keep(SyncRole::master);
  kernel.running.clear();
  log.clear();
  keeper.keep(SyncRole::master);
  EXPECT_EQ(kernel.running.size(), 1U);
  ASSERT_EQ(log.size(), 1U);
  EXPECT_NE(log[0].find("somebody else has stopped"), std::string::npos);
}

TEST_F(SyncTest, WhatRunsAlreadyIsAdoptedAndThenRepaired) {
  kernel.running = {daemon(false, "eth0", 7)};
  SyncKeeper keeper = make();
  keeper.keep(SyncRole::backup);
  EXPECT_TRUE(log.empty());
  kernel.running.clear();
  keeper.keep(SyncRole::backup);
  ASSERT_EQ(log.size(), 1U);
  EXPECT_NE(log[0].find("started again"), std::string::npos);
}

TEST_F(SyncTest, ARoleThatNobodyClaimsIsLeftToOthers) {
  kernel.running = {daemon(true, "eth5", 1)};
  SyncKeeper keeper = make();
  keeper.keep(SyncRole::configured);
  EXPECT_EQ(kernel.running.size(), 2U);
  keeper.stop();
  EXPECT_EQ(kernel.running, std::vector{daemon(true, "eth5", 1)});
}

TEST_F(SyncTest, WithoutLinesNothingIsTouched) {
  lines.clear();
  kernel.running = {daemon(true, "eth5", 1)};
  SyncKeeper keeper = make();
  keeper.keep(SyncRole::backup);
  keeper.stop();
  EXPECT_EQ(kernel.running.size(), 1U);
}

}  // namespace
}  // namespace evenkeel::lvs
