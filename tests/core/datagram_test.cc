#include "core/datagram.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <numeric>

namespace evenkeel {
namespace {

struct Pair {
  Pair() {
    std::string why;
    bound = open_datagram_socket(Address::loopback_v4(0), {}, why);
    EXPECT_GE(bound, 0) << why;
    const ConnectAttempt attempt = connect_datagrams(Address::local_of(bound), {});
    EXPECT_TRUE(attempt.established);
    connected = attempt.fd;
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair() {
    ::close(bound);
    ::close(connected);
  }
  int bound = -1;
  int connected = -1;
};

Datagram datagram(std::string_view bytes, std::size_t segment = 0) {
  Datagram one;
  one.bytes = bytes;
  one.segment = segment;
  return one;
}

TEST(Datagrams, ComeInBatchesWithBothAddresses) {
  const Pair pair;
  const std::vector<Datagram> run = {datagram("one"), datagram(""), datagram("three")};
  const DatagramsSent sent = send_datagrams(pair.connected, nullptr, nullptr, run);
  EXPECT_EQ(sent.datagrams, 3U);
  EXPECT_EQ(sent.bytes, 8U);
  EXPECT_EQ(sent.lost, 0U);
  DatagramReader reader;
  int error = 0;
  ASSERT_EQ(reader.receive(pair.bound, error), 3U);
  const auto batch = reader.batch(3);
  EXPECT_EQ(batch[0].bytes, "one");
  EXPECT_EQ(batch[1].bytes, "");
  EXPECT_EQ(batch[2].bytes, "three");
  EXPECT_EQ(batch[0].from, Address::local_of(pair.connected));
  EXPECT_EQ(batch[0].local.ip_string(), "127.0.0.1");
  EXPECT_EQ(reader.receive(pair.bound, error), 0U);
  EXPECT_EQ(error, EAGAIN);
}

TEST(Datagrams, LongPiecesAreTakenApartAndPutTogetherByTheKernel) {
  const Pair pair;
  const std::string bytes(10500, 'x');
  const DatagramsSent sent =
      send_datagrams(pair.connected, nullptr, nullptr, std::vector<Datagram>{datagram(bytes, 1000)});
  EXPECT_EQ(sent.datagrams, 11U);
  EXPECT_EQ(sent.bytes, bytes.size());
  DatagramReader reader;
  int error = 0;
  std::size_t datagrams = 0;
  std::size_t total = 0;
  while (const unsigned count = reader.receive(pair.bound, error)) {
    for (const Datagram& one : reader.batch(count)) {
      datagrams += one.count();
      total += one.bytes.size();
    }
  }
  EXPECT_EQ(datagrams, 11U);
  EXPECT_EQ(total, bytes.size());
}

TEST(Datagrams, MoreThanABatchAreSentAllTheSame) {
  const Pair pair;
  const std::vector<Datagram> run(DatagramReader::kBatch + 5, datagram("x"));
  EXPECT_EQ(send_datagrams(pair.connected, nullptr, nullptr, run).datagrams, run.size());
}

TEST(Datagrams, ARefusalIsHeard) {
  int fd = -1;
  {
    const Pair pair;
    fd = ::dup(pair.connected);
  }
  EXPECT_EQ(send_datagrams(fd, nullptr, nullptr, std::vector<Datagram>{datagram("x")}).lost, 0U);
  pollfd wait{fd, POLLIN, 0};
  EXPECT_EQ(::poll(&wait, 1, 10'000), 1);
  DatagramReader reader;
  int error = 0;
  EXPECT_EQ(reader.receive(fd, error), 0U);
  EXPECT_EQ(error, ECONNREFUSED);
  ::close(fd);
}

TEST(Datagrams, WhatIsTooLongIsLostAndTheRestIsNot) {
  const Pair pair;
  const std::string long_one(70'000, 'x');
  const DatagramsSent sent =
      send_datagrams(pair.connected, nullptr, nullptr,
                     std::vector<Datagram>{datagram("a"), datagram(long_one), datagram("b")});
  EXPECT_EQ(sent.datagrams, 2U);
  EXPECT_EQ(sent.lost, 1U);
  EXPECT_EQ(sent.error, EMSGSIZE);
}

TEST(Datagrams, AWildcardSocketAnswersFromTheAddressThatWasAsked) {
  std::string why;
  const int fd = open_datagram_socket(Address::any_v4(0), {}, why);
  ASSERT_GE(fd, 0) << why;
  Address to = *Address::from_ip("127.0.0.7", Address::local_of(fd).port());
  const ConnectAttempt client = connect_datagrams(to, {});
  ASSERT_GE(client.fd, 0);
  (void)send_datagrams(client.fd, nullptr, nullptr, std::vector<Datagram>{datagram("x")});
  DatagramReader reader;
  int error = 0;
  ASSERT_EQ(reader.receive(fd, error), 1U);
  const Datagram asked = reader.batch(1)[0];
  EXPECT_EQ(asked.local.ip_string(), "127.0.0.7");
  (void)send_datagrams(fd, &asked.from, &asked.local, std::vector<Datagram>{datagram("y")});
  ASSERT_EQ(reader.receive(client.fd, error), 1U);  // a connected socket takes it from that address only
  EXPECT_EQ(reader.batch(1)[0].bytes, "y");
  ::close(fd);
  ::close(client.fd);
}

TEST(Datagrams, TcpSocketsAreTold) {
  const Pair pair;
  EXPECT_TRUE(is_datagram_socket(pair.bound));
  const int tcp = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_FALSE(is_datagram_socket(tcp));
  ::close(tcp);
  EXPECT_FALSE(is_datagram_socket(-1));
}

}  // namespace
}  // namespace evenkeel
