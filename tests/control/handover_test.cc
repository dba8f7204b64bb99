#include "control/handover.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "core/address.h"
#include "core/socket_options.h"

namespace evenkeel::control {
namespace {

using testing::HasSubstr;

struct Channel {
  std::array<int, 2> ends{};
  Channel() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0); }
  ~Channel() {
    for (const int fd : ends) close(fd);
  }
};

TEST(Handover, SocketsKeepTheirAddress) {
  std::string why;
  const int listener = open_listener(*Address::from_ip("127.0.0.1", 0), {}, why);
  ASSERT_GE(listener, 0) << why;
  Channel channel;
  ASSERT_TRUE(send_sockets(channel.ends[0], std::span(&listener, 1)));
  const auto got = receive_sockets(channel.ends[1], 1000, why);
  ASSERT_TRUE(got) << why;
  ASSERT_EQ(got->size(), 1U);
  EXPECT_EQ(Address::local_of(got->front()), Address::local_of(listener));
  EXPECT_EQ(fcntl(got->front(), F_GETFD), FD_CLOEXEC);
  close(got->front());
  close(listener);
}

TEST(Handover, ManySocketsTakeSeveralMessages) {
  std::vector<int> sockets;
  for (int i = 0; i < 450; ++i) sockets.push_back(dup(0));
  Channel channel;
  ASSERT_TRUE(send_sockets(channel.ends[0], sockets));
  std::string why;
  const auto got = receive_sockets(channel.ends[1], 1000, why);
  ASSERT_TRUE(got) << why;
  EXPECT_EQ(got->size(), sockets.size());
  for (const int fd : *got) close(fd);
  for (const int fd : sockets) close(fd);
}

TEST(Handover, NoSocketsAreAnAnswerToo) {
  Channel channel;
  ASSERT_TRUE(send_sockets(channel.ends[0], {}));
  std::string why;
  const auto got = receive_sockets(channel.ends[1], 1000, why);
  ASSERT_TRUE(got);
  EXPECT_TRUE(got->empty());
}

TEST(Handover, OtherLanguagesAreNotUnderstood) {
  Channel channel;
  ASSERT_EQ(write(channel.ends[0], "Unknown command\n", 16), 16);
  std::string why;
  EXPECT_FALSE(receive_sockets(channel.ends[1], 1000, why));
  EXPECT_THAT(why, HasSubstr("expose-fd listeners"));
}

TEST(Handover, SilenceAndEndAreTold) {
  Channel channel;
  std::string why;
  EXPECT_FALSE(receive_sockets(channel.ends[1], 1, why));
  EXPECT_THAT(why, HasSubstr("no answer"));
  shutdown(channel.ends[0], SHUT_WR);
  EXPECT_FALSE(receive_sockets(channel.ends[1], 1000, why));
  EXPECT_THAT(why, HasSubstr("closed"));
  EXPECT_FALSE(fetch_sockets("/nonexistent/evenkeel.sock", why));
  EXPECT_THAT(why, HasSubstr("No such file"));
}

}  // namespace
}  // namespace evenkeel::control
