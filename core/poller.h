// Readiness of descriptors: one edge-triggered epoll instance per worker.
//
// Not Asio's reactor: with it, waiting without holding a buffer costs an epoll_ctl per wait, which was 10 %
// of the CPU of a proxied request; here a descriptor is registered once and never touched again.
#pragma once

#include <cstdint>
#include <deque>
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
  enum : std::uint16_t { kNothing, kRead, kReadAndWrite } registered = kNothing;
  std::uint16_t generation = 0;  // of those that had this place before
};

// Single thread.
class Poller {
 public:
  Poller();  // throws std::system_error when the system has no descriptor left
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;
  ~Poller();

  // A watch for a descriptor that is about to be used; drop() takes it back. Throws std::bad_alloc.
  Watch* make(Watch::Callback callback, void* owner, int fd);
  // Registers, or adds writability to what is registered. False: the descriptor cannot be watched (errno
  // tells).
  bool want_read(Watch& watch) noexcept;
  bool want_write(Watch& watch) noexcept;
  // The descriptor is about to be closed; its watch may be made anew after the present batch. A child process
  // that has not yet called exec(), or another process that was handed a listening socket, may hold the
  // descriptor a little longer: until then its events still come. Therefore watches are never freed, and an
  // event counts only for the generation that it was asked for.
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
  void retire(Watch* watch) noexcept;
  int epoll_;
  int batch_ = 0;
  std::deque<Watch> watches_;
  std::vector<Watch*> free_;
  std::vector<Watch*> graveyard_;
};

}  // namespace evenkeel
