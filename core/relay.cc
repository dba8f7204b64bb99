#include "core/relay.h"

namespace evenkeel {
namespace {

// Four full buffers in a row make a flow big enough for splice(2).
constexpr int kFullReads = 4;
// So many reads in a row without a wait, and it is somebody else's turn: one loopback transfer must not keep
// the worker to itself.
constexpr int kTurn = 16;

struct State {
  Worker& worker;
  RelaySide client;
  RelaySide server;
  RelayOptions options;
  RelayResult& result;
  RelayObserver* observer;
  int ended = 0;
  bool broken = false;
  bool writing[2] = {false, false};  // to the server, to the client
  Event upstream_done{};
  Event downstream_done{};

  void touch(RelaySide& side) noexcept {
    if (side.timeout > 0) side.deadline->set(worker.now() + side.timeout);
  }
  void activity(RelaySide& own, RelaySide& other) noexcept {
    touch(own);
    if (!options.independent) touch(other);
  }
  void break_with(IoStatus client_status, IoStatus server_status) noexcept {
    if (!broken) {
      result.client = client_status;
      result.server = server_status;
    }
    broken = true;
    client.stream->cancel(IoStatus::cancelled);
    server.stream->cancel(IoStatus::cancelled);
  }
  // One direction has come to its end in good order.
  void half_close(RelaySide& from, RelaySide& to, bool to_server) noexcept {
    if (ended++ == 0) result.client_finished_first = to_server;
    to.stream->shutdown_write();
    // The side that now knows of the end has to come to its own; the other one only has to take what is
    // written.
    if (to.fin_timeout > 0) to.timeout = to.fin_timeout;
    touch(to);
    if (!writing[to_server ? 1 : 0]) from.deadline->clear();
  }
};

Task<bool> forward(State& s, RelaySide& from, RelaySide& to, std::string_view bytes, bool to_server) {
  Throttle* const throttle = s.options.throttle;
  while (!bytes.empty()) {
    std::string_view piece = bytes;
    if (throttle != nullptr)
      piece = bytes.substr(0, co_await throttle->take(to_server, bytes.size(), *to.stream));
    s.touch(to);
    s.writing[to_server ? 0 : 1] = true;
    const IoResult out = co_await to.stream->write(piece);
    s.writing[to_server ? 0 : 1] = false;
    if (!out.ok()) {
      if (!s.broken)
        s.break_with(to_server ? IoStatus::ok : out.status, to_server ? out.status : IoStatus::ok);
      co_return false;
    }
    if (throttle != nullptr) throttle->passed(to_server, bytes.substr(0, out.bytes));
    bytes.remove_prefix(out.bytes);
    s.activity(to, from);
    (to_server ? s.result.to_server : s.result.to_client) += out.bytes;
    if (s.observer != nullptr) s.observer->moved(to_server, out.bytes);
  }
  co_return true;
}

Task<bool> forward_spliced(State& s, RelaySide& from, RelaySide& to, bool to_server, bool& finished,
                           bool& can_splice) {
  SpliceTimes times{from.deadline, from.timeout, to.deadline, to.timeout};
  const SpliceResult r =
      co_await splice_stream(s.worker, *from.stream, *to.stream, UINT64_MAX, times, s.observer, to_server);
  (to_server ? s.result.to_server : s.result.to_client) += r.bytes;
  s.result.spliced += r.bytes;
  if (r.unsupported) can_splice = false;
  if (r.read_status == IoStatus::eof) {
    finished = true;
  } else if (r.read_status != IoStatus::ok || r.write_status != IoStatus::ok) {
    const IoStatus source = r.read_status;
    const IoStatus sink = r.write_status;
    if (!s.broken) s.break_with(to_server ? source : sink, to_server ? sink : source);
    co_return false;
  }
  co_return true;
}

// False: the relay is over.
Task<bool> pass_gate(State& s, RelaySide& from, RelaySide& to, RelayGate& gate, Buffer& buffer) {
  const RelayGate::Decision decision = co_await gate.open(buffer);
  if (decision == RelayGate::Decision::break_) {
    s.break_with(IoStatus::ok, IoStatus::ok);
    co_return false;
  }
  if (buffer.held()) {
    const bool sent = co_await forward(s, from, to, buffer.view(), false);
    buffer.release();
    if (!sent) co_return false;
  }
  if (decision == RelayGate::Decision::end) s.break_with(IoStatus::ok, IoStatus::ok);
  co_return decision == RelayGate::Decision::pass;
}

Task<void> pump(State& s, RelaySide& from, RelaySide& to, bool to_server, Event& done,
                RelayGate* gate = nullptr) {
  Buffer buffer(s.worker.buffers());
  int full_reads = 0;
  int turns = 0;
  if (gate != nullptr) {
    const bool open = co_await pass_gate(s, from, to, *gate, buffer);
    if (!open) {
      done.set();
      co_return;
    }
  }
  bool can_splice = s.options.splice && s.options.throttle == nullptr && from.stream->raw_fd() >= 0 &&
                    to.stream->raw_fd() >= 0;
  while (!s.broken) {
    s.touch(from);
    if (!buffer.held()) {
      const IoResult ready = co_await from.stream->readable();
      if (ready.ok()) buffer.reserve();
      if (!ready.ok()) {
        if (!s.broken)
          s.break_with(to_server ? ready.status : IoStatus::ok, to_server ? IoStatus::ok : ready.status);
        break;
      }
    }
    const IoResult in = co_await from.stream->read(buffer.space());
    if (in.status == IoStatus::eof) {
      s.half_close(from, to, to_server);
      break;
    }
    if (!in.ok()) {
      if (!s.broken) s.break_with(to_server ? in.status : IoStatus::ok, to_server ? IoStatus::ok : in.status);
      break;
    }
    s.activity(from, to);
    const bool ok = co_await forward(s, from, to, {buffer.space().data(), in.bytes}, to_server);
    if (!ok) break;
    full_reads = in.bytes == buffer.capacity() ? full_reads + 1 : 0;
    if (full_reads == 0) {
      buffer.release();  // the socket is empty: wait without a buffer
      turns = 0;
    } else if (++turns == kTurn) {
      turns = 0;
      co_await s.worker.yield();
    }
    if (can_splice && full_reads >= kFullReads) {
      full_reads = 0;
      buffer.release();
      bool finished = false;
      const bool alive = co_await forward_spliced(s, from, to, to_server, finished, can_splice);
      if (finished) s.half_close(from, to, to_server);
      if (finished || !alive) break;
    }
  }
  done.set();
}

}  // namespace

Task<IoResult> write_all(Worker& worker, Stream& stream, std::string_view bytes, Deadline* deadline,
                         Millis timeout, bool more) {
  IoResult total;
  while (!bytes.empty()) {
    if (deadline != nullptr && timeout > 0) deadline->set(worker.now() + timeout);
    const IoResult out = co_await stream.write(bytes, more);
    if (!out.ok()) {
      total.status = out.status;
      total.sys = out.sys;
      co_return total;
    }
    total.bytes += out.bytes;
    bytes.remove_prefix(out.bytes);
  }
  co_return total;
}

Task<void> relay(Worker& worker, RelaySide a, RelaySide b, RelayOptions options, RelayResult& result,
                 RelayObserver* observer, RelayGate* gate) {
  State state{worker, a, b, options, result, observer};
  spawn(pump(state, state.client, state.server, true, state.upstream_done));
  co_await pump(state, state.server, state.client, false, state.downstream_done, gate);
  co_await state.upstream_done;
  a.deadline->clear();
  b.deadline->clear();
}

}  // namespace evenkeel
