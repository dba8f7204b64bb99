#include "core/worker.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <system_error>

#include "core/loop.h"

namespace evenkeel {
namespace {

thread_local Worker* current_worker = nullptr;

}  // namespace

Worker::Loop::Loop(Worker& w) : worker(w) {
  const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  wake.assign(fd);
  wait_for_mail();
}

void Worker::Loop::arm_timer() {
  const Millis due = worker.timers_.next_due();
  if (due >= armed_for) return;
  armed_for = due;
  timer.expires_at(std::chrono::steady_clock::time_point(std::chrono::milliseconds(due)));
  timer.async_wait([this](const boost::system::error_code& error) {
    if (error) return;  // replaced by an earlier one
    armed_for = kNever;
    worker.refresh_clock();
    worker.timers_.advance(worker.now());
    arm_timer();
  });
}

void Worker::Loop::wait_for_mail() {
  wake.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;
    eventfd_t count = 0;
    (void)eventfd_read(wake.native_handle(), &count);
    worker.refresh_clock();
    drain_mail();
    if (!context.stopped()) wait_for_mail();
  });
}

void Worker::Loop::drain_mail() {
  std::vector<std::function<void()>> letters;
  bool stop = false;
  {
    const std::lock_guard lock(mutex);
    letters.swap(mail);
    stop = stopping;
  }
  for (auto& letter : letters) letter();
  if (stop) context.stop();
}

Worker::Worker(int index, std::size_t buffer_size)
    : index_(index),
      now_us_(SystemClock().now_us()),
      timers_(now_us_ / 1000),
      buffers_(buffer_size),
      loop_(std::make_unique<Loop>(*this)) {
  timers_.on_nearer([](void* self) noexcept { static_cast<Loop*>(self)->arm_timer(); }, loop_.get());
  current_worker = this;
}

Worker::~Worker() {
  if (current_worker == this) current_worker = nullptr;
}

Worker* Worker::current() noexcept { return current_worker; }

void Worker::run() {
  current_worker = this;
  refresh_clock();
  loop_->drain_mail();
  loop_->context.run();
}

void Worker::run_for(Millis duration) {
  current_worker = this;
  refresh_clock();
  loop_->context.restart();
  loop_->context.run_for(std::chrono::milliseconds(duration));
}

void Worker::stop() {
  {
    const std::lock_guard lock(loop_->mutex);
    loop_->stopping = true;
  }
  (void)eventfd_write(loop_->wake.native_handle(), 1);
}

void Worker::post(std::function<void()> function) {
  {
    const std::lock_guard lock(loop_->mutex);
    loop_->mail.push_back(std::move(function));
  }
  (void)eventfd_write(loop_->wake.native_handle(), 1);
}

void Worker::defer(std::coroutine_handle<> coroutine) {
  auto& loop = *loop_;
  loop.ready.push_back(coroutine);
  if (loop.ready_posted) return;
  loop.ready_posted = true;
  asio::post(loop.context, [&loop] {
    loop.ready_posted = false;
    loop.worker.refresh_clock();
    std::vector<std::coroutine_handle<>> batch;
    batch.swap(loop.ready);
    for (auto handle : batch) handle.resume();
  });
}

}  // namespace evenkeel
