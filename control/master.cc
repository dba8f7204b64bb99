#include "control/master.h"

#include <fcntl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "control/handover.h"
#include "control/master_cli.h"
#include "control/notify.h"
#include "core/log.h"

namespace evenkeel::control {
namespace {

constexpr Millis kStartPatience = 60'000;  // a worker with ten thousand servers resolves names
constexpr std::array kSignals = {SIGTERM, SIGINT,  SIGUSR1, SIGUSR2, SIGHUP,
                                 SIGCHLD, SIGQUIT, SIGTTIN, SIGTTOU};

template <class Number>
bool take_number(std::string_view& text, char end, Number& value) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  if (text.empty()) return end == '\0';
  if (text.front() != end) return false;
  text.remove_prefix(1);
  return true;
}

bool keep_over_exec(int fd) noexcept { return fcntl(fd, F_SETFD, 0) == 0; }

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    return "code " + std::to_string(128 + signal) + " (" + strsignal(signal) + ")";
  }
  return "code " + std::to_string(WEXITSTATUS(status)) + " (Exit)";
}

int exit_code_of(int status) noexcept {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::string column(std::string text, std::size_t width = 15) {
  text.resize(std::max(width, text.size()), ' ');
  return text + ' ';
}

class Master final : public MasterView {
 public:
  Master(const MasterOptions& options, MasterState state) : options_(options), state_(std::move(state)) {
    if (state_.started == 0) state_.started = SystemClock().now_ms();
  }

  int run(const WorkerMain& worker_main) {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : kSignals) sigaddset(&set, signal);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    signals_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    for (const MasterWorker& worker : state_.workers) fcntl(worker.channel, F_SETFD, FD_CLOEXEC);
    for (const auto* list : {&state_.sockets, &state_.cli_sockets})
      for (const int fd : *list) fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (!open_cli()) return 1;
    if (worker_main) {
      if (const auto code = start_worker(worker_main)) return *code;
    } else {
      refused();
    }
    watch();
    return leave();
  }

  [[nodiscard]] std::optional<CliTarget> find_worker(unsigned number, pid_t pid) const override {
    for (const MasterWorker& worker : state_.workers) {
      if (worker.pid == pid || (worker.reloads == 0 && number == 1))
        return CliTarget{worker.pid, worker.channel};
    }
    return std::nullopt;
  }

  [[nodiscard]] std::string show_proc() const override {
    const Millis now = SystemClock().now_ms();
    const auto line = [&](pid_t pid, const char* type, const std::string& reloads, Millis started,
                          const std::string& version) {
      return column(std::to_string(pid)) + column(type) + column(reloads) + column(uptime(now - started)) +
             version + "\n";
    };
    std::string out = column("#<PID>") + column("<type>") + column("<reloads>") + column("<uptime>") +
                      column("<version>", 14) + "\n";
    out += line(getpid(), "master",
                std::to_string(state_.reloads) + " [failed: " + std::to_string(state_.failed_reloads) + "]",
                state_.started, options_.version);
    std::string old;
    out += "# workers\n";
    for (const MasterWorker& w : state_.workers)
      (w.reloads == 0 ? out : old) += line(w.pid, "worker", std::to_string(w.reloads), w.started, w.version);
    if (!old.empty()) out += "# old workers\n" + old;
    return out + "# programs\n";
  }

  [[nodiscard]] const std::string& version() const noexcept override { return options_.version; }
  [[nodiscard]] bool reload_failed() const noexcept override { return state_.failed_reloads > 0; }
  void reload() override {
    if (!stopping_) execute_anew();
  }

 private:
  // The sockets of the image before, or new ones.
  bool open_cli() {
    if (state_.cli_sockets.size() == options_.cli.size()) return true;
    for (const frontends::BindDef& def : options_.cli) {
      std::string error;
      const int fd = open_cli_socket(def, error);
      if (fd < 0) return log_error("-S: " + error), false;
      state_.cli_sockets.push_back(fd);
    }
    return true;
  }

  void watch() {
    Worker worker(0);
    std::vector<MasterCli::Socket> sockets;
    for (std::size_t i = 0; i < state_.cli_sockets.size(); ++i)
      sockets.push_back({state_.cli_sockets[i], level_of(options_.cli[i].level)});
    MasterCli cli(worker, *this, std::move(sockets));
    FdStream signals(worker, signals_);
    cli.start();
    spawn(watch_signals(worker, signals, cli));
    worker.run();
  }

  // The end of the loop is the end of the master.
  Task<void> watch_signals(Worker& worker, FdStream& signals, MasterCli& cli) {
    while (!state_.workers.empty() || (!options_.exit_on_failure && !stopping_)) {
      take_signals();
      signals.exhausted_read();
      if (state_.workers.empty() && (options_.exit_on_failure || stopping_)) break;
      (void)co_await signals.readable();
    }
    cli.stop();
    while (!cli.idle()) co_await worker.yield();
    worker.stop();
  }

  // The exit code where the process has to end: in the worker after its work, and in a master that has
  // nothing to watch.
  std::optional<int> start_worker(const WorkerMain& worker_main) {
    std::array<int, 2> channel{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel.data()) != 0) return failed_to_start();
    const pid_t pid = fork();
    if (pid < 0) {
      ::close(channel[0]);
      ::close(channel[1]);
      return failed_to_start();
    }
    if (pid == 0) {
      ::close(channel[0]);
      ::close(signals_);
      for (const MasterWorker& worker : state_.workers) ::close(worker.channel);
      for (const int fd : state_.cli_sockets) ::close(fd);
      return worker_main(state_.sockets, channel[1]);
    }
    ::close(channel[1]);
    log_notice("New worker (" + std::to_string(pid) + ") forked");
    std::string why;
    auto sockets = receive_sockets(channel[0], kStartPatience, why);
    if (!sockets) {
      ::close(channel[0]);
      kill(pid, SIGKILL);
      int status = 0;
      waitpid(pid, &status, 0);
      start_code_ = WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : 1;
      return failed_to_start();
    }
    for (const int fd : state_.sockets) ::close(fd);
    state_.sockets = std::move(*sockets);
    succeeded({pid, channel[0], 0, SystemClock().now_ms(), options_.version});
    return std::nullopt;
  }

  void succeeded(const MasterWorker& worker) {
    for (MasterWorker& old : state_.workers) {
      ++old.reloads;
      const bool too_old = options_.max_reloads > 0 && old.reloads > options_.max_reloads;
      kill(old.pid, too_old ? SIGTERM : SIGUSR1);
    }
    state_.workers.push_back(worker);
    state_.lost_file = options_.lost_file;
    state_.lost_value = options_.lost_value;
    state_.failed_reloads = 0;
    log_notice("Loading success.");
    if (options_.on_first_ready) options_.on_first_ready();
    if (options_.notify) notify_ready("Ready.");
  }

  std::optional<int> failed_to_start() {
    if (state_.workers.empty()) return start_code_;
    refused();
    return std::nullopt;
  }

  void refused() {
    ++state_.failed_reloads;
    log_warning("Loading failure! The worker that was there before stays in service.");
    if (options_.notify) notify_ready("Reload failed, the old configuration stays in service.");
  }

  void take_signals() {
    signalfd_siginfo info{};
    while (read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      switch (static_cast<int>(info.ssi_signo)) {
        case SIGCHLD:
          break;
        case SIGUSR2:
        case SIGHUP:
          reload();
          break;
        case SIGTERM:
        case SIGINT:
        case SIGUSR1:
          stop(static_cast<int>(info.ssi_signo));
          break;
        default:
          tell_all(static_cast<int>(info.ssi_signo));
          break;
      }
    }
    reap();
  }

  void tell_all(int signal) {
    for (const MasterWorker& worker : state_.workers) kill(worker.pid, signal);
  }

  void stop(int signal) {
    if (!stopping_) {
      log_warning("Exiting Master process...");
      if (options_.notify) notify_stopping();
    }
    stopping_ = true;
    stop_signal_ = signal;
    // Ours keep the ports open otherwise.
    for (const int fd : state_.sockets) ::close(fd);
    state_.sockets.clear();
    tell_all(signal);
  }

  void reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
      const auto it = std::find_if(state_.workers.begin(), state_.workers.end(),
                                   [pid](const MasterWorker& w) { return w.pid == pid; });
      if (it == state_.workers.end()) continue;
      const bool present = it->reloads == 0;
      ::close(it->channel);
      state_.workers.erase(it);
      ended(pid, present, status);
    }
  }

  void ended(pid_t pid, bool present, int status) {
    const bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    const std::string text = std::string(present ? "Current" : "Former") + " worker (" + std::to_string(pid) +
                             ") exited with " + how_it_ended(status);
    log_message(clean || stopping_ ? LogLevel::warning : LogLevel::error, text);
    if (!present) return;
    exit_code_ = exit_code_of(status);
    // One that ends as it was told to has said so itself.
    if (!(clean && stopping_) && !state_.lost_file.empty() && options_.on_lost)
      options_.on_lost(state_.lost_file, state_.lost_value);
    if (stopping_) return;
    // Nobody serves now. Old workers have stopped accepting, so keeping them helps only open sessions.
    if (options_.exit_on_failure && !state_.workers.empty()) {
      log_error("exit-on-failure: killing every processes with SIGTERM");
      stop(SIGTERM);
      stop_signal_ = 0;
    }
  }

  int leave() const {
    const bool asked = stop_signal_ == SIGTERM || stop_signal_ == SIGUSR1;
    const int code = asked ? 0 : exit_code_;
    log_warning("All workers exited. Exiting... (" + std::to_string(code) + ")");
    return code;
  }

  void execute_anew() {
    log_notice("Reloading Evenkeel");
    if (options_.notify) notify_reloading();
    ++state_.reloads;
    for (const MasterWorker& worker : state_.workers) keep_over_exec(worker.channel);
    for (const auto* list : {&state_.sockets, &state_.cli_sockets})
      for (const int fd : *list) keep_over_exec(fd);
    setenv(kMasterStateVariable, state_.serialize().c_str(), 1);
    std::vector<char*> argv;
    for (const std::string& arg : options_.argv) argv.push_back(const_cast<char*>(arg.c_str()));
    argv.push_back(nullptr);
    if (options_.directory >= 0 && fchdir(options_.directory) != 0)
      log_warning("cannot go back to the start folder");
    execvp(options_.program.c_str(), argv.data());
    log_error("cannot execute " + options_.program + ": " + std::strerror(errno));
    unsetenv(kMasterStateVariable);
    refused();
  }

  const MasterOptions& options_;
  MasterState state_;
  int signals_ = -1;
  int exit_code_ = 0;
  int start_code_ = 1;
  int stop_signal_ = 0;
  bool stopping_ = false;
};

}  // namespace

std::string MasterState::serialize() const {
  std::string out =
      std::to_string(reloads) + "," + std::to_string(failed_reloads) + "," + std::to_string(started) + ";";
  for (const MasterWorker& w : workers) {
    out += std::to_string(w.pid) + "," + std::to_string(w.channel) + "," + std::to_string(w.reloads) + "," +
           std::to_string(w.started) + "," + w.version + ":";
  }
  for (const auto* list : {&sockets, &cli_sockets}) {
    out += ";";
    for (const int fd : *list) out += std::to_string(fd) + ":";
  }
  // A path may have any byte in it.
  out += ";" + std::to_string(lost_value) + "," + std::to_string(lost_file.size()) + "," + lost_file;
  return out + startup_version;
}

std::optional<MasterState> MasterState::parse(std::string_view text) {
  MasterState state;
  if (!take_number(text, ',', state.reloads) || !take_number(text, ',', state.failed_reloads) ||
      !take_number(text, ';', state.started)) {
    return std::nullopt;
  }
  while (!text.empty() && text.front() != ';') {
    MasterWorker& w = state.workers.emplace_back();
    if (!take_number(text, ',', w.pid) || !take_number(text, ',', w.channel) ||
        !take_number(text, ',', w.reloads) || !take_number(text, ',', w.started)) {
      return std::nullopt;
    }
    const std::size_t end = text.find(':');
    if (end == std::string_view::npos) return std::nullopt;
    w.version = text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  for (auto* list : {&state.sockets, &state.cli_sockets}) {
    if (text.empty()) return std::nullopt;
    text.remove_prefix(1);
    while (!text.empty() && text.front() != ';')
      if (!take_number(text, ':', list->emplace_back())) return std::nullopt;
  }
  if (text.empty()) return std::nullopt;
  text.remove_prefix(1);
  std::size_t size = 0;
  if (!take_number(text, ',', state.lost_value) || !take_number(text, ',', size) || text.size() < size)
    return std::nullopt;
  state.lost_file = text.substr(0, size);
  state.startup_version = text.substr(size);
  return state;
}

std::optional<MasterState> inherited_master_state() {
  const char* text = std::getenv(kMasterStateVariable);
  if (text == nullptr) return std::nullopt;
  auto state = MasterState::parse(text);
  unsetenv(kMasterStateVariable);
  return state;
}

int run_master(const MasterOptions& options, MasterState state, const WorkerMain& worker_main) {
  return Master(options, std::move(state)).run(worker_main);
}

}  // namespace evenkeel::control
