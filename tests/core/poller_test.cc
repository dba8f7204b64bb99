#include "core/poller.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace evenkeel {
namespace {

struct Owner {
  int readable = 0;
  static void on_ready(void* self, bool readable, bool, bool) noexcept {
    static_cast<Owner*>(self)->readable += readable ? 1 : 0;
  }
};

void turn(Poller& poller) {
  poller.wait(
      0, [](void*) noexcept {}, nullptr);
}

class PollerTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends_), 0);
  }
  ~PollerTest() override {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  int ends_[2] = {-1, -1};
  Poller poller_;
  Owner owner_;
};

TEST_F(PollerTest, TellsTheOwnerOfBytes) {
  Watch* const watch = poller_.make(&Owner::on_ready, &owner_, ends_[0]);
  ASSERT_TRUE(poller_.want_read(*watch));
  ASSERT_EQ(::write(ends_[1], "x", 1), 1);
  turn(poller_);
  EXPECT_EQ(owner_.readable, 1);
  poller_.drop(watch);
}

// Between fork() and exec() a child holds copies of all descriptors: closing ours does not end the
// registration.
TEST_F(PollerTest, KeepsEventsOfADroppedDescriptorFromTheNextOwner) {
  const int copy = ::dup(ends_[0]);
  const int ours = ::dup(ends_[0]);
  Watch* const first = poller_.make(&Owner::on_ready, &owner_, ours);
  ASSERT_TRUE(poller_.want_read(*first));
  poller_.drop(first);
  ::close(ours);
  turn(poller_);

  Owner next;
  Watch* const second = poller_.make(&Owner::on_ready, &next, ends_[1]);
  EXPECT_EQ(second, first) << "the place is used again, else this shows nothing";
  ASSERT_EQ(::write(ends_[1], "x", 1), 1);
  turn(poller_);
  EXPECT_EQ(owner_.readable, 0);
  EXPECT_EQ(next.readable, 0);
  poller_.drop(second);
  ::close(copy);
}

}  // namespace
}  // namespace evenkeel
