#include "frontends/http_session.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>

#include "frontends/engine.h"

namespace evenkeel::frontends {
namespace {

// An origin that answers each connection by a function of what it has read; runs on a thread of its own.
class Origin {
 public:
  using Script = std::function<void(int fd)>;
  explicit Origin(Script script) : script_(std::move(script)) {
    std::string why;
    fd_ = open_listener(Address::loopback_v4(0), {}, why);
    EXPECT_GE(fd_, 0) << why;
    port_ = Address::local_of(fd_).port();
    thread_ = std::thread([this] {
      for (;;) {
        pollfd p{fd_, POLLIN, 0};
        ::poll(&p, 1, -1);
        const int client = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) return;
        ++connections;
        script_(client);
        ::close(client);
      }
    });
  }
  ~Origin() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  std::atomic<int> connections{0};

 private:
  Script script_;
  int fd_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

std::string read_head(int fd) {
  std::string text;
  char c = 0;
  while (text.find("\r\n\r\n") == std::string::npos && ::recv(fd, &c, 1, 0) == 1) text += c;
  return text;
}

void send_text(int fd, std::string_view text) { (void)::send(fd, text.data(), text.size(), MSG_NOSIGNAL); }

std::string read_all(int fd) {
  std::string text;
  char block[4096];
  for (ssize_t n = ::recv(fd, block, sizeof block, 0); n > 0; n = ::recv(fd, block, sizeof block, 0)) {
    text.append(block, static_cast<std::size_t>(n));
  }
  return text;
}

class Proxy {
 public:
  explicit Proxy(std::vector<std::uint16_t> origins,
                 std::function<void(FrontendDef&, backends::BackendDef&)> tune = {}) {
    auto config = std::make_shared<Config>();
    auto be = std::make_shared<backends::BackendDef>();
    be->name = "app";
    be->mode = backends::Mode::http;
    be->timeouts.connect = 1000;
    be->timeouts.server = 2000;
    for (const std::uint16_t port : origins) {
      backends::ServerDef server;
      server.name = "s" + std::to_string(be->servers.size() + 1);
      server.id = static_cast<std::uint32_t>(be->servers.size() + 1);
      server.address = Address::loopback_v4(port);
      be->servers.push_back(server);
    }
    auto fe = std::make_shared<FrontendDef>();
    fe->name = "web";
    fe->mode = backends::Mode::http;
    fe->default_backend = "app";
    fe->timeouts.client = 2000;
    BindDef bind;
    bind.address = Address::loopback_v4(0);
    fe->binds.push_back(bind);
    if (tune) tune(*fe, *be);
    config->frontends.push_back(fe);
    config->backends.push_back(be);
    config->global.no_reuse_port = true;
    engine = std::make_unique<Engine>(config, 2);
    std::vector<std::string> errors;
    EXPECT_TRUE(engine->open_listeners(errors)) << (errors.empty() ? "" : errors[0]);
    port_ = Address::local_of(engine->frontends()[0]->listeners[0]->sockets[0]).port();
    thread_ = std::thread([this] { engine->run(); });
  }
  ~Proxy() {
    engine->stop();
    thread_.join();
  }
  [[nodiscard]] int connect() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const Address to = Address::loopback_v4(port_);
    EXPECT_EQ(::connect(fd, to.data(), to.size()), 0);
    return fd;
  }
  // One exchange on a connection of its own; the answer up to the end of the connection.
  [[nodiscard]] std::string ask(std::string_view request) const {
    const int fd = connect();
    send_text(fd, request);
    ::shutdown(fd, SHUT_WR);
    std::string answer = read_all(fd);
    ::close(fd);
    return answer;
  }
  std::unique_ptr<Engine> engine;

 private:
  std::uint16_t port_ = 0;
  std::thread thread_;
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
