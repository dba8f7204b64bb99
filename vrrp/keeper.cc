#include "vrrp/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "core/log.h"
#include "vrrp/number_file.h"

namespace evenkeel::vrrp {
namespace {

// How soon a change that nobody announces is seen; a quarter of the usual advertisement interval.
constexpr int kLookEveryMs = 250;

std::string folder_of(const std::string& path) {
  return path.substr(0, std::max<std::size_t>(1, path.rfind('/')));
}
std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

int open_folder(const std::string& path) {
  return ::open(folder_of(path).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
}

std::string failed(const std::string& what) { return what + ": " + std::strerror(errno); }

}  // namespace

std::string shortfall(const Def& def, const std::vector<BackendState>& backends) {
  if (def.quorum.empty()) {
    bool any = false;
    for (const BackendState& backend : backends) {
      if (backend.usable > 0) return "";
      any = any || backend.servers > 0;
    }
    return any ? "no backend has a usable server" : "";
  }
  for (const Quorum& quorum : def.quorum) {
    const auto found = std::find_if(backends.begin(), backends.end(),
                                    [&](const BackendState& one) { return one.name == quorum.backend; });
    const std::size_t usable = found == backends.end() ? 0 : found->usable;
    if (usable < quorum.servers)
      return "backend '" + quorum.backend + "' has " + std::to_string(usable) +
             " usable servers, its quorum is " + std::to_string(quorum.servers);
  }
  return "";
}

int value_of(const Def& def, bool healthy) noexcept {
  if (def.weight > 0) return healthy ? def.weight : 0;
  return healthy ? 0 : def.weight;
}

Keeper::Keeper(Def def, Look look, OnRoles on_roles)
    : def_(std::move(def)), look_(std::move(look)), on_roles_(std::move(on_roles)) {
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

Keeper::~Keeper() {
  finish();
  for (const int fd : {file_dir_, fifo_dir_, fifo_, wake_})
    if (fd >= 0) ::close(fd);
}

bool Keeper::open(std::string& error) {
  if (!def_.track_file.empty()) {
    file_dir_ = open_folder(def_.track_file);
    if (file_dir_ < 0) return error = failed("vrrp track-file " + def_.track_file), false;
  }
  if (!watch_.open(def_.watch, error)) return false;
  if (def_.notify_fifo.empty()) return true;
  const std::string what = "vrrp notify-fifo " + def_.notify_fifo;
  fifo_dir_ = open_folder(def_.notify_fifo);
  if (fifo_dir_ < 0) return error = failed(what), false;
  if (mkfifo(def_.notify_fifo.c_str(), 0600) != 0 && errno != EEXIST) return error = failed(what), false;
  // For writing, too: so it never ends while keepalived is away.
  fifo_ = ::open(def_.notify_fifo.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fifo_ < 0) return error = failed(what), false;
  struct stat facts {};
  if (fstat(fifo_, &facts) != 0 || !S_ISFIFO(facts.st_mode)) return error = what + ": not a FIFO", false;
  return true;
}

void Keeper::start() {
  restore_roles();
  if (on_roles_) on_roles_(roles_.all());
  look();
  // Signals are for worker 0.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Keeper::nudge() noexcept {
  const std::uint64_t one = 1;
  if (::write(wake_, &one, sizeof one) < 0) return;  // full: it will wake anyway
}

void Keeper::let_go() noexcept {
  leaving_.store(true);
  nudge();
}

void Keeper::finish() noexcept {
  leaving_.store(true);
  ending_.store(true);
  if (!thread_.joinable()) return;
  nudge();
  thread_.join();
}

void Keeper::run() {
  for (;;) {
    if (leaving_.load() && !left_) {
      left_ = true;
      // A successor that has the file has its own opinion.
      why_ = "stopping";
      if (file_dir_ >= 0 && own_file()) write(value_of(def_, false));
      publish();
    }
    if (ending_.load()) return;
    wait();
    if (leaving_.load()) continue;
    if (fifo_ >= 0) read_fifo();
    hear();
    look();
  }
}

void Keeper::wait() {
  std::vector<pollfd> waits = {pollfd{wake_, POLLIN, 0}};
  if (!left_) {
    waits.push_back({fifo_, POLLIN, 0});
    for (const int socket : watch_.sockets()) waits.push_back({socket, POLLIN, 0});
  }
  poll(waits.data(), waits.size(), left_ ? -1 : kLookEveryMs);
  std::uint64_t count = 0;
  if (::read(wake_, &count, sizeof count) < 0) count = 0;
}

void Keeper::hear() {
  if (!def_.watch.empty() && watch_.look()) stats::role_board().show_sightings(watch_.all());
}

void Keeper::look() {
  if (file_dir_ < 0) return;
  std::string why = shortfall(def_, look_());
  const int value = value_of(def_, why.empty());
  if (written_ == value && own_file()) return;
  if (written_ != value) {
    if (!why.empty())
      log_warning("vrrp: the weight goes to " + std::to_string(value) + ": " + why);
    else
      log_notice("vrrp: the weight goes to " + std::to_string(value));
  }
  why_ = std::move(why);
  write(value);
  publish();
}

bool Keeper::own_file() const {
  struct stat facts {};
  return fstatat(file_dir_, name_of(def_.track_file).c_str(), &facts, 0) == 0 && facts.st_ino == inode_;
}

bool Keeper::replace(int directory, const std::string& name, const std::string& text) {
  const auto inode = replace_file(directory, name, text);
  if (inode && directory == file_dir_ && name == name_of(def_.track_file)) inode_ = *inode;
  return inode.has_value();
}

void Keeper::write(int value) {
  written_ = value;
  if (replace(file_dir_, name_of(def_.track_file), std::to_string(value) + "\n")) {
    failing_ = false;
    return;
  }
  if (!failing_) log_error(failed("vrrp: " + def_.track_file + " cannot be written"));
  failing_ = true;
}

void Keeper::read_fifo() {
  std::array<char, 4096> bytes{};
  std::vector<std::string> lines;
  for (;;) {
    const ssize_t got = ::read(fifo_, bytes.data(), bytes.size());
    if (got <= 0) break;
    lines_.feed({bytes.data(), static_cast<std::size_t>(got)}, lines);
  }
  if (lines.empty()) return;
  for (const std::string& line : lines) {
    auto notice = parse_notice(line);
    if (!notice || notice->since_s) {
      log_warning("vrrp: a line of " + def_.notify_fifo + " is not a notification of keepalived");
      continue;
    }
    const std::string news = roles_.apply(*notice, std::time(nullptr));
    if (news.empty()) continue;
    notice->event == "MASTER_RX_LOWER_PRI" || notice->event == "FAULT" ? log_warning("vrrp: " + news)
                                                                       : log_notice("vrrp: " + news);
  }
  publish();
  if (on_roles_) on_roles_(roles_.all());
  // keepalived says each thing once; the process after us reads here how things are.
  std::string text;
  for (const stats::VrrpRole& role : roles_.all()) {
    Notice notice{role.group, role.name, role.state, role.priority, role.since_s};
    if (!role.state.empty()) text += format_notice(notice) + "\n";
  }
  if (!replace(fifo_dir_, name_of(def_.notify_fifo) + ".state", text))
    log_warning(failed("vrrp: " + def_.notify_fifo + ".state cannot be written"));
}

void Keeper::restore_roles() {
  if (fifo_dir_ < 0) return;
  const int fd = openat(fifo_dir_, (name_of(def_.notify_fifo) + ".state").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  std::array<char, 65536> bytes{};
  const ssize_t got = ::read(fd, bytes.data(), bytes.size());
  ::close(fd);
  std::vector<std::string> lines;
  LineSplitter().feed({bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(0, got))}, lines);
  for (const std::string& line : lines)
    if (const auto notice = parse_notice(line)) roles_.apply(*notice, 0);
  publish();
}

void Keeper::publish() {
  std::string weight;
  if (!def_.track_file.empty() && written_)
    weight = std::to_string(*written_) + (why_.empty() ? "" : " (" + why_ + ")");
  stats::role_board().show(roles_.all(), std::move(weight));
}

}  // namespace evenkeel::vrrp
