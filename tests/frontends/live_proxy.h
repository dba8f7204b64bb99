// A proxy and origins that really run, each on threads of its own, and the few bytes to talk to them.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

#include "frontends/engine.h"

namespace evenkeel::frontends {

inline void send_text(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

// Serves every connection on a thread of its own.
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
        const std::lock_guard lock(mutex_);
        threads_.emplace_back([this, client] {
          script_(client);
          ::close(client);
        });
      }
    });
  }
  Origin(const Origin&) = delete;
  Origin& operator=(const Origin&) = delete;
  ~Origin() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    settle();
    ::close(fd_);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  // Waits until all connections so far have ended.
  void settle() {
    std::list<std::thread> ended;
    {
      const std::lock_guard lock(mutex_);
      ended.swap(threads_);
    }
    for (auto& connection : ended) connection.join();
  }
  std::atomic<int> connections{0};

 private:
  Script script_;
  int fd_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
  std::mutex mutex_;
  std::list<std::thread> threads_;
};

using Tune = std::function<void(FrontendDef&, backends::BackendDef&)>;

// One frontend `web`, one backend `app`.
class LiveProxy {
 public:
  LiveProxy(const std::vector<std::uint16_t>& origins, backends::Mode mode, int workers, const Tune& tune) {
    auto config = std::make_shared<Config>();
    auto be = std::make_shared<backends::BackendDef>();
    be->name = "app";
    be->mode = mode;
    for (const std::uint16_t port : origins) {
      backends::ServerDef server;
      server.name = "s" + std::to_string(be->servers.size() + 1);
      server.id = static_cast<std::uint32_t>(be->servers.size() + 1);
      server.address = Address::loopback_v4(port);
      be->servers.push_back(server);
    }
    auto fe = std::make_shared<FrontendDef>();
    fe->name = "web";
    fe->mode = mode;
    fe->default_backend = "app";
    BindDef bind;
    bind.address = Address::loopback_v4(0);
    fe->binds.push_back(bind);
    if (tune) tune(*fe, *be);
    config->frontends.push_back(fe);
    config->backends.push_back(be);
    config->global.no_reuse_port = workers > 1;  // whichever is free serves, and one socket tells the port
    engine = std::make_unique<Engine>(config, workers);
    std::vector<std::string> errors;
    EXPECT_TRUE(engine->open_listeners(errors)) << (errors.empty() ? "" : errors[0]);
    port_ = Address::local_of(engine->frontends()[0]->listeners[0]->sockets[0]).port();
    thread_ = std::thread([this] { engine->run(); });
  }
  LiveProxy(const LiveProxy&) = delete;
  LiveProxy& operator=(const LiveProxy&) = delete;
  ~LiveProxy() {
    engine->stop();
    thread_.join();
  }
  [[nodiscard]] int connect() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const Address to = Address::loopback_v4(port_);
    EXPECT_EQ(::connect(fd, to.data(), to.size()), 0);
    return fd;
  }
  std::unique_ptr<Engine> engine;

 private:
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace evenkeel::frontends
