// Readiness of descriptors: one edge-triggered epoll instance per worker.
//
// Not Asio's reactor: with it, waiting without holding a buffer costs an epoll_ctl per wait, which was 10 %
// of the CPU of a proxied request; here a descriptor is registered once and never touched again.
#pragma once

#include <cstdint>
#include <vector>

#include "core/clock.h"

namespace evenkeel {

// One registered descriptor. Owned by the poller from the moment of drop(), so that events that are already
// in the present batch find it alive.
struct Watch {
  using Callback = void (*)(void* owner, bool readable, bool writable, bool ended) noexcept;
  Callback callback = nullptr;
  void* owner = nullptr;  // null: dropped
  int fd = -1;
  std::uint32_t registered = 0;  // epoll events asked for; 0: not registered yet
};

// Single thread.
class Poller {
 public:
  Poller();  // throws std::system_error when the system has no descriptor left
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;
  ~Poller();

  // Registers, or adds writability to what is registered. False: the descriptor cannot be watched (errno
  // tells).
  bool want_read(Watch& watch) noexcept;
  bool want_write(Watch& watch) noexcept;
  // The descriptor is about to be closed; deletes the watch after the present batch.
  void drop(Watch* watch) noexcept;
  // Gives the descriptor back unregistered, without closing it.
  void release(Watch& watch) noexcept;

  // Waits for at most this long (kNever: for ever) and calls back everything that became ready.
  // before_dispatch runs between waiting and the first callback.
  void wait(Millis timeout, void (*before_dispatch)(void*) noexcept, void* context) noexcept;
  // How many descriptors the last wait() has found ready, and clients that were accepted since.
  [[nodiscard]] int batch() const noexcept { return batch_; }
  void note_accepted() noexcept { ++batch_; }

 private:
  bool update(Watch& watch, std::uint32_t events) noexcept;
  int epoll_;
  int batch_ = 0;
  std::vector<Watch*> graveyard_;
};

}  // namespace evenkeel
