#include "core/fd_stream.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>

#include "core/socket_options.h"

namespace evenkeel {

FdStream::FdStream(Worker& worker, int fd, bool fresh)
    : worker_(worker),
      watch_(worker.poller().make(&FdStream::on_ready, this, fd)),
      fd_(fd),
      may_read_(fresh) {}

FdStream::~FdStream() {
  worker_.poller().drop(watch_);
  if (fd_ < 0) return;
  ::close(fd_);
  fault::closed(fd_);
}

int FdStream::release() noexcept {
  worker_.poller().release(*watch_);
  return std::exchange(fd_, -1);
}

void FdStream::on_ready(void* self, bool readable, bool writable, bool ended) noexcept {
  auto& stream = *static_cast<FdStream*>(self);
  const Watch* const watch = stream.watch_;
  if (ended) stream.ended_ = true;
  if (writable) stream.on_writable();
  // The callback may have destroyed the stream; the watch outlives it for the rest of the batch.
  if (readable && watch->owner != nullptr) stream.on_readable();
}

// The kernel will not tell when this descriptor is ready; the operation ends here instead of waiting for
// ever.
void FdStream::cannot_watch(IoOp* op) noexcept {
  const int error = errno;
  if (op == read_) read_ = nullptr;
  if (op == write_) write_ = nullptr;
  op->result = {0, io_status_of(error), error};
}

// Replaces what the kernel would say; true: done, with `done` telling whether the operation has ended.
bool FdStream::fault_in(IoOp& op, fault::Op what, std::size_t& limit, bool& done) noexcept {
  using Kind = fault::Verdict::Kind;
  const fault::Verdict verdict = fault::ask(what, fd_);
  if (verdict.kind == Kind::none) return false;
  if (verdict.kind == Kind::shorten) {
    limit = 1;
    return false;
  }
  done = verdict.kind != Kind::stall;
  if (verdict.kind == Kind::eof) op.result = {0, IoStatus::eof, 0};
  if (verdict.kind == Kind::error) op.result = {0, io_status_of(verdict.error), verdict.error};
  return true;
}

bool FdStream::try_read(ReadOp& op) noexcept {
  std::size_t limit = op.into.size();
  bool done = false;
  if (op.into.empty()) {
    op.result = {};
    if (may_read_ && fault_in(op, fault::Op::wait_read, limit, done)) return done;
    return may_read_;
  }
  if (fault_in(op, fault::Op::read, limit, done)) {
    may_read_ = done;
    return done;
  }
  for (;;) {
    const ssize_t n = ::recv(fd_, op.into.data(), limit, 0);
    if (n > 0) {
      may_read_ = ended_ || static_cast<std::size_t>(n) == limit;
      op.result = {static_cast<std::size_t>(n), IoStatus::ok, 0};
      return true;
    }
    if (n == 0) {
      ended_ = true;
      op.result = {0, IoStatus::eof, 0};
      return true;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      may_read_ = false;
      return false;
    }
    op.result = {0, io_status_of(errno), errno};
    return true;
  }
}

bool FdStream::start_read(ReadOp& op) noexcept {
  if (cancelled_ != IoStatus::ok) {
    op.result = {0, cancelled_, 0};
    return true;
  }
  if (may_read_ && try_read(op)) return true;
  read_ = &op;
  if (worker_.poller().want_read(*watch_)) return false;
  cannot_watch(&op);
  return true;
}

bool FdStream::try_write(WriteOp& op) noexcept {
  std::size_t limit = 0;
  bool done = false;
  if (op.parts.empty() && op.single.iov_base == nullptr) {
    op.result = {};
    if (may_write_ && fault_in(op, fault::Op::wait_write, limit, done)) return done;
    return may_write_;
  }
  if (fault_in(op, fault::Op::write, limit, done)) {
    may_write_ = done;
    return done;
  }
  if (writes_with_delay_ != 0 && --writes_with_delay_ == 0) [[unlikely]] {
    set_no_delay();
  }
  msghdr message{};
  message.msg_iov = op.parts.empty() ? &op.single : const_cast<iovec*>(op.parts.data());
  message.msg_iovlen = op.parts.empty() ? 1 : op.parts.size();
  iovec first{};
  if (limit != 0) [[unlikely]] {
    first = message.msg_iov[0];
    first.iov_len = first.iov_len < limit ? first.iov_len : limit;
    message.msg_iov = &first;
    message.msg_iovlen = 1;
  }
  for (;;) {
    const ssize_t n = ::sendmsg(fd_, &message, MSG_NOSIGNAL | (op.more ? MSG_MORE : 0));
    if (n >= 0) {
      op.result = {static_cast<std::size_t>(n), IoStatus::ok, 0};
      return true;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      may_write_ = false;
      return false;
    }
    op.result = {0, io_status_of(errno), errno};
    return true;
  }
}

bool FdStream::start_write(WriteOp& op) noexcept {
  if (cancelled_ != IoStatus::ok) {
    op.result = {0, cancelled_, 0};
    return true;
  }
  if (may_write_ && try_write(op)) return true;
  write_ = &op;
  if (worker_.poller().want_write(*watch_)) return false;
  cannot_watch(&op);
  return true;
}

void FdStream::resume(IoOp& op) noexcept {
  if (account_ == nullptr) [[likely]]
    return op.waiter.resume();
  const Turn turn(*account_);
  op.waiter.resume();
}

void FdStream::on_readable() noexcept {
  may_read_ = true;
  if (read_ == nullptr) {
    if (idle_callback_ != nullptr) {
      idle_event_ = true;
      auto* const callback = std::exchange(idle_callback_, nullptr);
      callback(idle_owner_);  // may destroy this
    }
    return;
  }
  ReadOp& op = *read_;
  if (!try_read(op)) return;
  read_ = nullptr;
  resume(op);
}

void FdStream::on_writable() noexcept {
  may_write_ = true;
  if (write_ == nullptr) return;
  WriteOp& op = *write_;
  if (!try_write(op)) return;
  write_ = nullptr;
  resume(op);
}

void FdStream::watch_idle(void (*on_event)(void*) noexcept, void* owner) noexcept {
  char byte = 0;
  // A last read that filled its span exactly leaves it open whether more is there.
  idle_event_ = may_read_ && !(::recv(fd_, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN);
  may_read_ = idle_event_;
  idle_callback_ = on_event;
  idle_owner_ = owner;
  (void)worker_.poller().want_read(*watch_);
}

void FdStream::unwatch_idle() noexcept { idle_callback_ = nullptr; }

void FdStream::cancel(IoStatus why) noexcept {
  if (cancelled_ != IoStatus::ok) return;
  cancelled_ = why;
  interrupt(why);
}

void FdStream::interrupt(IoStatus why) noexcept {
  const auto end = [&](IoOp* op) {
    if (op == nullptr) return;
    op->result = {0, why, 0};
    worker_.defer(op->waiter);
  };
  end(std::exchange(read_, nullptr));
  end(std::exchange(write_, nullptr));
}

void FdStream::set_no_delay() noexcept {
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void FdStream::shutdown_write() noexcept { ::shutdown(fd_, SHUT_WR); }

void FdStream::reset_on_close() noexcept { evenkeel::reset_on_close(fd_); }

}  // namespace evenkeel
