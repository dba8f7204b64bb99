#include "frontends/http_session.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>

#include "tests/frontends/live_proxy.h"

namespace evenkeel::frontends {
namespace {

std::string read_head(int fd) {
  std::string text;
  char c = 0;
  while (text.find("\r\n\r\n") == std::string::npos && ::recv(fd, &c, 1, 0) == 1) text += c;
  return text;
}

std::string read_all(int fd) {
  std::string text;
  char block[4096];
  for (ssize_t n = ::recv(fd, block, sizeof block, 0); n > 0; n = ::recv(fd, block, sizeof block, 0)) {
    text.append(block, static_cast<std::size_t>(n));
  }
  return text;
}

class Proxy : public LiveProxy {
 public:
  explicit Proxy(const std::vector<std::uint16_t>& origins, const Tune& tune = {})
      : LiveProxy(origins, backends::Mode::http, 2, [&tune](FrontendDef& fe, backends::BackendDef& be) {
          fe.timeouts.client = 2000;
          be.timeouts.connect = 1000;
          be.timeouts.server = 2000;
          if (tune) tune(fe, be);
        }) {}
  // One exchange on a connection of its own; the answer up to the end of the connection.
  [[nodiscard]] std::string ask(std::string_view request) const {
    const int fd = connect();
    send_text(fd, request);
    ::shutdown(fd, SHUT_WR);
    std::string answer = read_all(fd);
    ::close(fd);
    return answer;
  }
};

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

TEST(HttpSession, ForwardsARequestAndItsResponse) {
  std::string seen;
  Origin origin([&](int fd) {
    seen = read_head(fd);
    send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  });
  Proxy proxy({origin.port()}, [](FrontendDef& fe, backends::BackendDef&) { fe.forward_for.on = true; });
  EXPECT_EQ(proxy.ask(kGet), "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello");
  EXPECT_EQ(seen, "GET / HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 127.0.0.1\r\n\r\n");
}

TEST(HttpSession, KeepsBothConnectionsForPipelinedRequests) {
  Origin origin([](int fd) {
    for (int i = 0; i < 3 && !read_head(fd).empty(); ++i)
      send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
  });
  Proxy proxy({origin.port()});
  const std::string answer =
      proxy.ask("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n" + std::string(kGet));
  EXPECT_EQ(std::count(answer.begin(), answer.end(), 'x'), 3);
  EXPECT_EQ(origin.connections, 1);
}

TEST(HttpSession, StreamsAChunkedUploadAndDownload) {
  std::string body;
  Origin origin([&](int fd) {
    (void)read_head(fd);
    char c = 0;
    while (!body.ends_with("0\r\n\r\n") && ::recv(fd, &c, 1, 0) == 1) body += c;
    send_text(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  });
  Proxy proxy({origin.port()});
  const int fd = proxy.connect();
  send_text(
      fd, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n4;x=y\r\nwx");
  send_text(fd, "yz\r\n0\r\n\r\n");
  const std::string answer = read_all(fd);
  ::close(fd);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n3\r\nabc\r\n0\r\n\r\n")) << answer;
  EXPECT_TRUE(body.find("wx") != std::string::npos && body.ends_with("0\r\n\r\n")) << body;
}

TEST(HttpSession, CarriesABigBodyThroughTheKernel) {
  const std::string big(3'000'000, 'b');
  Origin origin([&](int fd) {
    (void)read_head(fd);
    send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n");
    send_text(fd, big);
  });
  Proxy proxy({origin.port()});
  const std::string answer = proxy.ask(kGet);
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, big.size());
}

TEST(HttpSession, AnswersForAServerThatIsNotThere) {
  Origin gone([](int) {});
  const std::uint16_t port = gone.port();
  Proxy proxy({1}, [](FrontendDef&, backends::BackendDef& be) { be.retries = 0; });
  (void)port;
  EXPECT_TRUE(proxy.ask(kGet).starts_with("HTTP/1.1 503 "));
}

TEST(HttpSession, MovesToAnotherServerWhenOneRefuses) {
  Origin origin([](int fd) {
    (void)read_head(fd);
    send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  Proxy proxy({1, origin.port()});
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(proxy.ask(kGet).starts_with("HTTP/1.1 200 "));
}

TEST(HttpSession, RefusesWhatIsNoRequest) {
  Proxy proxy({1});
  EXPECT_TRUE(proxy.ask("NONSENSE\r\n\r\n").starts_with("HTTP/1.1 400 "));
}

TEST(HttpSession, TellsATimeoutOfTheServer) {
  std::atomic<bool> done{false};
  Origin origin([&](int fd) {
    (void)read_head(fd);
    pollfd p{fd, POLLIN, 0};
    ::poll(&p, 1, 5000);  // until the proxy gives up
    done = true;
  });
  Proxy proxy({origin.port()}, [](FrontendDef&, backends::BackendDef& be) { be.timeouts.server = 50; });
  EXPECT_TRUE(proxy.ask(kGet).starts_with("HTTP/1.1 504 "));
}

TEST(HttpSession, OpensATunnelForAnUpgrade) {
  Origin origin([](int fd) {
    (void)read_head(fd);
    send_text(fd, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
    char block[64];
    const ssize_t n = ::recv(fd, block, sizeof block, 0);
    if (n > 0) send_text(fd, {block, static_cast<std::size_t>(n)});
  });
  Proxy proxy({origin.port()});
  const int fd = proxy.connect();
  send_text(fd, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  EXPECT_TRUE(read_head(fd).starts_with("HTTP/1.1 101 "));
  send_text(fd, "ping");
  EXPECT_EQ(read_all(fd), "ping");
  ::close(fd);
}

}  // namespace
}  // namespace evenkeel::frontends
