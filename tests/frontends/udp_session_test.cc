// Datagrams through a proxy that really runs; what needs clocks of minutes or several processes is in
// tests/e2e/process/udp.py.
#include "frontends/udp_session.h"

#include <gtest/gtest.h>

#include <set>

#include "live_proxy.h"

namespace evenkeel::frontends {
namespace {

Address ip(const char* text, std::uint16_t port) { return *Address::from_ip(text, port); }

TEST(UdpKey, TellsClientsAndAddressesApart) {
  const UdpKey key = udp_key(ip("192.0.2.1", 1000), ip("198.51.100.1", 0));
  EXPECT_EQ(key, udp_key(ip("192.0.2.1", 1000), ip("198.51.100.1", 53)));  // the socket says the port
  EXPECT_NE(key, udp_key(ip("192.0.2.1", 1001), ip("198.51.100.1", 0)));
  EXPECT_NE(key, udp_key(ip("192.0.2.2", 1000), ip("198.51.100.1", 0)));
  EXPECT_NE(key, udp_key(ip("192.0.2.1", 1000), ip("198.51.100.2", 0)));
  EXPECT_NE(key, udp_key(ip("192.0.2.1", 1000), Address()));
  EXPECT_NE(udp_key(ip("2001:db8::1", 1), Address()), udp_key(ip("2001:db8::2", 1), Address()));
}

// A bound UDP socket of the test's own; waits for at most ten seconds.
class Socket {
 public:
  Socket() : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const Address any = Address::loopback_v4(0);
    EXPECT_EQ(::bind(fd_, any.data(), any.size()), 0);
    const timeval limit{10, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { ::close(fd_); }
  [[nodiscard]] std::uint16_t port() const { return Address::local_of(fd_).port(); }
  void send(std::string_view text, const Address& to) const {
    EXPECT_EQ(::sendto(fd_, text.data(), text.size(), 0, to.data(), to.size()),
              static_cast<ssize_t>(text.size()));
  }
  std::string receive() {
    char bytes[2048];
    socklen_t size = Address::capacity();
    const ssize_t n = ::recvfrom(fd_, bytes, sizeof bytes, 0, from.data(), &size);
    from.resize(size);
    return n < 0 ? "nothing" : std::string(bytes, static_cast<std::size_t>(n));
  }
  Address from;

 private:
  int fd_;
};

std::unique_ptr<LiveProxy> proxy_to(const std::vector<std::uint16_t>& servers, const Tune& tune = {}) {
  return std::make_unique<LiveProxy>(servers, backends::Mode::tcp, 1,
                                     [&](FrontendDef& fe, backends::BackendDef& be) {
                                       fe.datagram = be.datagram = true;
                                       fe.timeouts.client = be.timeouts.server = 10'000;
                                       for (BindDef& bind : fe.binds) bind.datagram = true;
                                       if (tune) tune(fe, be);
                                     });
}

Address address_of(LiveProxy& proxy) {
  return Address::local_of(proxy.engine->frontends()[0]->listeners[0]->sockets[0]);
}

TEST(UdpSession, EachClientHasASocketTowardsItsServer) {
  Socket server;
  const auto proxy = proxy_to({server.port()});
  Socket one;
  Socket two;
  one.send("a", address_of(*proxy));
  EXPECT_EQ(server.receive(), "a");
  const Address first = server.from;
  two.send("b", address_of(*proxy));
  EXPECT_EQ(server.receive(), "b");
  EXPECT_NE(server.from, first);
  // The answers come out of turn and find their clients.
  server.send("to two", server.from);
  server.send("to one", first);
  EXPECT_EQ(one.receive(), "to one");
  EXPECT_EQ(one.from, address_of(*proxy));
  EXPECT_EQ(two.receive(), "to two");
  one.send("c", address_of(*proxy));
  EXPECT_EQ(server.receive(), "c");
  EXPECT_EQ(server.from, first);
  EXPECT_EQ(proxy->engine->current_connections.load(), 2U);
}

TEST(UdpSession, AStrangerCannotAnswer) {
  Socket server;
  const auto proxy = proxy_to({server.port()});
  Socket client;
  client.send("question", address_of(*proxy));
  EXPECT_EQ(server.receive(), "question");
  Socket stranger;
  stranger.send("forged", server.from);
  server.send("answer", server.from);
  EXPECT_EQ(client.receive(), "answer");
}

TEST(UdpSession, SourceHashesKeepAClientsServer) {
  Socket a;
  Socket b;
  const auto proxy = proxy_to({a.port(), b.port()}, [](FrontendDef&, backends::BackendDef& be) {
    be.balance.algorithm = balance::Algorithm::source;
  });
  // All of them have one address, and so one server.
  Socket clients[6];
  for (Socket& client : clients) client.send("x", address_of(*proxy));
  while (proxy->engine->current_connections.load() < 6) std::this_thread::yield();
  const auto& servers = proxy->engine->backends()[0]->servers();
  const std::set<std::uint32_t> counts = {servers[0]->current_sessions.load(),
                                          servers[1]->current_sessions.load()};
  EXPECT_EQ(counts, (std::set<std::uint32_t>{0, 6}));
}

TEST(UdpSession, EverythingIsGivenBackAtTheEnd) {
  Socket server;
  const auto proxy = proxy_to({server.port()}, [](FrontendDef& fe, backends::BackendDef& be) {
    fe.timeouts.client = be.timeouts.server = 20;
  });
  for (int round = 0; round < 3; ++round) {
    Socket client;
    client.send("x", address_of(*proxy));
    EXPECT_EQ(server.receive(), "x");
    if (round != 0) server.send("y", server.from);
    while (proxy->engine->current_connections.load() != 0) std::this_thread::yield();
  }
  const backends::Server& live = *proxy->engine->backends()[0]->servers()[0];
  EXPECT_EQ(live.current_sessions.load(), 0U);
  EXPECT_EQ(live.served.load(), 0U);
  EXPECT_EQ(proxy->engine->backends()[0]->current_sessions.load(), 0U);
  EXPECT_EQ(proxy->engine->frontends()[0]->current.load(), 0U);
}

TEST(UdpSession, ASoftStopWaitsForItsSessions) {
  Socket server;
  const auto proxy = proxy_to({server.port()});
  Socket client;
  const Address address = address_of(*proxy);
  client.send("before", address);
  EXPECT_EQ(server.receive(), "before");
  const Address session = server.from;
  proxy->engine->soft_stop();
  // The session's own socket takes over; nobody else is bound to the address from some moment on.
  client.send("after", address);
  EXPECT_EQ(server.receive(), "after");
  EXPECT_EQ(server.from, session);
  server.send("answer", session);
  EXPECT_EQ(client.receive(), "answer");
  EXPECT_EQ(client.from, address);
}

}  // namespace
}  // namespace evenkeel::frontends
