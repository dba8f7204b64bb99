#include "core/worker.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "core/poller.h"

namespace evenkeel {
namespace {

thread_local Worker* current_worker = nullptr;

}  // namespace

struct Worker::Loop {
  explicit Loop(Worker& w) : worker(w) {
    bell.fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (bell.fd < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    bell.owner = this;
    bell.callback = [](void* self, bool, bool, bool) noexcept { static_cast<Loop*>(self)->answer_bell(); };
    poller.want_read(bell);
  }
  ~Loop() { ::close(bell.fd); }

  void ring() noexcept { (void)::eventfd_write(bell.fd, 1); }
  void answer_bell() noexcept {
    eventfd_t count = 0;
    (void)::eventfd_read(bell.fd, &count);
    drain_mail();
  }
  void drain_mail() {
    std::vector<std::function<void()>> letters;
    {
      const std::lock_guard lock(mutex);
      letters.swap(mail);
      stopped = stopped || stopping;
    }
    for (auto& letter : letters) letter();
  }
  void resume_ready() {
    batch.swap(ready);
    for (const auto handle : batch) handle.resume();
    batch.clear();
  }
  // One turn: resume what is ready, wait for more, run what is due.
  void turn(Millis at_most) {
    resume_ready();
    const Millis due = worker.timers_.next_due();
    worker.refresh_clock();
    Millis wait = due >= kNever ? at_most : std::min(at_most, due - worker.now());
    if (!ready.empty()) wait = 0;  // somebody yielded
    poller.wait(
        wait,
        [](void* w) noexcept {
          auto& self = *static_cast<Worker*>(w);
          self.refresh_clock();
          if (self.profiler().on) [[unlikely]]
            self.profiler().woken();
        },
        &worker);
    if (worker.timers_.next_due() <= worker.now()) worker.timers_.advance(worker.now());
    resume_ready();
  }

  Worker& worker;
  Poller poller;
  Watch bell;        // an eventfd: other threads ring here
  std::mutex mutex;  // guards mail and stopping
  std::vector<std::function<void()>> mail;
  bool stopping = false;
  bool stopped = false;  // seen by the loop itself
  std::vector<std::coroutine_handle<>> ready;
  std::vector<std::coroutine_handle<>> batch;
};

Worker::Worker(int index, std::size_t buffer_size)
    : index_(index),
      now_us_(SystemClock().now_us()),
      timers_(now_us_ / 1000),
      buffers_(buffer_size),
      loop_(std::make_unique<Loop>(*this)) {
  current_worker = this;
}

Worker::~Worker() {
  if (current_worker == this) current_worker = nullptr;
}

Worker* Worker::current() noexcept { return current_worker; }

Poller& Worker::poller() noexcept { return loop_->poller; }

bool Worker::is_busy() const noexcept {
  constexpr int kMany = 8;
  return loop_->poller.batch() >= kMany;
}

void Worker::run() {
  current_worker = this;
  refresh_clock();
  loop_->drain_mail();
  while (!loop_->stopped) loop_->turn(kNever);
}

void Worker::run_for(Millis duration) {
  current_worker = this;
  refresh_clock();
  loop_->turn(duration);
}

void Worker::stop() {
  {
    const std::lock_guard lock(loop_->mutex);
    loop_->stopping = true;
  }
  loop_->ring();
}

void Worker::post(std::function<void()> function) {
  bool first = false;
  {
    const std::lock_guard lock(loop_->mutex);
    first = loop_->mail.empty();
    loop_->mail.push_back(std::move(function));
  }
  if (first) loop_->ring();  // the bell still rings for what came before
}

void Worker::defer(std::coroutine_handle<> coroutine) { loop_->ready.push_back(coroutine); }

}  // namespace evenkeel
