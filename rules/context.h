// What a rule sees of the session that it runs in.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.h"
#include "rules/facts.h"
#include "rules/fetch_memo.h"
#include "rules/reply.h"
#include "rules/scratch.h"
#include "rules/variables.h"

namespace evenkeel {
class Clock;
}
namespace evenkeel::http {
struct RequestHead;
struct ResponseHead;
}  // namespace evenkeel::http
namespace evenkeel::stats {
struct SessionRecord;
class LogDate;
enum class LogStep : std::uint8_t;
}  // namespace evenkeel::stats

namespace evenkeel::rules {

class Action;
struct CaptureSlots;

// Bytes of one direction as far as they have come.
struct Bytes {
  std::string_view data;
  bool complete = false;  // no more will come: message end, connection shut down, or the buffer is full
};

// The data plane fills the fields that the session has reached and keeps them current; whatever is null or
// empty is "not there" and makes fetches fail, never crash. Fields are plain because fetches read them
// thousands of times per second; the virtual functions answer what is asked rarely.
class EvalContext {
 public:
  EvalContext() = default;
  EvalContext(const EvalContext&) = delete;
  EvalContext& operator=(const EvalContext&) = delete;
  virtual ~EvalContext() = default;

  // Names, timers, sizes and the outcome so far: fetches and log aliases read them here.
  const stats::SessionRecord* record = nullptr;
  stats::LogDate* log_date = nullptr;  // the worker's; needed by log formats with dates only
  Scratch* scratch = nullptr;          // never null while rules run; reset by the owner between rule sets
  FetchMemo memo;                      // of the request; Expression::first() keeps it
  const Clock* clock = nullptr;

  // As rules may change them (set-src...), then as the connection has them.
  Address src;
  Address dst;
  const Address* fc_src = nullptr;
  const Address* fc_dst = nullptr;

  http::RequestHead* request = nullptr;
  http::ResponseHead* response = nullptr;
  Bytes request_body;
  Bytes response_body;
  Bytes request_bytes;                  // raw client bytes of a TCP session under inspection
  Bytes response_bytes;                 // raw server bytes
  std::uint64_t request_body_size = 0;  // announced, or received so far
  std::uint64_t response_body_size = 0;
  bool not_http = false;          // mode tcp: the bytes can no longer become a request
  bool inspection_ended = false;  // wait_end: the inspect delay is over, or none is set

  bool mode_http = true;
  bool in_response = false;  // response rules run: `hdr`, `payload` and their like look at the response
  bool tls_front = false;

  // Kept after the request head is gone (capture.req.* and logs).
  std::string_view captured_method;
  std::string_view captured_uri;
  std::string_view captured_version;  // "HTTP/1.1"
  std::string_view captured_response_version;
  CaptureSlots* request_captures = nullptr;
  CaptureSlots* response_captures = nullptr;

  VariableStore* process_vars = nullptr;
  VariableStore* session_vars = nullptr;
  VariableStore* transaction_vars = nullptr;
  VariableStore* request_vars = nullptr;
  VariableStore* response_vars = nullptr;
  VariableStore* check_vars = nullptr;

  // The allow-lines and pass-lines rules of this request that have spoken (action/lines.cc).
  std::vector<const Action*> line_marks;

  // The rule that last ended its set; empty and 0: none did.
  std::string_view last_rule_file;
  std::uint32_t last_rule_line = 0;
  // The rule that waits for bytes or for time to pass, if one does.
  std::string_view waiting_rule_file;
  std::uint32_t waiting_rule_line = 0;

  // Where actions leave what the data plane then does.
  Reply reply;                  // filled when the verdict says respond, deny or tarpit
  std::string route;            // use_backend's or use-server's chosen name
  std::string_view cache;       // the verdicts cache_use and cache_store: its name
  std::string_view service;     // the verdict serve: its name
  std::string_view log_origin;  // while a log line is made: why (%OG)
  int drop_ttl = 0;             // silent-drop rst-ttl: hops of the reset that goes out; 0: none, if possible
  bool strict = true;           // strict-mode; each rule set begins strict
  int log_level = -1;           // set-log-level: 0 (emerg) to 7 (debug), kSilent; -1 untouched
  std::optional<std::int64_t> timeout_client_ms, timeout_server_ms, timeout_tunnel_ms, timeout_connect_ms,
      timeout_queue_ms, timeout_tarpit_ms;
  std::optional<std::uint32_t> mark, server_mark;  // of packets to the client, to the server
  std::optional<int> tos, server_tos, retries, priority_class, priority_offset;
  std::int64_t pause_ms = 0;          // with Verdict::pause
  std::int64_t wait_body_ms = 0;      // with Verdict::wait_body: how long, and for how many bytes
  std::uint64_t wait_body_least = 0;  // 0: all of them
  std::string early_hints;            // header lines of an interim response that has not been sent yet
  bool no_l7_retry = false;           // disable-l7-retry: a request that was sent is not sent again
  bool expect_proxy = false;          // a PROXY header comes first on this connection
  bool expect_netscaler_cip = false;  // NetScaler's client IP header does
  bool switch_to_http = false;        // a session of mode tcp goes on as HTTP
  static constexpr int kSilent = 8;

  // Numbers and names of the session; nullopt where they make no sense (yet). The defaults answer what the
  // record knows, so that an override handles its own facts and passes the rest on.
  virtual std::optional<std::int64_t> number(Number what, std::string_view name) const;
  virtual std::optional<std::string_view> text(Text what) const;
  // The server connection: our end of it, or the server's. Without a family: there is none.
  virtual Address server_end(bool ours) const;
  // A field of the PROXY header that the client sent; nullopt: none came, or not that one.
  virtual std::optional<std::string_view> proxy_field(std::uint8_t type) const;
  // set-bandwidth-limit: limits what the rest of this stream transfers, as the filter of that name says.
  // limit in bytes, period in milliseconds; nullopt: the filter's own.
  virtual void limit_bandwidth(std::string_view, std::optional<std::int64_t>, std::optional<std::int64_t>) {}
  // do-log: a log line now, of what is known so far. step: that of the rule set. profile: the log-profile
  // section that shapes it in the place of those of the targets; empty: none.
  virtual void log_now(stats::LogStep, std::string_view) {}
  // The SYN of the client's connection (`tcp-ss`); the kernel gives it away once. Empty: there is none.
  virtual std::string saved_syn() { return {}; }
  // What is known of one side's connection, as "name=value" texts; `layers` as the manual numbers them, 0:
  // all.
  virtual std::string debug_state(bool, std::int64_t) { return {}; }
  // The converter debug: a line for a ring, "stdout" or "stderr".
  virtual void debug_line(std::string_view, std::string_view) {}
  // The unique id of the stream, made at its first use; empty when none is configured.
  virtual std::string_view unique_id();
  virtual std::uint64_t random();
};

}  // namespace evenkeel::rules
