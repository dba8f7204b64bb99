// What the failure sweep is played with: the injector, an origin, a client that judges what it gets, and a
// proxy whose gauges can be read.
#pragma once

#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>

#include "core/fault.h"
#include "tests/frontends/live_proxy.h"

namespace evenkeel::frontends::sweep {

enum class Mode { reset, eof, stall, shorten };

inline std::string_view name_of(Mode mode) {
  constexpr std::string_view kNames[] = {"reset", "eof", "stall", "shorten"};
  return kNames[static_cast<int>(mode)];
}

// Fails the n-th operation of the worker's thread; only what() is for all threads.
class Injector final : public fault::Hook {
 public:
  void arm(Mode mode, int n) {
    mode_ = mode;
    left_ = n;
    what_ = -1;
    stuck_.clear();
    broken_.clear();
  }
  // What failed, as "read"; empty: the run had fewer operations.
  [[nodiscard]] std::string what() const {
    constexpr std::string_view kOps[] = {"read",      "write",  "wait_read", "wait_write",  "connect",
                                         "connected", "accept", "pipe",      "splice_read", "splice_write"};
    const int op = what_;
    return op < 0 ? std::string() : std::string(kOps[op]);
  }

  fault::Verdict on(fault::Op op, int fd) noexcept override {
    using enum fault::Op;
    using Kind = fault::Verdict::Kind;
    const bool writing = op == write || op == wait_write || op == splice_write;
    if (std::find(stuck_.begin(), stuck_.end(), std::pair(fd, writing)) != stuck_.end())
      return {Kind::stall, 0};
    if (std::find(broken_.begin(), broken_.end(), fd) != broken_.end()) return {Kind::error, ECONNRESET};
    if (op == wait_read && is_listener(fd)) return {};
    if (left_-- != 0) return {};
    what_ = static_cast<int>(op);
    if (op == accept || op == pipe) return {Kind::error, op == pipe ? EMFILE : ECONNABORTED};
    switch (mode_) {
      case Mode::reset:
        if (op == connect) return {Kind::error, EADDRNOTAVAIL};
        if (op == connected) return {Kind::error, ECONNREFUSED};
        return break_connection(fd);
      case Mode::eof:
        if (op == read || op == splice_read) return {Kind::eof, 0};
        return op == connect || op == connected ? fault::Verdict{Kind::error, EPIPE} : break_connection(fd);
      case Mode::stall:
        if (op == connect || op == connected) return {Kind::error, ETIMEDOUT};
        stuck_.emplace_back(fd, writing);
        return {Kind::stall, 0};
      case Mode::shorten:
        if (op == read || op == write || op == splice_read || op == splice_write) return {Kind::shorten, 0};
        return {};
    }
    return {};
  }
  void closed(int fd) noexcept override {
    std::erase_if(stuck_, [fd](const auto& s) { return s.first == fd; });
    std::erase(broken_, fd);
  }

 private:
  // As if the peer had sent a reset: nothing works from now on, in either direction, and the peer learns of
  // it.
  fault::Verdict break_connection(int fd) noexcept {
    broken_.push_back(fd);
    const sockaddr nowhere{AF_UNSPEC, {}};
    ::connect(fd, &nowhere, sizeof nowhere);
    return {fault::Verdict::Kind::error, ECONNRESET};
  }
  static bool is_listener(int fd) noexcept {
    int listening = 0;
    socklen_t size = sizeof listening;
    return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening != 0;
  }
  Mode mode_ = Mode::reset;
  int left_ = -1;
  std::atomic<int> what_{-1};                // also read by the client's thread
  std::vector<std::pair<int, bool>> stuck_;  // descriptor, writing
  std::vector<int> broken_;
};

inline int open_descriptors() {
  int count = 0;
  DIR* const dir = ::opendir("/proc/self/fd");
  while (::readdir(dir) != nullptr) ++count;
  ::closedir(dir);
  return count;
}

// Bytes from a socket, with the difference between an end and a break. A peer that says nothing for ten
// seconds has been forgotten by the proxy.
class Reader {
 public:
  explicit Reader(int fd) : fd_(fd) {
    const timeval patience{10, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  bool more() {
    char block[65536];
    const ssize_t n = ::recv(fd_, block, sizeof block, 0);
    if (n > 0) {
      text.append(block, static_cast<std::size_t>(n));
      return true;
    }
    broken = n < 0;
    hung = n < 0 && errno == EAGAIN;
    return false;
  }
  // Up to and with `end`; empty when it never came.
  std::string until(std::string_view end) {
    std::size_t at = text.find(end);
    for (; at == std::string::npos; at = text.find(end)) {
      if (!more()) return {};
    }
    return take(at + end.size());
  }
  // False: the bytes ended before.
  bool exactly(std::size_t size, std::string& into) {
    while (text.size() < size) {
      if (!more()) return false;
    }
    into += take(size);
    return true;
  }
  bool chunks(std::string& into) {
    for (;;) {
      const std::string line = until("\r\n");
      if (line.empty()) return false;
      const std::size_t size = std::strtoul(line.c_str(), nullptr, 16);
      if (size == 0) {
        for (std::string field = until("\r\n"); field != "\r\n"; field = until("\r\n")) {
          if (field.empty()) return false;
        }
        return true;
      }
      std::string end;
      if (!exactly(size, into) || !exactly(2, end)) return false;
    }
  }
  std::string take(std::size_t size) {
    std::string part = text.substr(0, size);
    text.erase(0, size);
    return part;
  }
  std::string text;
  bool broken = false;
  bool hung = false;

 private:
  int fd_;
};

// The value of a field of a head written in lower case, or nothing.
inline std::string field(std::string_view head, std::string_view name) {
  std::string lower(head);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const std::size_t at = lower.find("\r\n" + std::string(name) + ": ");
  if (at == std::string::npos) return {};
  const std::size_t from = at + name.size() + 4;
  return lower.substr(from, lower.find("\r\n", from) - from);
}

inline std::string pattern(std::size_t size) {
  std::string text;
  text.reserve(size + 16);
  for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i) + ',';
  text.resize(size);
  return text;
}

// One worker, whose gauges can be read.
class Proxy : public LiveProxy {
 public:
  Proxy(const std::vector<std::uint16_t>& origins, backends::Mode mode, const Tune& tune)
      : LiveProxy(origins, mode, 1, tune) {}
  // Runs on the worker's thread and waits for it.
  void on_worker(const std::function<void(WorkerContext&)>& function) {
    std::promise<void> done;
    engine->context(0).worker.post([&] {
      function(engine->context(0));
      done.set_value();
    });
    done.get_future().wait();
  }
  // Asks the worker again and again; false after ten seconds.
  bool eventually(const std::function<bool(WorkerContext&)>& test) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    bool holds = false;
    while (!holds && std::chrono::steady_clock::now() < limit) {
      on_worker([&](WorkerContext& context) { holds = test(context); });
      if (!holds) std::this_thread::yield();
    }
    return holds;
  }
  [[nodiscard]] backends::Backend& app() const { return *engine->backends()[0]; }
  // What is still counted, as text; empty: everything has come back.
  [[nodiscard]] std::string leftovers(WorkerContext& context) const {
    std::string text;
    const auto note = [&text](std::string_view name, std::uint32_t value) {
      if (value != 0) text += std::string(name) + "=" + std::to_string(value) + " ";
    };
    Frontend& fe = *engine->frontends()[0];
    note("process", engine->current_connections);
    note("frontend", fe.current);
    note("listener", fe.listeners[0]->current);
    note("sessions", context.sessions.first() != nullptr ? 1 : 0);
    note("backend", app().current_sessions);
    note("queued", app().queued);
    note("queued_here", app().queued_here);
    for (backends::Server* server : app().servers()) {
      server->pool(0).clear();
      note("server", server->current_sessions);
      note("served", server->served);
      note("server queued", server->queued);
      note("pool_used", server->pool_used);
      note("idle", server->idle_connections());
    }
    return text;
  }
};

}  // namespace evenkeel::frontends::sweep
