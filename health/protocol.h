// One health check as a state machine over bytes: it says what to do next, somebody else owns the socket and
// the time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "health/check_def.h"
#include "health/status.h"

namespace evenkeel::health {

// How a check ended.
struct Verdict {
  CheckStatus status = CheckStatus::unknown;
  int code = 0;      // shown where has_code(status)
  std::string text;  // the column last_chk; the "info" of log lines
};

// What the protocol wants its runner to do.
struct Step {
  enum class Kind : std::uint8_t {
    connect,  // close what is open, connect anew, forget what was received, then call next() with nothing
    send,     // forget what was received, write all of `bytes`, then call next() with nothing
    receive,  // wait for bytes (or the end), then call next() with everything received since connect or send
    done,     // over: `verdict` counts
  };
  Kind kind = Kind::done;
  const ConnectStep* connect = nullptr;  // for connect; never null then
  std::uint16_t port = 0;                // for connect: a port that overrides all others, 0 for none
  std::string_view bytes;                // for send; valid until the next call
  Millis patience = 0;                   // for receive: that long without bytes is an end; 0: no such limit
  Verdict verdict;                       // for done
};

// What went wrong outside of the protocol's own words.
struct Failure {
  enum class Kind : std::uint8_t {
    connect_timeout,
    connect_error,  // refused, unreachable: the server's fault
    socket_error,   // no descriptor, source address in use: ours
    timeout,        // connected, but the time of the check is over
    reset,          // the connection broke while we sent or received
  };
  Kind kind = Kind::connect_error;
  std::string_view reason;  // the system's words, "Connection refused"; empty for timeouts
};

class Protocol {
 public:
  virtual ~Protocol() = default;
  // The first call passes nothing. eof: nothing will follow `received`, because the peer ended its stream or
  // because the runner's buffer is full (tune.bufsize).
  virtual Step next(std::string_view received, bool eof) = 0;
  // The runner failed at the last step that next() asked for.
  virtual Verdict fail(const Failure& failure) = 0;
  // Whether to close in good order; otherwise with a reset, which costs neither side a TIME_WAIT.
  [[nodiscard]] virtual bool linger() const noexcept = 0;
};

// Who is checked. The views outlive the protocol.
struct CheckTarget {
  std::string_view backend;
  std::string_view server;
  // The value of X-Haproxy-Server-State at this moment; may be empty when no step sends it.
  std::function<std::string()> server_state;
};

// Bytes as log lines show them: quotes and whatever does not print become <XX> (hexadecimal), as HAProxy
// writes them.
std::string printable(std::string_view bytes);

// The bytes up to the first CR, LF or NUL: what a server's answer contributes to a report.
std::string_view first_line(std::string_view bytes) noexcept;

}  // namespace evenkeel::health
