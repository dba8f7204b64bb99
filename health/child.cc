#include "health/child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "core/fd_stream.h"

namespace evenkeel::health {
namespace {

constexpr Millis kGrace = 1000;  // between SIGTERM and SIGKILL

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// -1 when it did not start.
pid_t start(const std::string& file, std::vector<std::string>& arguments,
            std::vector<std::string>& environment) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  if (posix_spawn_file_actions_init(&files) != 0) return -1;
  if (posix_spawnattr_init(&attributes) != 0) {
    posix_spawn_file_actions_destroy(&files);
    return -1;
  }
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, file.c_str(), &files, &attributes, pointers(arguments).data(),
                                pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return error == 0 ? pid : -1;
}

}  // namespace

Task<ChildResult> run_child(Worker& worker, std::string file, std::vector<std::string> arguments,
                            std::vector<std::string> environment, Millis timeout) {
  ChildResult result;
  const pid_t pid = file.empty() ? -1 : start(file, arguments, environment);
  if (pid < 0) co_return result;
  result.started = true;
  // Readable once the child has ended; a wait that costs neither a thread nor SIGCHLD.
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, O_NONBLOCK));
  if (fd < 0) {
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, &result.wait_status, 0);
    result.started = false;
    co_return result;
  }
  FdStream ended(worker, fd, false);
  for (const int signal : {SIGTERM, SIGKILL, 0}) {
    Deadline deadline(
        worker.timers(),
        [](void* self) noexcept { static_cast<FdStream*>(self)->interrupt(IoStatus::timeout); }, &ended);
    if (signal != 0) deadline.set(worker.now() + (signal == SIGTERM ? timeout : kGrace));
    if ((co_await ended.readable()).ok()) break;
    result.timed_out = true;
    ::kill(-pid, signal);
  }
  while (::waitpid(pid, &result.wait_status, 0) < 0 && errno == EINTR) {
  }
  co_return result;
}

}  // namespace evenkeel::health
