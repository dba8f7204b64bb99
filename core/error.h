// How I/O and sessions fail: values, never exceptions, on the data plane.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace evenkeel {

// What became of one I/O operation.
enum class IoStatus : std::uint8_t {
  ok,
  eof,          // the peer has shut down its sending side in good order
  reset,        // the peer broke the connection (ECONNRESET, EPIPE)
  refused,      // connect: nobody listens there
  unreachable,  // connect: no route, host or network down
  timeout,      // a deadline of ours passed
  cancelled,    // we gave up ourselves: shutdown, session killed
  no_resource,  // descriptors, ports, memory
  failed,       // anything else; see IoResult::sys
};

struct IoResult {
  std::size_t bytes = 0;  // moved before the status came; may be > 0 only with ok
  IoStatus status = IoStatus::ok;
  int sys = 0;  // errno where there is one, else 0

  [[nodiscard]] bool ok() const noexcept { return status == IoStatus::ok; }
};

// Maps errno to a status; 0 is ok.
IoStatus io_status_of(int sys) noexcept;
std::string_view to_string(IoStatus status) noexcept;

// Who ended a session before its normal end. The letters are those of HAProxy's termination state
// (configuration manual, chapter 8.5), first character.
enum class Cause : char {
  none = '-',
  client_abort = 'C',
  server_abort = 'S',
  denied = 'P',        // the proxy refused (rule, limit, invalid message)
  local = 'L',         // answered by the proxy itself
  resource = 'R',      // a resource was exhausted
  internal = 'I',      // a bug or self-protection
  killed_down = 'D',   // the server went down (on-marked-down shutdown-sessions)
  killed_up = 'U',     // a primary server came up (on-marked-up shutdown-backup-sessions)
  killed_admin = 'K',  // an operator killed it
  client_timeout = 'c',
  server_timeout = 's',
};

// Where in its life the session was at that time; second character of the termination state.
enum class Phase : char {
  none = '-',
  request = 'R',
  queue = 'Q',
  connect = 'C',
  headers = 'H',  // waiting for, or processing, response headers
  data = 'D',
  last = 'L',  // the last data were on their way to the client
  tarpit = 'T',
};

}  // namespace evenkeel
