#include "lvs/bridge.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "core/log.h"
#include "lvs/sysctls.h"

namespace evenkeel::lvs {
namespace {

constexpr auto kRound = std::chrono::milliseconds(500);  // somebody's `ipvsadm -C` lasts no longer than that
constexpr int kRest =
    4;  // a table of many thousands of servers is read less often: a fifth of the time at most
constexpr auto kDrainRound = std::chrono::milliseconds(200);

}  // namespace

Bridge::Bridge(Options options)
    : options_(std::move(options)),
      keeper_(*options_.def, *options_.kernel, options_.servers_of,
              [](LogLevel level, const std::string& text) { log_message(level, text); }),
      sync_(options_.def->daemons, *options_.kernel,
            [](LogLevel level, const std::string& text) { log_message(level, text); }) {
  if (!options_.sync_waits) role_ = SyncRole::configured;
}

Bridge::~Bridge() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    holding_ = false;
  }
  changed_.notify_all();
  thread_.join();
}

void Bridge::start() {
  std::string why;
  const std::string& path = options_.def->state_file;
  if (!state_file_.open(path.empty() ? StateFile::default_path() : path, why))
    log_warning("lvs: " + why + "; a next process will not know which services are ours");
  thread_ = std::thread([this] { run(); });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return started_; });
}

void Bridge::nudge() {
  {
    const std::lock_guard lock(mutex_);
    nudged_ = true;
  }
  changed_.notify_all();
}

void Bridge::sync_role(SyncRole role) {
  {
    const std::lock_guard lock(mutex_);
    role_ = role;
    nudged_ = true;
  }
  changed_.notify_all();
}

void Bridge::let_go() {
  const std::lock_guard lock(mutex_);
  holding_ = false;
}

void Bridge::submit(std::function<void(Kernel&)> function) {
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(function));
  }
  changed_.notify_all();
}

void Bridge::finish(bool patient, std::chrono::milliseconds limit) {
  if (!thread_.joinable()) return;
  let_go();
  submit([this, patient, limit](Kernel&) { leave(patient, limit); });
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

// The flag belongs to the thread: where the others lose all rights with the user, this one only loses their
// effect.
void Bridge::regain_right() {
  if (regained_ || geteuid() == 0) return;
  regained_ = true;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  data[0].effective = data[0].permitted = 1U << CAP_NET_ADMIN;
  if (syscall(SYS_capset, &header, data.data()) != 0)
    log_error("lvs: the right to change the network (CAP_NET_ADMIN) is gone with the user");
}

void Bridge::begin() {
  prctl(PR_SET_KEEPCAPS, 1);
  state_ = state_file_.read();
  keeper_.inherit(state_.services);
  state_.owner = getpid();
  const std::string failed = apply_settings(SysctlAccess::of_this_namespace(), state_.sysctls);
  if (!failed.empty()) log_warning("lvs: the kernel does not let these be set in net.ipv4.vs: " + failed);
  // Claimed before the first change: a process that is being replaced must not take it for a stranger's.
  write_state();
  keeper_.full_round();
  keep_daemons();
  write_state();
}

void Bridge::keep_daemons() {
  std::optional<SyncRole> role;
  {
    const std::lock_guard lock(mutex_);
    role = role_;
  }
  if (role) sync_.keep(*role);
}

void Bridge::write_state() {
  state_.services = keeper_.owned();
  state_file_.write(state_);
}

// By a process that lives: if the next one has failed to start, the table is ours again.
bool Bridge::taken_over() const {
  const pid_t owner = state_file_.read().owner;
  return owner != 0 && owner != state_.owner && (kill(owner, 0) == 0 || errno == EPERM);
}

void Bridge::run() {
  begin();
  std::unique_lock lock(mutex_);
  started_ = true;
  changed_.notify_all();
  auto next_round = std::chrono::steady_clock::now() + kRound;
  while (true) {
    changed_.wait_until(lock, next_round, [this] { return nudged_ || ending_ || !requests_.empty(); });
    const bool nudged = std::exchange(nudged_, false);
    auto requests = std::exchange(requests_, {});
    bool holding = holding_;
    if (ending_ && requests.empty()) return;
    lock.unlock();
    regain_right();
    holding = holding && !taken_over();
    for (const auto& request : requests) request(*options_.kernel);
    if (holding && nudged) {
      keeper_.quick_round();
      keep_daemons();
    }
    if (const auto now = std::chrono::steady_clock::now(); now >= next_round) {
      if (holding) keep_daemons();
      if (holding && keeper_.full_round() && options_.on_samples) options_.on_samples(keeper_.take_samples());
      const auto done = std::chrono::steady_clock::now();
      next_round = std::max(now + kRound, done + kRest * (done - now));
    }
    lock.lock();
  }
}

void Bridge::leave(bool patient, std::chrono::milliseconds limit) {
  const Exit exit = options_.def->exit;
  if (exit == Exit::keep) return;
  if (taken_over()) return;
  if (exit == Exit::drain && patient) {
    const auto began = std::chrono::steady_clock::now();
    while (!keeper_.drain_round()) {
      if (limit.count() > 0 && std::chrono::steady_clock::now() - began > limit) break;
      std::this_thread::sleep_for(kDrainRound);
    }
  }
  keeper_.clear();
  sync_.stop();
  restore_settings(SysctlAccess::of_this_namespace(), state_.sysctls);
  state_ = {};
  state_file_.write(state_);
}

}  // namespace evenkeel::lvs
