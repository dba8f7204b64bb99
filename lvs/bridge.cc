#include "lvs/bridge.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <utility>

#include "core/log.h"
#include "health/vip_path.h"
#include "lvs/sysctls.h"

namespace evenkeel::lvs {
namespace {

// A cleared table is noticed by the next glance, a service that is gone by the next look at them all, and
// what somebody has done to a server by the next full round.
constexpr auto kGlance = std::chrono::milliseconds(100);
constexpr auto kRound = std::chrono::milliseconds(500);
// A table of many thousands of servers is read less often: a tenth of the time at most.
constexpr int kRest = 9;
constexpr auto kDrainRound = std::chrono::milliseconds(200);

// Of this thread: on a busy machine, waiting for one's turn is no reason to look less often.
std::chrono::nanoseconds processor_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

Bridge::Bridge(Options options)
    : options_(std::move(options)),
      paths_(*options_.def, std::move(options_.host),
             [](LogLevel level, const std::string& text) { log_message(level, text); }),
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
  if (paths_.any()) {
    marker_ = std::make_shared<Marker>();
    marker_->start();
    const auto mark = std::make_shared<const health::VipPath::Marker>(
        [marker = marker_](int fd, std::uint32_t value) { return marker->mark(fd, value); });
    for (const SectionDef& section : options_.def->sections)
      for (const CheckedServer& server : section.checked) server.path->set_marker(mark);
  }
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
  if (!lvs::regain_right())
    log_error("lvs: the right to change the network (CAP_NET_ADMIN) is gone with the user");
}

void Bridge::begin() {
  keep_right();
  state_ = state_file_.read();
  keeper_.inherit(state_.services);
  state_.owner = getpid();
  const std::string failed = apply_settings(SysctlAccess::of_this_namespace(), state_.sysctls);
  if (!failed.empty()) log_warning("lvs: the kernel does not let these be set in net.ipv4.vs: " + failed);
  // Claimed before the first change: a process that is being replaced must not take it for a stranger's.
  write_state();
  keeper_.full_round();
  paths_.keep(keeper_.left(), state_.interfaces, Clock::now());
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
  next_glance_ = Clock::now() + kGlance;
  next_look_ = next_round_ = Clock::now() + kRound;
  while (true) {
    changed_.wait_until(lock, next_glance_, [this] { return nudged_ || ending_ || !requests_.empty(); });
    const bool nudged = std::exchange(nudged_, false);
    auto requests = std::exchange(requests_, {});
    const bool holding = holding_;
    if (ending_ && requests.empty()) return;
    lock.unlock();
    regain_right();
    for (const auto& request : requests) request(*options_.kernel);
    if (holding && nudged && !taken_over()) {
      keeper_.quick_round();
      keep_paths();
      keep_daemons();
    }
    if (Clock::now() >= next_glance_) {
      if (holding) keep_table();
      next_glance_ = Clock::now() + kGlance;
    }
    lock.lock();
  }
}

void Bridge::keep_table() {
  const auto now = Clock::now();
  if (now >= next_round_) return full_round();
  bool intact = keeper_.glance();
  if (intact && now >= next_look_) {
    const auto began = processor_time();
    intact = keeper_.look();
    next_look_ = std::max(now + kRound, Clock::now() + kRest * (processor_time() - began));
  }
  if (!intact) full_round();
}

void Bridge::full_round() {
  const auto now = Clock::now();
  const auto began = processor_time();
  if (!taken_over()) {
    keep_daemons();
    if (keeper_.full_round() && options_.on_samples) options_.on_samples(keeper_.take_samples());
    keep_paths();
  }
  next_look_ = next_round_ = std::max(now + kRound, Clock::now() + kRest * (processor_time() - began));
}

void Bridge::keep_paths() {
  if (paths_.keep(keeper_.left(), state_.interfaces, Clock::now())) write_state();
}

void Bridge::leave(bool patient, std::chrono::milliseconds limit) {
  const Exit exit = options_.def->exit;
  if (taken_over()) return;
  // What is there for checks goes with them, whatever becomes of the services.
  paths_.end(state_.interfaces);
  if (exit == Exit::keep) {
    if (!paths_.any()) return;
    keeper_.clear_checks();
    return write_state();
  }
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
