#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <vector>

#include "core/fault.h"
#include "core/relay.h"

namespace evenkeel {
namespace {

constexpr std::size_t kPipeSize = 256 * 1024;
constexpr int kTurn = 16;                // rounds without a wait before others get their turn
constexpr std::size_t kThin = 8 * 1024;  // below this, a copy beats two more system calls

std::atomic<std::uint32_t> pipe_limit{0};
std::atomic<std::uint32_t> pipe_count{0};

struct Pipe {
  int read = -1;
  int write = -1;
};

// Empty pipes wait here for the next big flow of this thread; two descriptors each.
struct PipePool {
  std::vector<Pipe> idle;
  ~PipePool() {
    for (const Pipe& p : idle) {
      pipe_count.fetch_sub(1, std::memory_order_relaxed);
      ::close(p.read);
      ::close(p.write);
    }
  }
};
thread_local PipePool pipes;

class PipeLease {
 public:
  PipeLease() {
    if (!pipes.idle.empty()) {
      pipe_ = pipes.idle.back();
      pipes.idle.pop_back();
      return;
    }
    if (const fault::Verdict v = fault::ask(fault::Op::pipe, -1); v.kind != fault::Verdict::Kind::none)
      return;
    const std::uint32_t limit = pipe_limit.load(std::memory_order_relaxed);
    if (limit != 0 && pipe_count.load(std::memory_order_relaxed) >= limit) return;
    int fds[2];
    if (::pipe2(fds, O_NONBLOCK | O_CLOEXEC) != 0) return;
    pipe_count.fetch_add(1, std::memory_order_relaxed);
    pipe_ = {fds[0], fds[1]};
    (void)::fcntl(pipe_.write, F_SETPIPE_SZ, kPipeSize);  // smaller also works
  }
  PipeLease(const PipeLease&) = delete;
  PipeLease& operator=(const PipeLease&) = delete;
  ~PipeLease() {
    if (pipe_.read < 0) return;
    if (held == 0 && pipes.idle.size() < 64) {
      pipes.idle.push_back(pipe_);
      return;
    }
    pipe_count.fetch_sub(1, std::memory_order_relaxed);
    ::close(pipe_.read);
    ::close(pipe_.write);
  }
  [[nodiscard]] bool ok() const noexcept { return pipe_.read >= 0; }
  [[nodiscard]] int in() const noexcept { return pipe_.write; }
  [[nodiscard]] int out() const noexcept { return pipe_.read; }
  std::size_t held = 0;  // bytes in the pipe

 private:
  Pipe pipe_;
};

enum class Move { moved, would_block, ended, failed, unsupported };

// What: which side is the socket, whose trouble it would be.
Move splice_once(int from, int to, std::size_t want, std::size_t& moved, int& error,
                 fault::Op what) noexcept {
  using Kind = fault::Verdict::Kind;
  const fault::Verdict verdict = fault::ask(what, what == fault::Op::splice_read ? from : to);
  if (verdict.kind == Kind::shorten) want = 1;
  if (verdict.kind == Kind::stall) return Move::would_block;
  if (verdict.kind == Kind::eof) return Move::ended;
  if (verdict.kind == Kind::error) {
    error = verdict.error;
    return Move::failed;
  }
  for (;;) {
    const ssize_t n = ::splice(from, nullptr, to, nullptr, want, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (n > 0) {
      moved = static_cast<std::size_t>(n);
      return Move::moved;
    }
    if (n == 0) return Move::ended;
    error = errno;
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return Move::would_block;
    return errno == EINVAL ? Move::unsupported : Move::failed;
  }
}

void arm(Worker& worker, Deadline* deadline, Millis timeout) noexcept {
  if (deadline != nullptr && timeout > 0) deadline->set(worker.now() + timeout);
}

// Empties the pipe into the stream.
Task<IoStatus> flush(Worker& worker, PipeLease& pipe, Stream& to, const SpliceTimes& times) {
  while (pipe.held > 0) {
    std::size_t moved = 0;
    int error = 0;
    const Move move = splice_once(pipe.out(), to.raw_fd(), pipe.held, moved, error, fault::Op::splice_write);
    if (move == Move::moved) {
      pipe.held -= moved;
      arm(worker, times.write_deadline, times.write_timeout);
      continue;
    }
    if (move != Move::would_block) co_return io_status_of(error == 0 ? EPIPE : error);
    to.exhausted_write();
    arm(worker, times.write_deadline, times.write_timeout);
    const IoResult ready = co_await to.writable();
    if (!ready.ok()) co_return ready.status;
  }
  co_return IoStatus::ok;
}

}  // namespace

void set_pipe_limit(std::uint32_t limit) noexcept { pipe_limit.store(limit, std::memory_order_relaxed); }

Task<SpliceResult> splice_stream(Worker& worker, Stream& from, Stream& to, std::uint64_t limit,
                                 SpliceTimes times, RelayObserver* observer, bool to_server) {
  SpliceResult result;
  PipeLease pipe;
  if (!pipe.ok() || from.raw_fd() < 0 || to.raw_fd() < 0) {
    result.unsupported = true;
    co_return result;
  }
  int thin_rounds = 0;
  int rounds = 0;
  while (result.bytes < limit) {
    // These calls go past the streams, which would have told.
    result.read_status = from.cancelled();
    result.write_status = to.cancelled();
    if (result.read_status != IoStatus::ok || result.write_status != IoStatus::ok) break;
    std::size_t moved = 0;
    int error = 0;
    const std::size_t want =
        static_cast<std::size_t>(std::min<std::uint64_t>(limit - result.bytes, kPipeSize));
    const Move move = splice_once(from.raw_fd(), pipe.in(), want, moved, error, fault::Op::splice_read);
    if (move == Move::would_block) {
      from.exhausted_read();
      arm(worker, times.read_deadline, times.read_timeout);
      const IoResult ready = co_await from.readable();
      if (!ready.ok()) {
        result.read_status = ready.status;
        break;
      }
      rounds = 0;
      continue;
    }
    if (move == Move::ended) result.read_status = IoStatus::eof;
    if (move == Move::failed) result.read_status = io_status_of(error);
    if (move == Move::unsupported) result.unsupported = true;
    if (move != Move::moved) break;
    pipe.held += moved;
    arm(worker, times.read_deadline, times.read_timeout);
    result.write_status = co_await flush(worker, pipe, to, times);
    if (result.write_status != IoStatus::ok) break;
    result.bytes += moved;
    if (observer != nullptr) observer->moved(to_server, moved);
    thin_rounds = moved < kThin ? thin_rounds + 1 : 0;
    if (thin_rounds == 4) {
      result.thin = true;
      break;
    }
    if (++rounds == kTurn) {
      rounds = 0;
      co_await worker.yield();
    }
  }
  co_return result;
}

}  // namespace evenkeel
