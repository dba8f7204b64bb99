#include "lvs/marker.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace evenkeel::lvs {

void keep_right() { prctl(PR_SET_KEEPCAPS, 1); }

bool regain_right() {
  if (geteuid() == 0) return true;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  data[0].effective = data[0].permitted = 1U << CAP_NET_ADMIN;
  return syscall(SYS_capset, &header, data.data()) == 0;
}

Marker::~Marker() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Marker::start() {
  thread_ = std::thread([this] { run(); });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ready_; });
}

bool Marker::mark(int fd, std::uint32_t mark) {
  const std::lock_guard turn(turn_);
  std::unique_lock lock(mutex_);
  if (!ready_ || ending_) return false;
  fd_ = fd;
  mark_ = mark;
  asked_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return !asked_ || ending_; });
  return !asked_ && good_;
}

void Marker::run() {
  keep_right();
  std::unique_lock lock(mutex_);
  ready_ = true;
  changed_.notify_all();
  while (true) {
    changed_.wait(lock, [this] { return asked_ || ending_; });
    if (ending_) return;
    const auto set = [this] { return setsockopt(fd_, SOL_SOCKET, SO_MARK, &mark_, sizeof mark_) == 0; };
    // The right may have gone with the user since the last time.
    good_ = set() || (errno == EPERM && regain_right() && set());
    asked_ = false;
    changed_.notify_all();
  }
}

}  // namespace evenkeel::lvs
