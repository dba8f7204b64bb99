#include "vrrp/keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "vrrp/health_command.h"
#include "vrrp/keywords.h"

namespace evenkeel::vrrp {
namespace {

using testing::HasSubstr;

Def with_quorum(int weight) {
  Def def;
  def.weight = weight;
  def.quorum = {{"web", 2}};
  return def;
}

TEST(Weight, FollowsTheQuorum) {
  EXPECT_EQ(shortfall(with_quorum(20), {{"web", 3, 2}}), "");
  EXPECT_EQ(shortfall(with_quorum(20), {{"web", 3, 1}, {"other", 9, 9}}),
            "backend 'web' has 1 usable servers, its quorum is 2");
  EXPECT_EQ(shortfall(Def{}, {{"a", 1, 0}, {"b", 1, 1}}), "");
  EXPECT_EQ(shortfall(Def{}, {{"a", 1, 0}, {"b", 1, 0}}), "no backend has a usable server");
  EXPECT_EQ(shortfall(Def{}, {{"stats", 0, 0}}), "");
}

TEST(Weight, IsABonusOrAMalus) {
  EXPECT_EQ(value_of(with_quorum(60), true), 60);
  EXPECT_EQ(value_of(with_quorum(60), false), 0);
  EXPECT_EQ(value_of(with_quorum(-60), true), 0);
  EXPECT_EQ(value_of(with_quorum(-60), false), -60);
}

TEST(Quorum, IsABackendAndANumber) {
  EXPECT_EQ(parse_quorum("web:2")->servers, 2U);
  EXPECT_EQ(parse_quorum("web")->servers, 1U);
  EXPECT_EQ(parse_quorum("a:b:3")->backend, "a:b");
  for (const char* text : {"", ":1", "web:", "web:0", "web:x", "web:100001"})
    EXPECT_FALSE(parse_quorum(text)) << text;
}

constexpr const char* kAnswer =
    "Name: Evenkeel\nPid: 12\nStopping: 0\n\n# pxname,svname,qcur,status,\nweb,FRONTEND,,OPEN,\nweb,a,0,UP,\n"
    "web,b,0,DRAIN,\nweb,c,0,no check,\nweb,d,0,DOWN 1/2,\nweb,BACKEND,0,UP,\n\n";

TEST(Health, JudgesAnAnswer) {
  EXPECT_TRUE(judge(kAnswer, {}).good);
  EXPECT_EQ(judge(kAnswer, {{"web", 2}}).reason, "serving, backend 'web' has 2 usable servers");
  EXPECT_EQ(judge(kAnswer, {{"web", 3}}).reason, "backend 'web' has 2 usable servers, its quorum is 3");
  EXPECT_FALSE(judge(kAnswer, {{"nope", 1}}).good);
  EXPECT_FALSE(judge("HTTP/1.1 400 Bad request\r\n", {}).good);
  EXPECT_EQ(judge("Name: x\nPid: 1\nStopping: 1\n", {}).reason, "the process is stopping");
}

class KeeperTest : public testing::Test {
 protected:
  KeeperTest() {
    std::string name = testing::TempDir() + "vrrpXXXXXX";
    folder_ = mkdtemp(name.data());
    def_.track_file = folder_ + "/weight";
    def_.weight = 60;
    def_.notify_fifo = folder_ + "/fifo";
  }
  ~KeeperTest() override { std::filesystem::remove_all(folder_); }
  std::string text(const std::string& name) const {
    std::ifstream file(folder_ + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Waits for the keeper's thread, at most ten seconds.
  template <class Condition>
  static bool eventually(Condition condition) {
    for (int i = 0; i < 10'000 && !condition(); ++i) usleep(1000);
    return condition();
  }
  Keeper::Look looking() {
    return [this] { return std::vector<BackendState>{{"web", 2, usable_.load()}}; };
  }
  std::string folder_;
  Def def_;
  std::atomic<std::size_t> usable_{2};
};

TEST_F(KeeperTest, TheFileFollowsTheServersAndIsRepaired) {
  Keeper keeper(def_, looking());
  std::string error;
  ASSERT_TRUE(keeper.open(error)) << error;
  keeper.start();
  EXPECT_EQ(text("weight"), "60\n");
  usable_ = 0;
  keeper.nudge();
  EXPECT_TRUE(eventually([&] { return text("weight") == "0\n"; }));
  usable_ = 1;
  keeper.nudge();
  EXPECT_TRUE(eventually([&] { return text("weight") == "60\n"; }));
  unlink(def_.track_file.c_str());
  EXPECT_TRUE(eventually([&] { return text("weight") == "60\n"; }));
  keeper.finish();
  EXPECT_EQ(text("weight"), "0\n");
}

TEST_F(KeeperTest, ASuccessorKeepsItsFile) {
  Keeper before(def_, looking());
  Keeper after(def_, looking());
  std::string error;
  ASSERT_TRUE(before.open(error) && after.open(error)) << error;
  before.start();
  before.let_go();
  EXPECT_TRUE(eventually([&] { return text("weight") == "0\n"; }));
  after.start();
  before.finish();
  EXPECT_EQ(text("weight"), "60\n");
}

TEST_F(KeeperTest, RolesComeThroughTheFifoAndOutliveTheProcess) {
  {
    Keeper keeper(def_, looking());
    std::string error;
    ASSERT_TRUE(keeper.open(error)) << error;
    keeper.start();
    std::ofstream(def_.notify_fifo) << "nonsense\nINSTANCE \"VI_1\" MASTER 110\n" << std::flush;
    EXPECT_TRUE(eventually([&] { return text("fifo.state").starts_with("INSTANCE \"VI_1\" MASTER 110 "); }));
  }
  stats::role_board().show({}, "");
  Keeper next(def_, looking());
  std::string error;
  ASSERT_TRUE(next.open(error)) << error;
  next.start();
  const auto roles = stats::role_board().roles();
  ASSERT_EQ(roles.size(), 1U);
  EXPECT_EQ(roles[0].state, "MASTER");
  EXPECT_GT(roles[0].since_s, 1'000'000'000);
  EXPECT_EQ(stats::role_board().weight(), "60");
}

TEST_F(KeeperTest, WhatCannotBeOpenedIsNamed) {
  def_.notify_fifo = folder_ + "/plain";
  std::ofstream(def_.notify_fifo) << "x";
  std::string error;
  EXPECT_FALSE(Keeper(def_, looking()).open(error));
  EXPECT_THAT(error, HasSubstr("plain: not a FIFO"));
  def_.track_file = folder_ + "/nowhere/weight";
  EXPECT_FALSE(Keeper(def_, looking()).open(error));
  EXPECT_THAT(error, HasSubstr("nowhere/weight: No such file"));
}

}  // namespace
}  // namespace evenkeel::vrrp
