// Sets packet marks on sockets for threads that have given up the right to.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace evenkeel::lvs {

// With `user` in the configuration the workers cannot set SO_MARK, which needs CAP_NET_ADMIN. This thread
// keeps that right and nothing else, as the bridge's own does; the bridge cannot do it itself, because it may
// be busy with the kernel's table for longer than a check can wait.
class Marker {
 public:
  Marker() = default;
  Marker(const Marker&) = delete;
  Marker& operator=(const Marker&) = delete;
  ~Marker();

  // Before privileges are dropped.
  void start();
  // Any thread but its own; waits some microseconds. False: refused.
  bool mark(int fd, std::uint32_t mark);

 private:
  void run();

  std::thread thread_;
  std::mutex turn_;   // one request at a time
  std::mutex mutex_;  // guards the fields below
  std::condition_variable changed_;
  bool ready_ = false;
  bool ending_ = false;
  bool asked_ = false;
  int fd_ = -1;
  std::uint32_t mark_ = 0;
  bool good_ = false;
};

// Of the calling thread, at its beginning: it will be able to take back CAP_NET_ADMIN when the user changes.
void keep_right();
// Takes it back where the user has changed; false: it is gone.
bool regain_right();

}  // namespace evenkeel::lvs
