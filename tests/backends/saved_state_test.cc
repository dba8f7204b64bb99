#include "backends/saved_state.h"

#include <gmock/gmock.h>

namespace evenkeel::backends {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kHead =
    "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight\n";

StateFile parse(const std::string& rows) { return parse_state_file(std::string(kHead) + rows); }

TEST(SavedState, TakesEveryColumnThatCounts) {
  const StateFile file = parse(
      "3 app 7 web 192.0.2.1 3 9 20 10 120 8 2 1 6 22 0 0 web.example 8080 - 0 8081 192.0.2.2 192.0.2.3 "
      "9000\n\n");
  ASSERT_EQ(file.error, "");
  ASSERT_EQ(file.servers.size(), 1U);
  const SavedState& s = *file.servers.at({"app", "web"});
  EXPECT_EQ(s.operation, SavedState::Operation::stopping);
  EXPECT_EQ(s.admin, 9U);
  EXPECT_EQ(s.user_weight, 20U);
  EXPECT_EQ(s.initial_weight, 10U);
  EXPECT_EQ(s.seconds_since_change, 120);
  EXPECT_EQ(s.check_status, health::CheckStatus::l4_con);
  EXPECT_TRUE(s.checks_enabled);
  EXPECT_TRUE(s.agent_enabled);
  EXPECT_EQ(s.address.ip_string(), "192.0.2.1");
  EXPECT_EQ(s.port, 8080);
  EXPECT_EQ(s.fqdn, "web.example");
  EXPECT_EQ(s.check_port, 8081);
  EXPECT_EQ(s.check_address->ip_string(), "192.0.2.2");
  EXPECT_EQ(s.agent_address->ip_string(), "192.0.2.3");
  EXPECT_EQ(s.agent_port, 9000);
}

TEST(SavedState, KnowsTheShorterRowsOfOlderVersions) {
  const StateFile file = parse("3 b 1 s - 2 0 1 1 5 1 0 3 2 0 0 0 - 80\n");
  ASSERT_EQ(file.servers.size(), 1U);
  const SavedState& s = *file.servers.at({"b", "s"});
  EXPECT_EQ(s.address.family(), AF_UNSPEC);
  EXPECT_FALSE(s.checks_enabled);
  EXPECT_EQ(s.fqdn, "");
}

TEST(SavedState, LeavesOutRowsWithNonsense) {
  const StateFile file = parse(
      "3 b 1 s - 9 0 1 1 5 1 0 3 2 0 0 0 - 80\n3 b 2 t - 2 0 999 1 5 1 0 3 2 0 0 0 - 80\n"
      "3 b 3 u - 2 0 1 1 5 1 0 3 2 0 0 0 - x\n3 b 4 v - 2 0 1 1 5 1 0 3 2 0 0 0 - 80\n");
  EXPECT_EQ(file.servers.size(), 1U);
  EXPECT_THAT(file.complaints, ElementsAre(HasSubstr("'b/s' starts anew: srv_op_state '9'"),
                                           HasSubstr("srv_uweight '999'"), HasSubstr("srv_port 'x'")));
}

TEST(SavedState, RefusesWhatIsNoStateFile) {
  for (const char* text : {"", "2\n", "# 1\n", "\n1\n", "1"})
    EXPECT_THAT(parse_state_file(text).servers, IsEmpty()) << text;
  EXPECT_NE(parse_state_file("2\n").error, "");
  EXPECT_EQ(parse_state_file("1").error, "");
  EXPECT_THAT(parse("3 b 1 s - 2 0 1 1 5 1 0 3 2 0 0 0 - 80\n3 b 2\n").error,
              HasSubstr("line 4 has 3 columns"));
}

}  // namespace
}  // namespace evenkeel::backends
