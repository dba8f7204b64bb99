// A live backend for tests: servers of loopback addresses, definitions tuned by the test.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>

#include "backends/backend.h"
#include "core/task.h"

namespace evenkeel::backends {

using TuneServer = std::function<void(ServerDef&)>;

inline ServerDef server_def(std::string name, std::uint32_t id, const TuneServer& tune = {}) {
  ServerDef def;
  def.name = std::move(name);
  def.id = id;
  def.address = Address::loopback_v4(1);  // nobody listens there
  if (tune) tune(def);
  return def;
}

inline std::shared_ptr<BackendDef> backend_def(std::vector<ServerDef> servers) {
  auto def = std::make_shared<BackendDef>();
  def->name = "app";
  def->servers = std::move(servers);
  return def;
}

// A socket that listens on a free port of the loopback and accepts when it is told to.
class Port {
 public:
  Port() {
    std::string why;
    fd_ = open_listener(Address::loopback_v4(0), {}, why);
    EXPECT_GE(fd_, 0) << why;
  }
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  ~Port() { ::close(fd_); }
  [[nodiscard]] Address address() const { return Address::local_of(fd_); }
  // Blocks until somebody comes; the caller closes it.
  [[nodiscard]] int accept() const {
    int client = -1;
    do client = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    while (client < 0 && errno == EAGAIN);
    return client;
  }

 private:
  int fd_ = -1;
};

// Turns the loop until the test holds; ten seconds at most.
inline bool turn_until(Worker& worker, const std::function<bool()>& test) {
  const Millis limit = SystemClock().now_ms() + 10'000;
  while (!test() && SystemClock().now_ms() < limit) worker.run_for(20);
  return test();
}

}  // namespace evenkeel::backends
