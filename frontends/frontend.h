// A live frontend: who is in, who may come in, and what has been counted.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "frontends/frontend_def.h"
#include "frontends/log_profile.h"
#include "stats/counters.h"
#include "stats/log_target.h"

namespace evenkeel::frontends {

class Frontend;

// One `bind` address, as it runs.
class Listener {
 public:
  Listener(Frontend& frontend, const BindDef& def, std::uint32_t id, unsigned workers)
      : frontend(frontend), def(def), id(id), totals(workers) {}
  Frontend& frontend;
  const BindDef def;
  const std::uint32_t id;
  std::vector<int> sockets;  // one per worker, or the same for all; owned, closed by close_all()
  bool shared_socket = false;
  // One of them, of whichever worker; -1: none is open.
  [[nodiscard]] int any_socket() const noexcept {
    for (const int fd : sockets) {
      if (fd >= 0) return fd;
    }
    return -1;
  }
  std::atomic<std::uint32_t> current{0};
  stats::EntityCounters totals;
};

enum class FrontendState : std::uint8_t { running, paused, stopped };

// Keyed by its name; outlives snapshots.
class Frontend {
 public:
  Frontend(std::shared_ptr<const FrontendDef> def, unsigned workers) : totals(workers), def_(std::move(def)) {
    maxconn.store(def_->maxconn);
    rate_limit.store(def_->rate_limit_sessions);
  }
  [[nodiscard]] const std::string& name() const noexcept { return def_->name; }
  [[nodiscard]] const FrontendDef& def() const noexcept { return *def_; }
  [[nodiscard]] std::shared_ptr<const FrontendDef> shared_def() const noexcept { return def_; }
  stats::Counters& counters(unsigned worker) noexcept { return totals.at(worker); }

  std::atomic<std::uint32_t> current{0};  // sessions now
  std::atomic<std::uint32_t> maxconn{0};  // 0: the process's
  std::atomic<std::uint32_t> rate_limit{0};
  std::atomic<FrontendState> state{FrontendState::running};
  std::atomic<std::uint32_t> pauses{0};        // how often it has been paused
  std::atomic<std::uint64_t> lines_logged{0};  // %lc, counted where a log-format may show it
  backends::Backend* default_backend = nullptr;
  std::vector<std::unique_ptr<Listener>> listeners;
  // Its own and, with `log global`, those of the process, but for those that a log-profile applies to, which
  // follow; fixed after start.
  stats::LogTargets log_targets;
  std::vector<ProfiledTarget> profiled_targets;
  bool custom_lines = false;  // some line is made by a format of the configuration
  [[nodiscard]] bool logs() const noexcept { return !log_targets.empty() || !profiled_targets.empty(); }
  stats::EntityCounters totals;
  backends::ErrorCapture last_request_error;

 private:
  std::shared_ptr<const FrontendDef> def_;
};

}  // namespace evenkeel::frontends
