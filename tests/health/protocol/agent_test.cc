// The rows of VerdictsAsHaproxy were observed at HAProxy 2.6.12.
#include "health/protocol/agent.h"

#include <gtest/gtest.h>

#include "tests/health/script_player.h"

namespace evenkeel::health {
namespace {

TEST(AgentReply, ReadsWordsInAnyOrderAndCase) {
  const AgentReply reply = parse_agent_reply("UP,READY\t80%");
  EXPECT_EQ(reply.up, true);
  EXPECT_EQ(reply.word, "UP");
  EXPECT_EQ(reply.admin, AgentReply::Admin::ready);
  EXPECT_EQ(reply.weight_percent, 80);
  EXPECT_FALSE(reply.maxconn);
  EXPECT_EQ(parse_agent_reply("maxconn:30").maxconn, 30);
  EXPECT_EQ(parse_agent_reply("10% 20%").weight_percent, 20);
  EXPECT_EQ(parse_agent_reply("drain up").admin, AgentReply::Admin::drain);
  EXPECT_EQ(parse_agent_reply("maint").admin, AgentReply::Admin::maint);
  EXPECT_EQ(parse_agent_reply("down up").up, true);
  EXPECT_FALSE(parse_agent_reply("-5%").weight_percent);
  EXPECT_FALSE(parse_agent_reply("").up);
}

TEST(AgentProtocol, VerdictsAsHaproxy) {
  struct Row {
    const char* line;
    const char* shown;
  };
  const Row rows[] = {
      {"up\n", "L7OK 0 | via agent : up"},
      {"up 50%\n", "L7OK 0 | via agent : up"},
      {"down\n", "L7STS 0 | via agent : down"},
      {"down#maintenance window, x\n", "CHECKED | agent reports an error : down#maintenance"},
      {"fail # because\n", "L7STS 0 | via agent : fail (because)"},
      {"stopped\n", "L7STS 0 | via agent : stopped"},
      {"drain\n", "CHECKED"},
      {"75%\n", "CHECKED"},
      {"hello\n", "CHECKED | agent reports an error : hello"},
      {"abc%\n", "CHECKED | agent reports an error : abc%"},
      {"maxconn:x\n", "CHECKED | agent warns : maxconn string empty or preceded by garbage"},
      {"UP,READY\t80%\r\n", "L7OK 0 | via agent : UP"},
      {"\n", "CHECKED"},
      {"-5%\n", "CHECKED | agent reports an error : -5%"},
      {"up foo\n", "L7OK 0 | via agent : up (foo)"},
      {"stopped #a b\n", "L7STS 0 | via agent : stopped (a b)"},
      {"50 %\n", "CHECKED | agent reports an error : 50"},
      {"  up  \n", "L7OK 0 | via agent : up"},
      {"up", "CHECKED | Ignoring incomplete line from agent"},
      {"", "L7RSP | TCPCHK got an empty response at step 2"},
  };
  for (const Row& row : rows) {
    AgentProtocol agent("");
    EXPECT_EQ(play(agent, {row.line}, true).shown(), row.shown) << row.line;
  }
}

TEST(AgentProtocol, SaysItsLineFirst) {
  AgentProtocol agent("foo\n");
  const Played played = play(agent, {"up\n"}, false);
  EXPECT_EQ(played.sent, "foo\n");
  EXPECT_EQ(played.verdict.status, CheckStatus::l7_ok);
  EXPECT_EQ(agent.reply().up, true);
}

}  // namespace
}  // namespace evenkeel::health
