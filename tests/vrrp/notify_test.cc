#include "vrrp/notify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace evenkeel::vrrp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Notify, ReadsALineOfKeepalived) {
  const auto notice = parse_notice("INSTANCE \"VI_1\" MASTER 100");
  ASSERT_TRUE(notice);
  EXPECT_FALSE(notice->group);
  EXPECT_EQ(notice->name, "VI_1");
  EXPECT_EQ(notice->event, "MASTER");
  EXPECT_EQ(notice->priority, 100);
  EXPECT_TRUE(parse_notice("GROUP \"VG\" FAULT 0")->group);
  EXPECT_EQ(format_notice(*notice), "INSTANCE \"VI_1\" MASTER 100");
  EXPECT_EQ(parse_notice("INSTANCE \"a\" BACKUP 50 1700000000")->since_s, 1700000000);
}

TEST(Notify, RefusesEverythingElse) {
  for (const char* line :
       {"", "VS [1.2.3.4]:tcp:80 UP", "INSTANCE VI_1 MASTER 100", "INSTANCE \"VI_1 MASTER 100",
        "INSTANCE \"\" MASTER 100", "INSTANCE \"a b\" MASTER 1", "INSTANCE \"a\" KING 100",
        "INSTANCE \"a\" MASTER", "INSTANCE \"a\" MASTER 256", "INSTANCE \"a\" MASTER -1",
        "INSTANCE \"a\" MASTER 1x", "INSTANCE \"a\"MASTER 1", "INSTANCE \"a\" MASTER 1 x"})
    EXPECT_FALSE(parse_notice(line)) << line;
}

TEST(Notify, LinesComeInPiecesAndLongOnesAreThrownAway) {
  LineSplitter splitter;
  std::vector<std::string> lines;
  splitter.feed("one\ntw", lines);
  splitter.feed("o\n" + std::string(1000, 'x'), lines);
  splitter.feed("\nthree\n", lines);
  EXPECT_THAT(lines, ElementsAre("one", "two", "three"));
}

TEST(Roles, FollowWhatIsTold) {
  Roles roles;
  EXPECT_EQ(roles.apply(*parse_notice("INSTANCE \"VI_1\" BACKUP 50"), 10),
            "instance 'VI_1' is BACKUP, priority 50");
  EXPECT_EQ(roles.apply(*parse_notice("INSTANCE \"VI_1\" MASTER 100"), 20),
            "instance 'VI_1' is MASTER, was BACKUP, priority 100");
  EXPECT_EQ(roles.apply(*parse_notice("INSTANCE \"VI_1\" MASTER_PRIORITY 110"), 30), "");
  ASSERT_EQ(roles.all().size(), 1U);
  EXPECT_EQ(roles.all()[0].priority, 110);
  EXPECT_EQ(roles.all()[0].since_s, 20);
  EXPECT_THAT(roles.apply(*parse_notice("INSTANCE \"VI_1\" MASTER_RX_LOWER_PRI 110"), 40),
              HasSubstr("MASTER, too"));
  EXPECT_EQ(roles.all()[0].rival_s, 40);
  EXPECT_EQ(roles.all()[0].state, "MASTER");
  roles.apply(*parse_notice("INSTANCE \"VI_1\" BACKUP 110"), 50);
  EXPECT_EQ(roles.all()[0].rival_s, 0);
  roles.apply(*parse_notice("INSTANCE \"VI_1\" DELETED 110"), 60);
  EXPECT_TRUE(roles.all().empty());
}

}  // namespace
}  // namespace evenkeel::vrrp
