#include "frontends/log_forward.h"

#include <gtest/gtest.h>

namespace evenkeel::frontends {
namespace {

TEST(NextStreamMessage, KnowsBothFramings) {
  std::string_view message;
  std::size_t taken = 0;
  ASSERT_TRUE(next_stream_message("<1>a\n<2>b", message, taken));
  EXPECT_EQ(message, "<1>a");
  EXPECT_EQ(taken, 5u);
  ASSERT_TRUE(next_stream_message("<2>b", message, taken));
  EXPECT_EQ(taken, 0u);
  ASSERT_TRUE(next_stream_message("4 <1>a5", message, taken));
  EXPECT_EQ(message, "<1>a");
  EXPECT_EQ(taken, 6u);
  for (const std::string_view part : {"", "4", "44", "4 ", "4 <1>"}) {
    ASSERT_TRUE(next_stream_message(part, message, taken)) << part;
    EXPECT_EQ(taken, 0u) << part;
  }
}

TEST(NextStreamMessage, RefusesWhatIsNone) {
  std::string_view message;
  std::size_t taken = 0;
  EXPECT_FALSE(next_stream_message("4x", message, taken));
  EXPECT_FALSE(next_stream_message("99999999 x", message, taken));
  EXPECT_FALSE(next_stream_message(std::string(70000, 'a'), message, taken));
}

}  // namespace
}  // namespace evenkeel::frontends
