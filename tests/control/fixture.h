// An engine made by hand, and a connection to its runtime socket.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "control/runtime_server.h"
#include "frontends/engine.h"

namespace evenkeel::control {

// One frontend "web" (id 2) and one backend "app" (id 3): s1 weight 10 unchecked, s2 with a check and an
// agent that are never due during a test, s3 in maintenance, s4 following s2.
class Lab {
 public:
  using Tune = std::function<void(frontends::Config&, frontends::FrontendDef&, backends::BackendDef&)>;
  explicit Lab(const Tune& tune = {}) {
    auto config = std::make_shared<frontends::Config>();
    auto be = std::make_shared<backends::BackendDef>();
    be->name = "app";
    be->id = 3;
    be->mode = backends::Mode::http;
    for (const char* name : {"s1", "s2", "s3", "s4"}) {
      backends::ServerDef server;
      server.name = name;
      server.id = static_cast<std::uint32_t>(be->servers.size() + 1);
      server.address = Address::loopback_v4(static_cast<std::uint16_t>(be->servers.size() + 1));
      be->servers.push_back(server);
    }
    be->servers[0].weight = 10;
    be->servers[1].check.enabled = be->servers[1].check.agent.enabled = true;
    be->servers[1].check.intervals.inter = be->servers[1].check.agent.inter = 3'600'000;
    be->servers[2].disabled = true;
    be->servers[3].track = "s2";
    auto fe = std::make_shared<frontends::FrontendDef>();
    fe->name = "web";
    fe->id = 2;
    fe->mode = backends::Mode::http;
    fe->default_backend = "app";
    fe->maxconn = 100;
    frontends::BindDef bind;
    bind.address = Address::loopback_v4(0);
    fe->binds.push_back(bind);
    bind.level = "admin";
    config->global.stats_sockets.push_back(bind);
    config->global.maxconn = 100;
    config->global.no_reuse_port = true;
    if (tune) tune(*config, *fe, *be);
    config->frontends.push_back(fe);
    config->backends.push_back(be);
    engine = std::make_unique<frontends::Engine>(config, 2);
    std::vector<std::string> errors;
    EXPECT_TRUE(engine->open_listeners(errors)) << (errors.empty() ? "" : errors[0]);
    server = std::make_unique<RuntimeServer>(*engine);
    EXPECT_TRUE(server->open(errors)) << (errors.empty() ? "" : errors[0]);
    server->start();
    thread_ = std::thread([this] { engine->run(); });
  }
  ~Lab() {
    engine->stop();
    thread_.join();
  }

  [[nodiscard]] int connect(std::size_t socket = 0) const {
    const Address to = Address::local_of(server->sockets()[socket]);
    const int fd = ::socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::connect(fd, to.data(), to.size()), 0);
    return fd;
  }
  static void send(int fd, std::string_view text) {
    EXPECT_EQ(::send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  static std::string read_all(int fd) {
    std::string text;
    char block[4096];
    for (ssize_t n = ::recv(fd, block, sizeof block, 0); n > 0; n = ::recv(fd, block, sizeof block, 0)) {
      text.append(block, static_cast<std::size_t>(n));
    }
    ::close(fd);
    return text;
  }
  // Sends these bytes, then nothing more; what came until the end of the connection.
  [[nodiscard]] std::string raw(std::string_view bytes, std::size_t socket = 0) const {
    const int fd = connect(socket);
    send(fd, bytes);
    ::shutdown(fd, SHUT_WR);
    return read_all(fd);
  }
  // One line on a connection of its own.
  [[nodiscard]] std::string ask(std::string line, std::size_t socket = 0) const {
    return raw(line.append("\n"), socket);
  }

  std::unique_ptr<frontends::Engine> engine;
  std::unique_ptr<RuntimeServer> server;

 private:
  std::thread thread_;
};

}  // namespace evenkeel::control
