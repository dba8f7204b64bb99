// Sessions that wait for a free slot: on one server (persistence) or on any server of a backend.
#pragma once

#include <compare>
#include <coroutine>
#include <cstdint>

#include "core/error.h"
#include "core/timer_wheel.h"
#include "core/worker.h"

namespace evenkeel::backends {

class Backend;
class Server;

// Who is served first: the lower class, then the earlier time (manual 4.2, http-request set-priority-class).
struct QueueRank {
  std::int32_t priority_class = 0;
  Millis time = 0;  // of joining the queue, moved by the priority offset
  auto operator<=>(const QueueRank&) const = default;
};

// One waiting session; lives in the frame of the coroutine that awaits it:
//   QueueWait wait(worker, backend, server_or_null, deadline_at);
//   co_await wait;
// Afterwards `granted` is the server with a slot already taken for us, or null with `status` saying why not.
class QueueWait {
 public:
  // wanted: the only server that will do, or null for any. until: kNever for no limit.
  QueueWait(Worker& worker, Backend& backend, Server* wanted, Millis until, QueueRank rank = {}) noexcept;
  QueueWait(const QueueWait&) = delete;
  QueueWait& operator=(const QueueWait&) = delete;
  ~QueueWait();

  Server* granted = nullptr;
  // timeout; cancelled: kill() or the client left; failed: the wanted server went down, choose again.
  IoStatus status = IoStatus::ok;
  std::uint32_t position = 0;  // how many were before us

  [[nodiscard]] bool await_ready() noexcept;
  bool await_suspend(std::coroutine_handle<> waiter) noexcept;
  void await_resume() const noexcept {}
  // Gives up; for the owner's worker only. Harmless when the wait is over.
  void give_up(IoStatus why) noexcept;

 private:
  friend class Backend;
  Worker& worker_;
  Backend& backend_;
  Server* wanted_;
  Deadline deadline_;
  Millis until_;
  QueueRank rank_;
  std::coroutine_handle<> waiter_;
  QueueWait* prev_ = nullptr;
  QueueWait* next_ = nullptr;
  bool linked_ = false;
};

}  // namespace evenkeel::backends
