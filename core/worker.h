// A worker is a thread's event loop with everything that it shares with nobody: timers, buffers, frames.
//
// It has no locks but around its mail; therefore nothing but post() and stop() may be called from another
// thread.
#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>

#include "core/buffer.h"
#include "core/call_account.h"
#include "core/clock.h"
#include "core/timer_wheel.h"

namespace evenkeel {

class Poller;

class Worker {
 public:
  // index: 0 for the first thread; sizes per-worker arrays elsewhere. buffer_size: tune.bufsize, bytes.
  explicit Worker(int index, std::size_t buffer_size = 16384);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  // The worker whose run() is below us on the stack of this thread, or that was made by this thread last;
  // else nullptr.
  static Worker* current() noexcept;

  void run();   // returns after stop()
  void stop();  // any thread; safe before run()
  // One round of the loop, for tests: handles what is ready, or waits for at most this long for something.
  void run_for(Millis duration);

  // Runs the function on this worker's thread, in the order of the calls. Any thread.
  void post(std::function<void()> function);
  // Resumes a coroutine from the event loop, after the callbacks that run now. Own thread only.
  void defer(std::coroutine_handle<> coroutine);

  [[nodiscard]] int index() const noexcept { return index_; }
  [[nodiscard]] TimerWheel& timers() noexcept { return timers_; }
  [[nodiscard]] BufferPool& buffers() noexcept { return buffers_; }
  // The time at which the present event was taken up; steady within one callback. Milliseconds, microseconds.
  [[nodiscard]] Millis now() const noexcept { return now_us_ / 1000; }
  [[nodiscard]] std::int64_t now_us() const noexcept { return now_us_; }
  // Reads the clock anew; the loop does so before each callback.
  void refresh_clock() noexcept { now_us_ = SystemClock().now_us(); }

  // co_await worker.sleep(ms)
  struct Sleep {
    Worker& worker;
    Millis until;
    std::coroutine_handle<> waiter;
    Deadline deadline;
    Sleep(Worker& w, Millis at) noexcept
        : worker(w),
          until(at),
          deadline(
              w.timers(), [](void* self) noexcept { static_cast<Sleep*>(self)->waiter.resume(); }, this) {}
    [[nodiscard]] bool await_ready() const noexcept { return until <= worker.now(); }
    void await_suspend(std::coroutine_handle<> h) noexcept {
      waiter = h;
      deadline.set(until);
    }
    void await_resume() const noexcept {}
  };
  // co_await worker.yield(): lets everybody else who is ready go first.
  struct Yield {
    Worker& worker;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) const { worker.defer(h); }
    void await_resume() const noexcept {}
  };
  Yield yield() noexcept { return {*this}; }
  // Whether so many others are ready that what we asked for just now is likely to be here after them.
  [[nodiscard]] bool is_busy() const noexcept;
  Sleep sleep(Millis duration) noexcept { return {*this, now() + duration}; }

  [[nodiscard]] Poller& poller() noexcept;
  [[nodiscard]] Profiler& profiler() noexcept { return profiler_; }

 private:
  struct Loop;
  int index_;
  std::int64_t now_us_;
  TimerWheel timers_;
  BufferPool buffers_;
  Profiler profiler_;
  std::unique_ptr<Loop> loop_;
};

}  // namespace evenkeel
