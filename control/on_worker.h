// co_await on_worker(worker, function): runs the function on that worker's thread and goes on here.
#pragma once

#include <coroutine>
#include <functional>
#include <utility>

#include "core/worker.h"

namespace evenkeel::control {

// For what only its own worker may touch: session lists, connection pools. The awaiting coroutine must run on
// a worker too; it resumes there.
class on_worker {
 public:
  // at_once: without suspending when it is this worker's own; next: after what has been posted to it so far.
  enum class Turn : bool { at_once, next };
  on_worker(Worker& there, std::function<void()> function)
      : on_worker(there, Turn::at_once, std::move(function)) {}
  on_worker(Worker& there, Turn turn, std::function<void()> function)
      : there_(there), here_(Worker::current()), turn_(turn), function_(std::move(function)) {}

  [[nodiscard]] bool await_ready() {
    if (here_ != &there_ || turn_ == Turn::next) return false;
    function_();
    return true;
  }
  void await_suspend(std::coroutine_handle<> waiter) {
    there_.post([this, waiter] {
      function_();
      here_->post([waiter] { waiter.resume(); });
    });
  }
  void await_resume() const noexcept {}

 private:
  Worker& there_;
  Worker* here_;
  Turn turn_;
  std::function<void()> function_;
};

}  // namespace evenkeel::control
