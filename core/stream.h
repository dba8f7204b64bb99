// Stream: the one interface that TCP, TLS, HTTP/1 bodies and HTTP/2 streams meet. The relay, the sessions and
// the checks see nothing else of a connection.
//
// All calls come from the stream's own worker thread. At most one read and one write are under way at a time.
#pragma once

#include <sys/uio.h>

#include <coroutine>
#include <span>
#include <string_view>

#include "core/address.h"
#include "core/error.h"

namespace evenkeel {

class Stream;

// An operation that is awaited: `IoResult r = co_await stream.read(buffer);`. It lives in the awaiting frame,
// so it costs no allocation; the stream keeps a pointer to it while it waits.
struct IoOp {
  std::coroutine_handle<> waiter;
  IoResult result;
  void await_suspend(std::coroutine_handle<> h) noexcept { waiter = h; }
  [[nodiscard]] IoResult await_resume() const noexcept { return result; }
};

struct [[nodiscard]] ReadOp : IoOp {
  ReadOp(Stream& s, std::span<char> b) noexcept : stream(s), into(b) {}
  Stream& stream;
  std::span<char> into;  // empty: wait for readability only
  bool await_ready() noexcept;
};

struct [[nodiscard]] WriteOp : IoOp {
  WriteOp(Stream& s, std::string_view b, bool m) noexcept
      : stream(s), single{const_cast<char*>(b.data()), b.size()}, more(m) {}
  WriteOp(Stream& s, std::span<const iovec> p, bool m) noexcept : stream(s), parts(p), more(m) {}
  Stream& stream;
  iovec single{};                // used when parts is empty; both empty: wait for writability only
  std::span<const iovec> parts;  // at most 64
  bool more = false;             // MSG_MORE: bytes follow at once
  bool await_ready() noexcept;
};

class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;  // closes at once; what was written is still delivered

  // Reads what is there, at least one byte; eof when the peer has finished.
  ReadOp read(std::span<char> into) noexcept { return {*this, into}; }
  // Waits until read() would not wait. Costs no buffer: for idle connections.
  ReadOp readable() noexcept { return {*this, std::span<char>()}; }
  // Writes a part, at least one byte; the caller loops.
  WriteOp write(std::string_view bytes, bool more = false) noexcept { return {*this, bytes, more}; }
  WriteOp write(std::span<const iovec> parts, bool more = false) noexcept { return {*this, parts, more}; }
  WriteOp writable() noexcept { return {*this, std::string_view(), false}; }

  // What is under way, and whatever is asked for later, ends with this status. Awaiters resume from the event
  // loop, not from within this call.
  virtual void cancel(IoStatus why) noexcept = 0;
  // As cancel(), but only for what is under way now: a deadline passed, and there is still something to say.
  virtual void interrupt(IoStatus why) noexcept = 0;
  // Ends our sending side in good order (FIN, close_notify).
  virtual void shutdown_write() noexcept = 0;
  // The coming close sends RST instead of FIN and drops what is still in the send queue.
  virtual void reset_on_close() noexcept = 0;
  // The descriptor when the bytes on it are the bytes of the stream (splice, TCP_INFO); else -1.
  [[nodiscard]] virtual int raw_fd() const noexcept { return -1; }
  // What cancel() was given; ok as long as nobody called it. For callers that use raw_fd().
  [[nodiscard]] virtual IoStatus cancelled() const noexcept { return IoStatus::ok; }
  // For callers that used raw_fd() themselves and met EAGAIN: the next readable() or writable() really waits.
  virtual void exhausted_read() noexcept {}
  virtual void exhausted_write() noexcept {}
  [[nodiscard]] virtual Address local_address() const noexcept { return {}; }
  [[nodiscard]] virtual Address peer_address() const noexcept { return {}; }

 protected:
  friend struct ReadOp;
  friend struct WriteOp;
  // True: op.result is set. False: op is kept, and op.waiter is resumed later with op.result set.
  virtual bool start_read(ReadOp& op) noexcept = 0;
  virtual bool start_write(WriteOp& op) noexcept = 0;
};

inline bool ReadOp::await_ready() noexcept { return stream.start_read(*this); }
inline bool WriteOp::await_ready() noexcept { return stream.start_write(*this); }

}  // namespace evenkeel
