#include "control/cli_line.h"

#include <gmock/gmock.h>

namespace evenkeel::control {
namespace {

using ::testing::ElementsAre;

TEST(CliLine, FallsIntoCommandsAtSemicolons) {
  EXPECT_THAT(split_commands("show info;show stat"), ElementsAre("show info", "show stat"));
  EXPECT_THAT(split_commands("a\\;b;c"), ElementsAre("a\\;b", "c"));
  EXPECT_THAT(split_commands("a;"), ElementsAre("a", ""));
  EXPECT_THAT(split_commands(""), ElementsAre(""));
}

TEST(CliLine, FallsIntoWordsAtBlanks) {
  EXPECT_THAT(split_words("  show \t env  HO\\ME "), ElementsAre("show", "env", "HOME"));
  EXPECT_THAT(split_words("a\\ b \\\\ c\\;"), ElementsAre("a b", "\\", "c;"));
  EXPECT_THAT(split_words("say \"a b\""), ElementsAre("say", "\"a", "b\""));
  EXPECT_THAT(split_words("end\\"), ElementsAre("end\\"));
}

TEST(CliLine, KeepsNoMoreWordsThanHaproxy) {
  std::string line;
  for (int i = 0; i < 100; ++i) line += "w ";
  EXPECT_EQ(split_words(line).size(), kMaxWords);
}

TEST(CliLine, KnowsAPayloadMarkThatStandsAlone) {
  std::string_view line = "add map x <<";
  EXPECT_TRUE(take_payload_mark(line));
  EXPECT_EQ(line, "add map x ");
  line = "show version<<";
  EXPECT_FALSE(take_payload_mark(line));
  line = "<< ";
  EXPECT_TRUE(take_payload_mark(line));
}

}  // namespace
}  // namespace evenkeel::control
