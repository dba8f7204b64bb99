#include "control/master.h"

#include <gmock/gmock.h>

namespace evenkeel::control {
namespace {

TEST(MasterState, SurvivesAnExecution) {
  MasterState state;
  state.workers = {{4711, 5, 0, 77, "0.1.0"}, {42, 9, 3, 12, "0.0.9"}};
  state.sockets = {6, 7, 8};
  state.cli_sockets = {10};
  state.started = 123456789012;
  state.reloads = 4;
  state.failed_reloads = 1;
  state.startup_version = "0.1.0";
  state.lost_file = "/run/odd;name,with:all";
  state.lost_value = -254;
  const auto back = MasterState::parse(state.serialize());
  ASSERT_TRUE(back);
  ASSERT_EQ(back->workers.size(), 2U);
  EXPECT_EQ(back->workers[1].pid, 42);
  EXPECT_EQ(back->workers[1].channel, 9);
  EXPECT_EQ(back->workers[1].reloads, 3U);
  EXPECT_EQ(back->workers[1].started, 12);
  EXPECT_EQ(back->workers[1].version, "0.0.9");
  EXPECT_EQ(back->sockets, state.sockets);
  EXPECT_EQ(back->cli_sockets, state.cli_sockets);
  EXPECT_EQ(back->started, 123456789012);
  EXPECT_EQ(back->reloads, 4U);
  EXPECT_EQ(back->failed_reloads, 1U);
  EXPECT_EQ(back->startup_version, "0.1.0");
  EXPECT_EQ(back->lost_file, state.lost_file);
  EXPECT_EQ(back->lost_value, -254);
}

TEST(MasterState, NothingIsFineToo) {
  const auto back = MasterState::parse(MasterState().serialize());
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->workers.empty());
  EXPECT_TRUE(back->sockets.empty());
}

TEST(MasterState, RefusesWhatItDidNotWrite) {
  for (const char* text : {"", "1", "1,2,3", "1,2,3;", "1,2;;;;", "1,2,3;3,4;;;", "1,2,3;3,4,5,6,v;",
                           "1,2,3;3,4,5,6,v:;x:;;", "a,b,c;;;;", "1,2,3;;;;0.1", "1,2,3;;;;0,9,/short"})
    EXPECT_FALSE(MasterState::parse(text)) << text;
}

}  // namespace
}  // namespace evenkeel::control
