#include "backends/queue.h"

#include "backends/backend.h"

namespace evenkeel::backends {

QueueWait::QueueWait(Worker& worker, Backend& backend, Server* wanted, Millis until, QueueRank rank) noexcept
    : worker_(worker),
      backend_(backend),
      wanted_(wanted),
      deadline_(
          worker.timers(),
          [](void* self) noexcept { static_cast<QueueWait*>(self)->give_up(IoStatus::timeout); }, this),
      until_(until),
      rank_(rank) {}

QueueWait::~QueueWait() = default;

bool QueueWait::await_ready() noexcept { return false; }

bool QueueWait::await_suspend(std::coroutine_handle<> waiter) noexcept {
  waiter_ = waiter;
  // Set before enqueue(): once in the list, another worker may grant and post at any time.
  deadline_.set(until_);
  if (backend_.enqueue(*this)) return true;
  deadline_.clear();
  return false;
}

void QueueWait::give_up(IoStatus why) noexcept {
  if (!backend_.dequeue(*this)) return;  // granted already: the resumption is on its way
  status = why;
  worker_.defer(waiter_);
}

}  // namespace evenkeel::backends
