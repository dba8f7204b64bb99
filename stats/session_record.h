// One record per TCP session or HTTP request: filled on the way through the proxy, counted and logged once at
// its end.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/address.h"
#include "core/error.h"

namespace evenkeel::stats {

// The moment never came.
inline constexpr std::int64_t kUnset = -1;

// When things happened: microseconds of the monotonic clock, kUnset where they did not. Each moment is the
// end of one phase of manual chapter 8.4 and the start of the next.
struct Moments {
  std::int64_t accepted =
      kUnset;  // connection accepted; for a later request, the end of the previous response
  std::int64_t handshaken = kUnset;     // PROXY header and TLS done; unset counts as accepted
  std::int64_t first_byte = kUnset;     // first byte of the request (HTTP)
  std::int64_t request_done = kUnset;   // end of the request's head (HTTP)
  std::int64_t dequeued = kUnset;       // left the queue, or needed none
  std::int64_t connected = kUnset;      // the server connection stood, new or reused
  std::int64_t response_done = kUnset;  // end of the response's head (HTTP)
  std::int64_t ended = kUnset;          // both sides done; with logasap, the moment of logging
};

// Manual chapter 8.4, in milliseconds; -1 where a phase was not completed.
struct Timers {
  std::int64_t handshake = -1;     // Th
  std::int64_t idle = -1;          // Ti
  std::int64_t request = -1;       // TR
  std::int64_t full_request = -1;  // Tq = Th + Ti + TR
  std::int64_t queue = -1;         // Tw
  std::int64_t connect = -1;       // Tc
  std::int64_t response = -1;      // Tr
  std::int64_t data = -1;          // Td
  std::int64_t active = 0;         // Ta, never negative
  std::int64_t total = 0;          // Tt, never negative
  std::int64_t user = 0;           // Tu = Tt - Ti, never negative
};

// http: false leaves out the request and response phases, as mode tcp does.
Timers timers_of(const Moments& moments, bool http) noexcept;

// All views point into memory that lives until the record was logged: the snapshot, the session's buffers or
// arena. Empty names print as HAProxy's placeholders.
struct SessionRecord {
  Moments at;
  std::int64_t accepted_wall_us = 0;  // wall clock, microseconds since 1970
  std::int64_t request_wall_us = 0;   // of the first byte of the request; 0: as accepted

  std::string_view frontend;
  std::string_view listener;      // name of the bind line; empty: its id is shown
  std::uint32_t listener_id = 0;  // also stands for the port of a unix socket
  std::string_view backend;
  std::string_view server;  // "<NOSRV>", "<STATS>" or a name; empty: "<NOSRV>"
  Address client;           // as seen after a PROXY header
  Address local;            // where the client connected to
  Address source;           // our end of the server connection
  Address target;           // the server's end
  bool http = false;
  bool tls = false;

  std::string_view method;  // with target_uri and version: the request line; method empty: "<BADREQ>"
  std::string_view target_uri;
  std::string_view version;  // "HTTP/1.1"
  int status = -1;
  std::uint64_t bytes_in = 0;          // from the client
  std::uint64_t bytes_out = 0;         // to the client, heads included
  std::uint64_t server_bytes_in = 0;   // from the server
  std::uint64_t server_bytes_out = 0;  // to the server

  Cause cause = Cause::none;
  Phase phase = Phase::none;
  char cookie_in = '-';   // what the client's persistence cookie was: N I D V E O U (manual 8.5)
  char cookie_out = '-';  // what we did to the server's: N I U P R D

  std::uint32_t actconn = 0;  // connections on the process, the frontend, the backend and the server
  std::uint32_t feconn = 0;   // when the session was logged
  std::uint32_t beconn = 0;
  std::uint32_t srv_conn = 0;
  std::uint32_t retries = 0;
  bool redispatched = false;
  std::uint32_t srv_queue = 0;  // requests before this one in the server's queue
  std::uint32_t backend_queue = 0;

  // Values of `capture request|response header`, in the order of the configuration, cut to their configured
  // lengths; empty where the header was missing. captured: a request was parsed, so that they are to be shown
  // at all.
  std::span<const std::string_view> request_captures;
  std::span<const std::string_view> response_captures;
  bool captured = false;
  std::string_view request_cookie;  // "name=value" of `capture cookie`, empty: none
  std::string_view response_cookie;
  std::string_view unique_id;
  std::string_view compressed_with;   // the word of the algorithm; empty: the response is not compressed
  std::string_view cache_hit;         // the cache that answered; empty: none did
  std::uint64_t log_counter = 0;      // %lc
  std::uint64_t request_counter = 0;  // %rt

  bool as_soon_as_possible = false;  // logged before the end: totals get a '+'
  int level = -1;                    // http-request set-log-level; -1: the default, 8: silent
};

// "--": %ts, or with the cookie characters: %tsc.
std::array<char, 4> termination_state(const SessionRecord& record) noexcept;

}  // namespace evenkeel::stats
