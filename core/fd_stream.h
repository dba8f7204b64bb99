// A stream over a socket descriptor: TCP and unix sockets, both ends. Also used to wait on other descriptors
// (listening sockets, pipes), for which only readable(), writable() and fd() have a meaning.
//
// Reads and writes are tried at once with plain system calls; only when the kernel says "would block" does
// the event loop come in. A read that filled less than its span has emptied the socket, so the next one waits
// without trying.
#pragma once

#include <memory>

#include "core/fault.h"
#include "core/poller.h"
#include "core/stream.h"
#include "core/worker.h"

namespace evenkeel {

class FdStream final : public Stream {
 public:
  // Takes the descriptor, which must be non-blocking. fresh: bytes may be there already (an accepted
  // connection).
  FdStream(Worker& worker, int fd, bool fresh = true);
  ~FdStream() override;

  void cancel(IoStatus why) noexcept override;
  void interrupt(IoStatus why) noexcept override;
  void shutdown_write() noexcept override;
  void reset_on_close() noexcept override;
  // TCP_NODELAY is set before the second write: the first never waits, and many connections see no other.
  void no_delay_later() noexcept { writes_with_delay_ = 2; }
  // For a connection on which everything has been said: unless the peer has closed first, the coming close is
  // a reset, so that the local port is free at once. Ports in TIME_WAIT make connect() search, and in the end
  // fail.
  void skip_time_wait() noexcept {
    if (!ended_) reset_on_close();
  }
  [[nodiscard]] int raw_fd() const noexcept override { return fd_; }
  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] Address local_address() const noexcept override { return Address::local_of(fd_); }
  [[nodiscard]] Address peer_address() const noexcept override { return Address::peer_of(fd_); }
  // Gives the descriptor away; nothing may be under way. The stream is of no use afterwards.
  int release() noexcept;
  // The worker on whose loop it lives.
  [[nodiscard]] Worker& worker() const noexcept { return worker_; }
  [[nodiscard]] IoStatus cancelled() const noexcept override { return cancelled_; }
  void exhausted_read() noexcept override { may_read_ = false; }
  void exhausted_write() noexcept override { may_write_ = false; }
  // Whether the next read asks the kernel before it waits.
  [[nodiscard]] bool may_be_readable() const noexcept { return may_read_; }
  // Bytes are likely to be there: the next read asks the kernel before it waits.
  void expect_bytes() noexcept { may_read_ = true; }
  // True while the kernel has reported an end or an error that nobody has read; checks an idle connection for
  // life without a system call, as the event loop sees it.
  [[nodiscard]] bool disturbed_while_idle() const noexcept { return idle_event_; }
  // From now on nobody reads, but the loop reports whether the peer closes or talks (disturbed_while_idle).
  void watch_idle(void (*on_event)(void*) noexcept, void* owner) noexcept;
  void unwatch_idle() noexcept;
  // Whose turn it is when this stream becomes ready; null: nobody counts. It must be taken back before it
  // dies.
  void bill(CallAccount* account) noexcept { account_ = account; }

 protected:
  bool start_read(ReadOp& op) noexcept override;
  bool start_write(WriteOp& op) noexcept override;

 private:
  bool try_read(ReadOp& op) noexcept;
  bool try_write(WriteOp& op) noexcept;
  void set_no_delay() noexcept;
  bool fault_in(IoOp& op, fault::Op what, std::size_t& limit, bool& done) noexcept;
  static void on_ready(void* self, bool readable, bool writable, bool ended) noexcept;
  void on_readable() noexcept;
  void on_writable() noexcept;
  void cannot_watch(IoOp* op) noexcept;
  void resume(IoOp& op) noexcept;

  Worker& worker_;
  Watch* watch_;
  int fd_;
  ReadOp* read_ = nullptr;
  WriteOp* write_ = nullptr;
  IoStatus cancelled_ = IoStatus::ok;
  bool may_read_;
  bool may_write_ = true;
  std::uint8_t writes_with_delay_ = 0;
  bool ended_ = false;  // the end, or an error, is behind the bytes: no further edge will tell of it
  bool idle_event_ = false;
  void (*idle_callback_)(void*) noexcept = nullptr;
  void* idle_owner_ = nullptr;
  CallAccount* account_ = nullptr;
};

}  // namespace evenkeel
