// A wait that its owner can cut short: Worker::sleep() for sessions that may be ended meanwhile.
#pragma once

#include <coroutine>
#include <utility>

#include "core/worker.h"

namespace evenkeel {

// `Nap nap(worker, until); co_await nap;` cut() comes from a callback of the same worker; the sleeper then
// resumes from the event loop, not from within the call.
class Nap {
 public:
  Nap(Worker& worker, Millis until) noexcept
      : worker_(worker),
        until_(until),
        deadline_(
            worker.timers(),
            [](void* self) noexcept { std::exchange(static_cast<Nap*>(self)->waiter_, nullptr).resume(); },
            this) {}

  void cut() noexcept {
    cut_ = true;
    deadline_.clear();
    if (waiter_) worker_.defer(std::exchange(waiter_, nullptr));
  }

  [[nodiscard]] bool await_ready() const noexcept { return cut_ || until_ <= worker_.now(); }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    waiter_ = waiter;
    deadline_.set(until_);
  }
  void await_resume() const noexcept {}

 private:
  Worker& worker_;
  Millis until_;
  bool cut_ = false;
  std::coroutine_handle<> waiter_;
  Deadline deadline_;
};

}  // namespace evenkeel
