#include "frontends/access_logs.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <thread>

namespace evenkeel::frontends {
namespace {

using ::testing::MatchesRegex;

// A proxy without servers whose log lines arrive at a socket of ours: the lines are the whole test.
class AccessLogsTest : public ::testing::Test {
 protected:
  void start(backends::Mode mode, const std::function<void(FrontendDef&)>& tune = {}) {
    syslog_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const Address any = Address::loopback_v4(0);
    ASSERT_EQ(::bind(syslog_, any.data(), any.size()), 0);
    stats::LogTargetDef target;
    target.address = Address::local_of(syslog_);
    target.format = stats::SyslogFormat::raw;
    auto fe = std::make_shared<FrontendDef>();
    fe->name = "web";
    fe->mode = mode;
    fe->timeouts.client = 2000;
    fe->log.use_global = true;
    fe->log.access.format = stats::LogFormat::http;
    BindDef bind;
    bind.address = Address::loopback_v4(0);
    bind.name = "sock-1";
    bind.id = 1;
    fe->binds.push_back(bind);
    if (tune) tune(*fe);
    auto config = std::make_shared<Config>();
    config->global.log.targets.push_back(target);
    config->frontends.push_back(fe);
    engine_ = std::make_unique<Engine>(config, 1);
    std::vector<std::string> errors;
    ASSERT_TRUE(engine_->open_listeners(errors));
    address_ = Address::local_of(engine_->frontends()[0]->listeners[0]->sockets[0]);
    thread_ = std::thread([this] { engine_->run(); });
  }
  ~AccessLogsTest() override {
    if (engine_) engine_->stop();
    if (thread_.joinable()) thread_.join();
    ::close(syslog_);
  }
  void ask(std::string_view request) const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::connect(fd, address_.data(), address_.size()), 0);
    (void)::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    char block[4096];
    while (::recv(fd, block, sizeof block, 0) > 0) {
    }
    ::close(fd);
  }
  [[nodiscard]] std::string line() const {
    pollfd p{syslog_, POLLIN, 0};
    if (::poll(&p, 1, 5000) != 1) return "nothing";
    char data[4096];
    const ssize_t n = ::recv(syslog_, data, sizeof data, 0);
    return std::string(data, static_cast<std::size_t>(n));
  }

  int syslog_ = -1;
  std::unique_ptr<Engine> engine_;
  Address address_;
  std::thread thread_;
};

constexpr const char* kDate = "\\[[0-9]+/[A-Z][a-z]+/[0-9:.]+\\]";

TEST_F(AccessLogsTest, ARequestWithoutABackend) {
  start(backends::Mode::http);
  ask("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(line(), MatchesRegex(std::string("127\\.0\\.0\\.1:[0-9]+ ") + kDate +
                                   " web web/<NOSRV> 0/-1/-1/-1/[0-9]+ 503 [0-9]+ - - SC-- 1/1/0/0/0 0/0 "
                                   "\"GET /x HTTP/1.1\"\n"));
}

TEST_F(AccessLogsTest, WhatIsNoRequest) {
  start(backends::Mode::http);
  ask("nonsense\r\n\r\n");
  EXPECT_THAT(line(), MatchesRegex(std::string("127\\.0\\.0\\.1:[0-9]+ ") + kDate +
                                   " web web/<NOSRV> -1/-1/-1/-1/[0-9]+ 400 0 - - PR-- 1/1/0/0/0 0/0 "
                                   "\"<BADREQ>\"\n"));
}

TEST_F(AccessLogsTest, APlainLineForModeTcp) {
  start(backends::Mode::tcp, [](FrontendDef& fe) { fe.log.access.format = stats::LogFormat::plain; });
  ask("");
  EXPECT_THAT(line(),
              MatchesRegex("Connect from 127\\.0\\.0\\.1:[0-9]+ to 127\\.0\\.0\\.1:[0-9]+ \\(web/TCP\\)\n"));
}

TEST_F(AccessLogsTest, AConnectionThatFailsBeforeItsSession) {
  start(backends::Mode::http, [](FrontendDef& fe) { fe.binds[0].accept_proxy = true; });
  ask("PROXYX bad\r\n");
  EXPECT_THAT(line(), MatchesRegex(std::string("127\\.0\\.0\\.1:[0-9]+ ") + kDate +
                                   " web/1: Truncated PROXY protocol header received\n"));
}

}  // namespace
}  // namespace evenkeel::frontends
