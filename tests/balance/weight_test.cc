#include "balance/weight.h"

#include <gtest/gtest.h>

namespace evenkeel::balance {
namespace {

// Every case as HAProxy 2.6 answers it.
TEST(Weight, AcceptsWhatHaproxyAccepts) {
  EXPECT_EQ(parse_weight("0", 10, true).weight, 0U);
  EXPECT_EQ(parse_weight("256", 10, true).weight, 256U);
  EXPECT_EQ(parse_weight("07", 10, true).weight, 7U);
  EXPECT_EQ(parse_weight("50%", 10, true).weight, 5U);
  EXPECT_EQ(parse_weight("33%", 3, true).weight, 0U);
  EXPECT_EQ(parse_weight("34%", 3, true).weight, 1U);
  EXPECT_EQ(parse_weight("99%", 3, true).weight, 2U);
  EXPECT_EQ(parse_weight("3000%", 10, true).weight, 256U);
  EXPECT_EQ(parse_weight("1000000000%", 10, true).weight, 256U);
  EXPECT_EQ(parse_weight("99999999999%", 10, true).weight, 256U);
  EXPECT_EQ(parse_weight("100%", 0, true).weight, 0U);
}

TEST(Weight, RefusesInHaproxysWords) {
  const auto error = [](std::string_view text, bool dynamic = true) {
    return parse_weight(text, 10, dynamic).error;
  };
  EXPECT_EQ(error(""), "Require <weight> or <weight%>.\n");
  EXPECT_EQ(error("abc"), "Empty weight string empty or preceded by garbage");
  EXPECT_EQ(error("%"), "Empty weight string empty or preceded by garbage");
  EXPECT_EQ(error("5x"), "Trailing garbage in weight string");
  EXPECT_EQ(error("50%x"), "Trailing garbage in weight string");
  EXPECT_EQ(error("257"), "Absolute weight can only be between 0 and 256 inclusive.\n");
  EXPECT_EQ(error("-1"), "Absolute weight can only be between 0 and 256 inclusive.\n");
  EXPECT_EQ(error("99999999999"), "Absolute weight can only be between 0 and 256 inclusive.\n");
  EXPECT_EQ(error("99999999999999999999"), "Absolute weight can only be between 0 and 256 inclusive.\n");
  EXPECT_EQ(error("-5%"), "Relative weight must be positive.\n");
  EXPECT_EQ(error("5", false),
            "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.\n");
  EXPECT_TRUE(error("10", false).empty());
  EXPECT_TRUE(error("100%", false).empty());
  EXPECT_TRUE(error("0", false).empty());
}

}  // namespace
}  // namespace evenkeel::balance
