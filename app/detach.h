// Leaving the terminal (-D), the pid file, and giving up root's rights.
#pragma once

#include <sys/types.h>

#include <string>

#include "frontends/config.h"

namespace evenkeel::app {

// Forks. The parent waits until the child calls ready() or ends, and leaves with 0 or the child's exit code;
// so scripts see whether the start succeeded. Returns in the child only, or with `error` filled when there
// could be no child.
class Daemon {
 public:
  // An object that does nothing: for processes in the foreground.
  Daemon() = default;
  static Daemon detach(std::string& error);
  // We serve: the parent may go. Standard streams are pointed at /dev/null.
  void ready() noexcept;
  // In a worker, whose master will say it: only lets go of the terminal.
  void ready_without_word() noexcept;

 private:
  int parent_ = -1;
};

// Opened at once, so that errors show early and a chroot does not matter; written when the process id is
// final.
class PidFile {
 public:
  PidFile() = default;
  PidFile(PidFile&& other) noexcept;
  PidFile& operator=(PidFile&& other) noexcept;
  ~PidFile();
  // error: "Cannot create pidfile <path> (<reason>)".
  static PidFile create(const std::string& path, std::string& error);
  void write(pid_t pid) noexcept;

 private:
  int fd_ = -1;
};

// chroot, then group, then user, as configured. False with words in `error`; the process must then end.
bool drop_privileges(const frontends::GlobalDef& global, std::string& error);

}  // namespace evenkeel::app
