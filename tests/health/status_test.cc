#include "health/status.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace evenkeel::health {
namespace {

TEST(Status, CodesAreDistinctAndFoundAgain) {
  std::set<std::string_view> seen;
  for (int i = 0; i < kCheckStatusCount; ++i) {
    const auto status = static_cast<CheckStatus>(i);
    EXPECT_TRUE(seen.insert(code(status)).second) << code(status);
    EXPECT_FALSE(description(status).empty());
    EXPECT_EQ(status_from_code(code(status)), status);
  }
  EXPECT_FALSE(status_from_code("l4ok"));
  EXPECT_FALSE(status_from_code(""));
}

TEST(Status, SaysWhatAResultMeans) {
  EXPECT_EQ(result(CheckStatus::l4_ok), CheckResult::passed);
  EXPECT_EQ(result(CheckStatus::l7_okc), CheckResult::conditional);
  EXPECT_EQ(result(CheckStatus::l7_sts), CheckResult::failed);
  EXPECT_EQ(result(CheckStatus::init), CheckResult::neutral);
  EXPECT_EQ(result(CheckStatus::proc_tout), CheckResult::failed);
}

}  // namespace
}  // namespace evenkeel::health
