#include "app/detach.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace evenkeel::app {
namespace {

std::string reason() { return std::string(" (") + std::strerror(errno) + ")"; }

[[noreturn]] void wait_as_parent(int channel, pid_t child) {
  char byte = 0;
  ssize_t n = 0;
  do n = read(channel, &byte, 1);
  while (n < 0 && errno == EINTR);
  if (n == 1) _exit(0);
  int status = 0;
  waitpid(child, &status, 0);
  _exit(WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : 1);
}

}  // namespace

Daemon Daemon::detach(std::string& error) {
  Daemon daemon;
  std::array<int, 2> channel{};
  if (pipe2(channel.data(), O_CLOEXEC) != 0) return error = "Cannot fork" + reason(), daemon;
  const pid_t pid = fork();
  if (pid < 0) return error = "Cannot fork" + reason(), daemon;
  if (pid > 0) {
    close(channel[1]);
    wait_as_parent(channel[0], pid);
  }
  close(channel[0]);
  setsid();
  daemon.parent_ = channel[1];
  return daemon;
}

void Daemon::ready() noexcept {
  if (parent_ >= 0) (void)!::write(parent_, "r", 1);
  ready_without_word();
}

void Daemon::ready_without_word() noexcept {
  if (parent_ < 0) return;
  if (const int null = open("/dev/null", O_RDWR | O_CLOEXEC); null >= 0) {
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    if (null > STDERR_FILENO) close(null);
  }
  close(std::exchange(parent_, -1));
}

PidFile::PidFile(PidFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

PidFile& PidFile::operator=(PidFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

PidFile::~PidFile() {
  if (fd_ >= 0) close(fd_);
}

PidFile PidFile::create(const std::string& path, std::string& error) {
  PidFile file;
  if (path.empty()) return file;
  file.fd_ = open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
  if (file.fd_ < 0) error = "Cannot create pidfile " + path + reason();
  return file;
}

void PidFile::write(pid_t pid) noexcept {
  if (fd_ < 0) return;
  const std::string line = std::to_string(pid) + "\n";
  (void)!::write(fd_, line.data(), line.size());
  close(std::exchange(fd_, -1));
}

bool drop_privileges(const frontends::GlobalDef& global, std::string& error) {
  if (!global.chroot.empty() && (chroot(global.chroot.c_str()) != 0 || chdir("/") != 0)) {
    error = "Cannot chroot(" + global.chroot + ")" + reason();
    return false;
  }
  // The groups of the user that started us are not ours to keep. Without the right to, they stay.
  if (global.gid > 0 && getgroups(0, nullptr) > 0 && setgroups(0, nullptr) != 0 && errno != EPERM) {
    error = "Cannot drop supplementary groups" + reason();
    return false;
  }
  if (global.gid > 0 && setgid(static_cast<gid_t>(global.gid)) != 0) {
    error = "Cannot set gid " + std::to_string(global.gid) + reason();
    return false;
  }
  if (global.uid > 0 && setuid(static_cast<uid_t>(global.uid)) != 0) {
    error = "Cannot set uid " + std::to_string(global.uid) + reason();
    return false;
  }
  if (global.set_dumpable) prctl(PR_SET_DUMPABLE, 1);
  return true;
}

}  // namespace evenkeel::app
