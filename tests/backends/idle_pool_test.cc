#include "backends/idle_pool.h"

#include "tests/backends/live_backend.h"

namespace evenkeel::backends {
namespace {

class IdlePoolTest : public testing::Test {
 protected:
  ~IdlePoolTest() override {
    pool_.clear();
    for (const int fd : peers_) ::close(fd);
    EXPECT_EQ(shared_, 0U);
  }
  // A connection whose other end is peers_[n]; n counts from 0.
  std::unique_ptr<ServerConnection> connection(std::uint32_t requests = 1) {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    peers_.push_back(fds[1]);
    auto made = std::make_unique<ServerConnection>(worker_, fds[0]);
    made->requests = requests;
    return made;
  }
  Worker worker_{0};
  std::atomic<std::uint32_t> shared_{0};
  IdlePool pool_{shared_};
  std::vector<int> peers_;
};

TEST_F(IdlePoolTest, LastInFirstOut) {
  auto first = connection();
  auto second = connection();
  const ServerConnection* const young = second.get();
  pool_.put(std::move(first), 10);
  pool_.put(std::move(second), 20);
  EXPECT_EQ(shared_, 2U);
  EXPECT_EQ(pool_.take(0).get(), young);
  EXPECT_EQ(pool_.size(), 1U);
}

TEST_F(IdlePoolTest, OnlyOnesThatHaveProvedThemselves) {
  pool_.put(connection(3), 10);
  pool_.put(connection(1), 20);
  EXPECT_EQ(pool_.take(4), nullptr);
  EXPECT_EQ(pool_.take(2)->requests, 3U);
}

TEST_F(IdlePoolTest, AServerThatClosesTakesItsConnectionOut) {
  pool_.put(connection(), 10);
  pool_.put(connection(), 20);
  ::shutdown(peers_[0], SHUT_RDWR);
  ASSERT_TRUE(turn_until(worker_, [&] { return pool_.size() == 1; }));
  EXPECT_EQ(shared_, 1U);
  ASSERT_NE(pool_.take(0), nullptr);
}

TEST_F(IdlePoolTest, AServerThatTalksOutOfTurnTakesItsConnectionOut) {
  pool_.put(connection(), 10);
  ASSERT_EQ(::send(peers_[0], "x", 1, MSG_NOSIGNAL), 1);
  ASSERT_TRUE(turn_until(worker_, [&] { return pool_.size() == 0; }));
}

TEST_F(IdlePoolTest, OneThatIsTakenIsNotWatchedAnyMore) {
  pool_.put(connection(), 10);
  auto taken = pool_.take(0);
  ASSERT_EQ(::send(peers_[0], "x", 1, MSG_NOSIGNAL), 1);
  worker_.run_for(0);
  char byte = 0;
  EXPECT_EQ(::recv(taken->stream.fd(), &byte, 1, 0), 1);
}

TEST_F(IdlePoolTest, PurgeClosesTheOldOnesAndKeepsSome) {
  for (const Millis since : {10, 20, 30}) pool_.put(connection(), since);
  pool_.purge(25, 0);
  EXPECT_EQ(pool_.size(), 1U);
  pool_.put(connection(), 40);
  pool_.purge(1'000, 1);
  EXPECT_EQ(pool_.size(), 1U);
  EXPECT_EQ(pool_.take(0)->idle_since, 40);
}

}  // namespace
}  // namespace evenkeel::backends
