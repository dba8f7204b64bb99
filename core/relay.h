// Carries bytes between two streams, both ways at once, until both sides have finished: the whole of a TCP
// session, and what follows a CONNECT or an Upgrade.
#pragma once

#include <cstdint>

#include "core/buffer.h"
#include "core/stream.h"
#include "core/task.h"
#include "core/throttle.h"
#include "core/worker.h"

namespace evenkeel {

// One end of a relay.
struct RelaySide {
  Stream* stream = nullptr;
  // Calls Stream::interrupt(timeout) on this side's stream when it fires.
  Deadline* deadline = nullptr;
  Millis timeout = 0;      // inactivity allowed; 0: for ever
  Millis fin_timeout = 0;  // instead of `timeout` once the other side has ended; 0: keep `timeout`
};

struct RelayOptions {
  bool independent = false;  // traffic of one direction does not count as activity of the other side
  bool splice = true;  // move big flows within the kernel; a throttle has to see all bytes, so none then
  Throttle* throttle = nullptr;
};

// How the relay ended. The first trouble is kept; a plain end on both sides leaves both fields at ok.
struct RelayResult {
  IoStatus client = IoStatus::ok;  // side a: what broke it, if it broke first
  IoStatus server = IoStatus::ok;  // side b
  std::uint64_t to_server = 0;     // bytes a to b
  std::uint64_t to_client = 0;     // bytes b to a
  std::uint64_t spliced = 0;       // of them through a kernel pipe
  bool client_finished_first = false;
};

// Called with the bytes of each transfer, for live counters (option contstats).
struct RelayObserver {
  virtual ~RelayObserver() = default;
  virtual void moved(bool to_server, std::uint64_t bytes) noexcept = 0;
};

// Looks at what side b says first, before any of it goes to side a.
struct RelayGate {
  enum class Decision : std::uint8_t {
    pass,   // what is held goes on, and all that follows
    end,    // what is held goes on, then both sides are done
    break_  // nothing goes on
  };
  virtual ~RelayGate() = default;
  // Reads from side b into `held` until it has decided.
  virtual Task<Decision> open(Buffer& held) = 0;
};

// a: the client's side, b: the server's. Both streams stay open (though perhaps shut down for writing); the
// caller closes them. Deadlines are cleared at the end.
Task<void> relay(Worker& worker, RelaySide a, RelaySide b, RelayOptions options, RelayResult& result,
                 RelayObserver* observer = nullptr, RelayGate* gate = nullptr);

// Writes all of `bytes`, moving the deadline at every step (timeout 0: no deadline).
Task<IoResult> write_all(Worker& worker, Stream& stream, std::string_view bytes, Deadline* deadline,
                         Millis timeout, bool more = false);

// At most so many pipes exist at one time in the process (global maxpipes); 0: no limit. Beyond it, flows are
// copied.
void set_pipe_limit(std::uint32_t limit) noexcept;

// Moves up to `limit` bytes from one stream to another through a kernel pipe (splice(2)); both must have
// raw_fd(). Stops at the end of input, at an error, or when the flow is so thin that copying is cheaper
// (thin).
struct SpliceResult {
  std::uint64_t bytes = 0;
  IoStatus read_status = IoStatus::ok;  // eof: the source has finished
  IoStatus write_status = IoStatus::ok;
  bool thin = false;
  bool unsupported = false;  // no pipe to be had, or descriptors that cannot splice: copy instead
};
struct SpliceTimes {
  Deadline* read_deadline = nullptr;
  Millis read_timeout = 0;
  Deadline* write_deadline = nullptr;
  Millis write_timeout = 0;
};
Task<SpliceResult> splice_stream(Worker& worker, Stream& from, Stream& to, std::uint64_t limit,
                                 SpliceTimes times, RelayObserver* observer = nullptr,
                                 bool to_server = false);

}  // namespace evenkeel
