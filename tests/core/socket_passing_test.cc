#include "core/socket_passing.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/socket_options.h"

namespace evenkeel {
namespace {

class SocketPassing : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_), 0); }
  void TearDown() override {
    for (const int fd : ends_)
      if (fd >= 0) ::close(fd);
  }
  int ends_[2] = {-1, -1};
};

TEST_F(SocketPassing, BringsAConnectedPair) {
  const int ours = connect_by_passing(ends_[0]);
  ASSERT_GE(ours, 0);
  const int theirs = accept_passed(ends_[1]);
  ASSERT_GE(theirs, 0);
  ASSERT_EQ(::write(ours, "hello", 5), 5);
  char text[8] = {};
  EXPECT_EQ(::read(theirs, text, sizeof text), 5);
  EXPECT_STREQ(text, "hello");
  EXPECT_EQ(::read(theirs, text, sizeof text), -1);  // it does not block
  EXPECT_EQ(errno, EAGAIN);
  ::close(ours);
  EXPECT_EQ(::read(theirs, text, sizeof text), 0);
  ::close(theirs);
}

TEST_F(SocketPassing, SaysWhenNoneWaitsAndWhenNoneWillCome) {
  EXPECT_EQ(accept_passed(ends_[1]), -1);
  EXPECT_EQ(errno, EAGAIN);
  ASSERT_EQ(::write(ends_[0], "x", 1), 1);
  EXPECT_EQ(accept_passed(ends_[1]), -1);
  EXPECT_EQ(errno, EPROTO);
  ::close(std::exchange(ends_[0], -1));
  EXPECT_EQ(accept_passed(ends_[1]), -1);
  EXPECT_EQ(errno, EPIPE);
}

TEST_F(SocketPassing, FailsLikeAnyConnectionWhenNobodyListens) {
  ::close(std::exchange(ends_[1], -1));
  const ConnectAttempt attempt = begin_connect(Address::passing_over(ends_[0]), {});
  EXPECT_EQ(attempt.fd, -1);
  EXPECT_NE(attempt.error.status, IoStatus::ok);
}

TEST_F(SocketPassing, NeverWaitsForAReaderWhoIsSlow) {
  int passed = 0;
  for (; passed < 100000; ++passed) {
    const int fd = connect_by_passing(ends_[0]);
    if (fd < 0) break;
    ::close(fd);
  }
  EXPECT_GT(passed, 0);
  EXPECT_LT(passed, 100000);
}

TEST(PassingAddress, IsShownAsItIsWritten) {
  EXPECT_EQ(Address::passing_over(7).to_string(), "sockpair@7");
  EXPECT_FALSE(Address::passing_over(7).is_ip());
  EXPECT_EQ(Address::passing_over(7), Address::passing_over(7));
  EXPECT_FALSE(Address::passing_over(7) == Address::passing_over(8));
}

}  // namespace
}  // namespace evenkeel
