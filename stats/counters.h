// The counters of a frontend, listener, backend or server (and of the process itself), declared once.
//
// One entity has one `Counters` per worker, so counting is a relaxed load and store by one thread: no locked
// instruction and no shared cache line on the request path. Readers add the shards up
// (EntityCounters::totals).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/clock.h"

namespace evenkeel::stats {

// One line per counter: X(member, meaning). Everything that grows and never falls; gauges live with the state
// that they measure (current sessions of a server, length of a queue) and meet the counters in a Row.
// clang-format off
#define EVENKEEL_COUNTERS(X)                                                                    \
  X(cum_conn,           "connections accepted (frontend, listener, process)")                   \
  X(cum_sess,           "sessions: accepted and not refused, or given to the backend or server") \
  X(cum_req,            "HTTP requests")                                                        \
  X(cum_lbconn,         "sessions that were given out by load balancing, not by queue or cookie") \
  X(bytes_in,           "bytes received from clients (backend, server: sent to servers)")       \
  X(bytes_out,          "bytes sent to clients (backend, server: received from servers)")       \
  X(denied_req,         "requests denied by rules")                                             \
  X(denied_resp,        "responses denied by rules")                                            \
  X(denied_conn,        "connections refused by tcp-request connection rules")                  \
  X(denied_sess,        "sessions refused by tcp-request session rules")                        \
  X(failed_req,         "invalid, broken or timed-out requests")                                \
  X(failed_conns,       "failed attempts to reach a server, after all retries")                 \
  X(failed_resp,        "invalid, broken or timed-out responses")                               \
  X(cli_aborts,         "requests or sessions broken off by the client")                        \
  X(srv_aborts,         "requests or sessions broken off by the server")                        \
  X(retries,            "connection attempts repeated")                                         \
  X(redispatches,       "requests moved to another server after a failed connection")           \
  X(failed_rewrites,    "header rewrites that did not fit")                                     \
  X(internal_errors,    "faults of the proxy itself")                                           \
  X(intercepted,        "requests answered by the proxy: redirects, stats, services")           \
  X(hrsp_1xx,           "responses with status 100-199")                                        \
  X(hrsp_2xx,           "responses with status 200-299")                                        \
  X(hrsp_3xx,           "responses with status 300-399")                                        \
  X(hrsp_4xx,           "responses with status 400-499")                                        \
  X(hrsp_5xx,           "responses with status 500-599")                                        \
  X(hrsp_other,         "any other status, or none")                                            \
  X(connect,            "connections opened to servers")                                        \
  X(reuse,              "requests sent over an idle connection")                                \
  X(cache_lookups,      "requests looked up in the cache")                                      \
  X(cache_hits,         "requests answered from the cache")                                     \
  X(comp_in,            "bytes submitted to compression")                                       \
  X(comp_out,           "bytes that compression made of them")                                  \
  X(comp_byp,           "bytes that bypassed compression for lack of resources")                \
  X(comp_rsp,           "compressed responses")                                                 \
  X(failed_checks,      "failed health checks while the server was up")                         \
  X(down_transitions,   "transitions from up to down")                                          \
  X(failed_hana,        "failed checks by observation of traffic")                              \
  X(ssl_sess,           "TLS sessions established")                                             \
  X(ssl_reused_sess,    "TLS sessions resumed")                                                 \
  X(ssl_failed_handshake, "TLS handshakes that failed")                                         \
  X(h2_headers_rcvd,    "HEADERS frames received")                                              \
  X(h2_data_rcvd,       "DATA frames received")                                                 \
  X(h2_settings_rcvd,   "SETTINGS frames received")                                             \
  X(h2_rst_stream_rcvd, "RST_STREAM frames received")                                           \
  X(h2_goaway_rcvd,     "GOAWAY frames received")                                               \
  X(h2_conn_errors,     "HTTP/2 connection errors detected")                                    \
  X(h2_strm_errors,     "HTTP/2 stream errors detected")                                        \
  X(h2_rst_stream_resp, "RST_STREAM frames sent")                                               \
  X(h2_goaway_resp,     "GOAWAY frames sent")                                                   \
  X(h2_connections,     "HTTP/2 connections")                                                   \
  X(h2_streams,         "HTTP/2 streams")                                                       \
  X(h1_connections,     "HTTP/1 connections")                                                   \
  X(h1_streams,         "HTTP/1 exchanges")                                                     \
  X(h1_bytes_in,        "bytes received by HTTP/1 connections")                                 \
  X(h1_bytes_out,       "bytes sent by HTTP/1 connections")                                     \
  X(h1_spliced_in,      "of them received through a kernel pipe")                               \
  X(h1_spliced_out,     "of them sent through a kernel pipe")                                   \
  X(spliced_out,        "bytes sent through a kernel pipe in any mode (process)")

// Highest values seen: X(member, meaning). Feed them with the value just reached, e.g. after an increment of the
// entity's atomic gauge; `clear counters` (without "all") resets these only.
#define EVENKEEL_MAXIMA(X)                                     \
  X(sess_max,  "concurrent sessions")                          \
  X(queue_max, "queued sessions")                              \
  X(qtime_max, "milliseconds in the queue")                    \
  X(ctime_max, "milliseconds until the connection stood")      \
  X(rtime_max, "milliseconds until the response began")        \
  X(ttime_max, "milliseconds of the whole exchange")

// Averages over about the last 1024 requests of each worker: X(member, meaning), milliseconds.
#define EVENKEEL_AVERAGES(X)        \
  X(qtime, "time in the queue")     \
  X(ctime, "time to connect")       \
  X(rtime, "time to respond")       \
  X(ttime, "total time")

// Events per second: X(member, meaning).
#define EVENKEEL_RATES(X)                                                                        \
  X(conn_rate, "connections accepted")                                                           \
  X(sess_rate, "sessions accepted (frontend, listener) or assigned (backend, server)")           \
  X(req_rate,  "HTTP requests received")                                                         \
  X(out_rate,  "units of 32 bytes sent (process)")                                               \
  X(ssl_rate,  "TLS connections accepted (process)")                                             \
  X(comp_in_rate,  "bytes submitted to compression (process)")                                   \
  X(comp_out_rate, "bytes that compression made of them (process)")
// clang-format on

// A number that grows. One writer, any number of readers; never torn, never ordered with anything else.
class Counter {
 public:
  void add(std::uint64_t n = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  Counter& operator++() noexcept {
    add(1);
    return *this;
  }
  Counter& operator+=(std::uint64_t n) noexcept {
    add(n);
    return *this;
  }
  [[nodiscard]] std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// The highest value noted. A reset() that races with note() may lose to it.
class Maximum {
 public:
  void note(std::uint64_t value) noexcept {
    if (value > value_.load(std::memory_order_relaxed)) value_.store(value, std::memory_order_relaxed);
  }
  void reset() noexcept { value_.store(0, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// The average of about the last kSamples values: exact until there are so many, then each new value pushes
// out one average old one. Sum and sample count share one word so that a reader never sees one without the
// other.
class Average {
 public:
  static constexpr std::uint64_t kSamples = 1024;

  void add(std::uint64_t value) noexcept;
  void reset() noexcept { word_.store(0, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t sum() const noexcept { return word_.load(std::memory_order_relaxed) >> kBits; }
  [[nodiscard]] std::uint64_t samples() const noexcept {
    return word_.load(std::memory_order_relaxed) & ((1U << kBits) - 1);
  }

 private:
  static constexpr unsigned kBits = 11;  // kSamples fits
  std::atomic<std::uint64_t> word_{0};   // sum << kBits | samples
};

// Counts per second, of this second and of the last one in which something happened. Each word carries its
// second, so that a reader on another thread cannot mistake one for the other.
class RateShard {
 public:
  struct Second {
    std::uint32_t at = 0;  // monotonic second
    std::uint32_t count = 0;
  };

  // True when a new second began with this event: `ended` is then the one before, complete.
  bool add(std::uint32_t second, std::uint32_t n, Second& ended) noexcept;
  [[nodiscard]] Second current() const noexcept { return unpack(current_.load(std::memory_order_relaxed)); }
  [[nodiscard]] Second previous() const noexcept { return unpack(previous_.load(std::memory_order_relaxed)); }
  // What was counted in that second; 0 when it is neither of the two that are remembered.
  [[nodiscard]] std::uint32_t count_in(std::uint32_t second) const noexcept;

 private:
  static Second unpack(std::uint64_t word) noexcept {
    return {static_cast<std::uint32_t>(word >> 32), static_cast<std::uint32_t>(word)};
  }
  std::atomic<std::uint64_t> current_{0};
  std::atomic<std::uint64_t> previous_{0};
};

enum class RateId : std::uint8_t {
#define X(name, doc) name,
  EVENKEEL_RATES(X)
#undef X
};
#define X(name, doc) +1  // NOLINT(bugprone-macro-parentheses)
inline constexpr std::size_t kRateCount = 0 EVENKEEL_RATES(X);
#undef X

class EntityCounters;

// One worker's share of an entity's counters. Only that worker writes.
struct alignas(64) Counters {
#define X(name, doc) Counter name;
  EVENKEEL_COUNTERS(X)
#undef X
#define X(name, doc) Maximum name;
  EVENKEEL_MAXIMA(X)
#undef X
#define X(name, doc) Average name;
  EVENKEEL_AVERAGES(X)
#undef X

  explicit Counters(EntityCounters& owner) : owner_(owner) {}

  // One more event of that kind now. `now_ms`: the worker's monotonic clock.
  void rate(RateId id, Millis now_ms, std::uint32_t n = 1) noexcept;
  // The class of a response's status; anything outside 100-599 is "other".
  void count_status(unsigned status) noexcept;
  // The times of one finished exchange, milliseconds; negative ones (never reached) count as 0.
  void note_times(std::int64_t queue, std::int64_t connect, std::int64_t response,
                  std::int64_t total) noexcept;
  // Traffic was seen (field lastsess).
  void touch(Millis now_ms) noexcept { last_used_ms_.store(now_ms, std::memory_order_relaxed); }

 private:
  friend class EntityCounters;
  EntityCounters& owner_;
  std::array<RateShard, kRateCount> rates_;
  std::atomic<Millis> last_used_ms_{-1};
};

// The sum over all workers at one moment.
struct Totals {
#define X(name, doc) std::uint64_t name = 0;
  EVENKEEL_COUNTERS(X)
  EVENKEEL_MAXIMA(X)
  EVENKEEL_AVERAGES(X)
  EVENKEEL_RATES(X)
#undef X
#define X(name, doc) std::uint64_t name##_max = 0;
  EVENKEEL_RATES(X)
#undef X
  std::int64_t last_used_s = -1;  // seconds since touch(); -1: never
};

// All shards of one entity. It outlives configuration snapshots (it is state, not definition). Not movable:
// shards point back at it.
class EntityCounters {
 public:
  // workers: 1..4096, fixed for the life of the process.
  explicit EntityCounters(unsigned workers);
  ~EntityCounters();
  EntityCounters(const EntityCounters&) = delete;
  EntityCounters& operator=(const EntityCounters&) = delete;

  // The shard of that worker (0-based), to be called by that worker only. It is allocated at the first call:
  // ten thousand servers without traffic cost pointers, not shards. Keep the reference if you like; it stays
  // valid.
  Counters& at(unsigned worker) noexcept {
    Counters* shard = shards_[worker].load(std::memory_order_relaxed);
    return shard != nullptr ? *shard : allocate(worker);
  }

  // Any thread.
  [[nodiscard]] Totals totals(Millis now_ms) const;
  // Sliding rate: this second's events plus the share of the last second that is within 1000 ms. Any thread,
  // cheap enough for limits (`rate-limit sessions`): one read per worker.
  [[nodiscard]] std::uint64_t rate(RateId id, Millis now_ms) const noexcept;

  // `clear counters`: highest values start anew. Any thread.
  void reset_maxima(Millis now_ms);
  // `clear counters all`: everything does. Counters are not written to (they have one writer) but read
  // relative to what they were now.
  void reset_all(Millis now_ms);

 private:
  friend struct Counters;
  struct Reset;
  Counters& allocate(unsigned worker) noexcept;
  void add_up(Totals& totals, Millis now_ms) const;
  void settle(RateId id, std::uint32_t second) noexcept;
  [[nodiscard]] std::uint64_t sum_in(RateId id, std::uint32_t second) const noexcept;
  [[nodiscard]] std::uint64_t peak(RateId id) const noexcept;
  [[nodiscard]] const Counters* shard(unsigned worker) const noexcept {
    return shards_[worker].load(std::memory_order_acquire);
  }

  std::unique_ptr<std::atomic<Counters*>[]> shards_;
  std::array<std::atomic<std::uint64_t>, kRateCount> rate_max_{};
  std::atomic<std::uint32_t> reset_second_{0};
  std::unique_ptr<Reset> reset_;  // guarded by the mutex of counters.cc; null until the first reset
  unsigned workers_;
};

}  // namespace evenkeel::stats
