#include "core/regex.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace evenkeel {
namespace {

Regex make(std::string_view pattern, bool icase = false) {
  auto regex = Regex::compile(pattern, icase);
  EXPECT_TRUE(regex.has_value()) << pattern;
  return *regex;
}

TEST(Regex, MatchesAnywhereInBytes) {
  EXPECT_TRUE(make("b+c").match("aabbcc"));
  EXPECT_FALSE(make("^b").match("aabb"));
  EXPECT_TRUE(make("\\x00\\xff").match(std::string_view("a\0\xff", 3)));
  EXPECT_TRUE(make("").match(""));
  EXPECT_TRUE(make("^$").match(std::string_view()));
}

TEST(Regex, IgnoresCaseOnlyWhenTold) {
  EXPECT_FALSE(make("get").match("GET"));
  EXPECT_TRUE(make("get", true).match("GET"));
}

TEST(Regex, SaysWhereAPatternIsWrong) {
  const auto bad = Regex::compile("ab(c", false);
  ASSERT_FALSE(bad.has_value());
  EXPECT_NE(bad.error().find("at offset 4"), std::string::npos) << bad.error();
}

TEST(Regex, CapturesGroups) {
  std::array<std::string_view, 4> groups;
  const std::string subject = "/a/42/x";
  ASSERT_EQ(make("^/(\\w)/(\\d+)(z)?").match(subject, groups), 3u);
  EXPECT_EQ(groups[0], "/a/42");
  EXPECT_EQ(groups[1], "a");
  EXPECT_EQ(groups[2], "42");
  EXPECT_EQ(groups[3].data(), nullptr);

  std::array<std::string_view, 1> whole;
  EXPECT_EQ(make("(\\d)(\\d)").match(subject, whole), 1u);
  EXPECT_EQ(whole[0], "42");
  EXPECT_EQ(make("nope").match(subject, groups), 0u);
}

TEST(Regex, GivesUpOnCatastrophicBacktracking) {
  const std::string subject(40, 'a');
  EXPECT_FALSE(make("^(a+)+$").match(subject + "!"));
}

TEST(Regex, CopiesShareThePattern) {
  Regex copy = make("x");
  {
    const Regex original = make("y");
    copy = original;
  }
  EXPECT_TRUE(copy.match("y"));
  EXPECT_EQ(copy.pattern(), "y");
}

}  // namespace
}  // namespace evenkeel
