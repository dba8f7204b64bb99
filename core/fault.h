// A seam for tests: what the kernel says to the n-th operation of this thread can be replaced by a failure.
//
// A pointer per thread and not a build of its own: the code under test stays the code that users run. Without
// a hook it costs one load and one branch, which predicts perfectly, beside a system call.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace evenkeel::fault {

enum class Op : std::uint8_t {
  read,         // recv on a stream
  write,        // sendmsg on a stream
  wait_read,    // a wait for readability is about to end well
  wait_write,   // a wait for writability, so also for a connect, is about to end well
  connect,      // begin_connect(): socket, bind and connect as one
  connected,    // the outcome of a connect in progress
  accept,       // a client at the door
  pipe,         // a pipe for splice(2)
  splice_read,  // socket to pipe
  splice_write  // pipe to socket
};

struct Verdict {
  enum class Kind : std::uint8_t { none, error, eof, stall, shorten } kind = Kind::none;
  int error = 0;  // Kind::error
};

class Hook {
 public:
  virtual ~Hook() = default;
  // fd: -1 where there is none yet. stall: as if the kernel said EAGAIN; the operation is asked for again at
  // the next event of the descriptor. shorten: at most one byte moves.
  virtual Verdict on(Op op, int fd) noexcept = 0;
  virtual void closed(int fd) noexcept = 0;
};

inline constinit thread_local Hook* hook = nullptr;

inline Verdict ask(Op op, int fd) noexcept {
  if (hook == nullptr) [[likely]] {
    return {};
  }
  return hook->on(op, fd);
}

inline void closed(int fd) noexcept {
  if (hook != nullptr) [[unlikely]] {
    hook->closed(fd);
  }
}

}  // namespace evenkeel::fault
