// Where log lines go: `log <address> ... <facility> [max [min]]`. A target that is slow, full or gone never
// holds up a worker: lines wait in a short queue of the worker and are then dropped, counted, and warned
// about once.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.h"
#include "core/clock.h"
#include "stats/access_log.h"
#include "stats/log_ring.h"
#include "stats/syslog.h"

namespace evenkeel::stats {

struct SampleRange {
  std::uint32_t low = 1;  // 1-based, inclusive
  std::uint32_t high = 1;
};

// The words of one `log` line.
struct LogTargetDef {
  std::string name;                         // as written: for warnings
  Address address;                          // UDP or unix datagram; unused when fd >= 0 or a ring is named
  std::string ring;                         // ring@<name>: a section, or the ring made for `tcp@` below
  std::shared_ptr<const RingDef> own_ring;  // of `tcp@`; copies of the line share it
  std::string backend;                      // backend@<name>: of mode log
  std::string profile;                      // `profile`; empty: none
  int fd = -1;                              // stdout, stderr, fd@<n>
  std::uint32_t max_length = 1024;  // `len`, 80..65535: header and text together, without the line feed
  SyslogFormat format = SyslogFormat::local;
  int facility = 3;
  int max_level = 7;                // less severe lines are not sent
  int min_level = 0;                // more severe lines are sent with this level
  std::vector<SampleRange> sample;  // sorted; empty: every line
  std::uint32_t sample_size = 0;
};

// "1,3-5:10" of `sample`. False when it is not one: a bound of 0, a range beyond the size, ranges that
// overlap.
bool parse_sample(std::string_view text, LogTargetDef& def);

// The moments at which a session may log (`log-steps`, and `on` in log-profile sections).
// Those from tcp_req_conn on are `do-log` in that rule set: profiles name them, `log-steps` does not.
enum class LogStep : std::uint8_t {
  accept,
  request,
  connect,
  response,
  close,
  error,
  tcp_req_conn,
  tcp_req_sess,
  tcp_req_cont,
  tcp_res_cont,
  http_req,
  http_res,
  http_after_res,
};
inline constexpr std::size_t kLogSteps = 6;      // that log-steps names
inline constexpr std::size_t kAllLogSteps = 13;  // that profiles name
constexpr bool by_rule(LogStep step) noexcept { return step >= LogStep::tcp_req_conn; }
constexpr unsigned mask_of(LogStep step) noexcept { return 1U << static_cast<unsigned>(step); }

// The log words of one proxy (or of global, where only targets and tag have a meaning).
struct ProxyLogDef {
  std::vector<LogTargetDef> targets;
  bool use_global = false;  // `log global`
  std::string tag;          // log-tag; empty: the global one
  AccessLogDef access;
  unsigned steps = 0;  // log-steps: mask_of(LogStep); 0: not said, which means close and error
  [[nodiscard]] bool logs_at(LogStep step) const noexcept {
    return ((steps == 0 ? mask_of(LogStep::close) | mask_of(LogStep::error) : steps) & mask_of(step)) != 0;
  }
};

class LogSender;
enum class LogOutcome : std::uint8_t { sent, full, failed };  // failed: errno tells why

// A target that finds its own way to a server, such as a backend of mode log. Shared by all workers.
class LogSink {
 public:
  virtual ~LogSink() = default;
  // The line ends with a line feed. Never waits.
  // message: the part of it behind its header.
  virtual LogOutcome deliver(LogSender& sender, std::string_view line, std::string_view message) noexcept = 0;
};

// A target's state, shared by all workers.
class LogTarget {
 public:
  explicit LogTarget(LogTargetDef def, std::shared_ptr<LogRing> ring = nullptr,
                     std::shared_ptr<LogSink> sink = nullptr)
      : def_(std::move(def)), ring_(std::move(ring)), sink_(std::move(sink)) {}
  [[nodiscard]] const LogTargetDef& def() const noexcept { return def_; }
  [[nodiscard]] const std::shared_ptr<LogRing>& ring() const noexcept { return ring_; }
  [[nodiscard]] const std::shared_ptr<LogSink>& sink() const noexcept { return sink_; }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  friend class LogSender;
  // Whether the next line of the sampling period is among those wanted.
  bool sampled() noexcept;
  const LogTargetDef def_;
  const std::shared_ptr<LogRing> ring_;  // null: not into a ring
  const std::shared_ptr<LogSink> sink_;  // null: to the address or descriptor of def_
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<std::uint64_t> lines_{0};
  std::atomic<bool> warned_{false};
  std::atomic_flag writing_ = ATOMIC_FLAG_INIT;  // one writer at a time on a shared descriptor
};

using LogTargets = std::vector<std::shared_ptr<LogTarget>>;

// One per worker; not for two threads.
class LogSender {
 public:
  // warn: called at most once per target and process, with a whole sentence, on the worker's thread; may be
  // empty. identity and clock must outlive the sender.
  LogSender(const SyslogIdentity& identity, const Clock& clock, std::function<void(std::string_view)> warn);
  ~LogSender();
  LogSender(const LogSender&) = delete;
  LogSender& operator=(const LogSender&) = delete;

  // Sends the text to every target that wants this level. tag: the proxy's log-tag; empty: the identity's.
  // structured: see put_syslog_header(). header: how many bytes of the text are a header that it brings
  // itself.
  void send(const LogTargets& targets, int level, std::string_view tag, std::string_view text,
            std::string_view structured = {}, std::size_t header = 0);

  // Renders the record in the proxy's format and sends it; without a level, unless the proxy does not want it
  // logged.
  void send(const LogTargets& targets, const ProxyLogDef& def, const SessionRecord& record,
            std::string_view structured = {});
  void send(const LogTargets& targets, const ProxyLogDef& def, const SessionRecord& record, int level,
            std::string_view structured);

  // From now on datagrams are gathered, to go together at send_gathered(): a system call for each line in
  // between costs more than its own work, since it drives what the traffic needs out of the caches. `first`
  // is called with the first of them and has to see to it that send_gathered() is called soon; after a call
  // with nothing, lines go at once again.
  void gather(std::function<void()> first);
  void send_gathered();

  // Tries again to send what waits. Call it now and then, e.g. every 50 ms while waiting() is true.
  void flush();
  [[nodiscard]] bool waiting() const noexcept { return waiting_ != 0; }
  [[nodiscard]] LogDate& date() noexcept { return date_; }
  // One datagram, now or not at all: for sinks.
  LogOutcome send_datagram(const Address& to, std::string_view line) noexcept;
  // Renders the record as send() does, without sending it. Valid until the next call.
  std::string_view render(LogFormat format, const SessionRecord& record, std::size_t longest);

  static constexpr std::size_t kQueueLines = 256;  // per target and worker
  // So much is sent without being asked for.
  static constexpr std::size_t kGathered = 64;  // lines
  static constexpr std::size_t kGatheredBytes = 65536;

 private:
  using Outcome = LogOutcome;
  struct Line {
    std::string bytes;
    std::size_t header;  // its first bytes
  };
  struct Queue {
    std::shared_ptr<LogTarget> target;
    std::deque<Line> lines;
  };
  // Lines in a row that go to one target.
  struct Run {
    std::shared_ptr<LogTarget> target;
    std::size_t lines;
  };
  struct Gathered {
    std::size_t offset;
    std::uint32_t length;
    std::uint32_t header;
  };
  void put_aside(const std::shared_ptr<LogTarget>& target, std::string_view line, std::size_t header);
  [[nodiscard]] std::string_view bytes_of(const Gathered& line) const noexcept {
    return std::string_view(gathered_bytes_).substr(line.offset, line.length);
  }
  std::size_t send_together(LogTarget& target, const Gathered* lines, std::size_t count) noexcept;
  void deliver_now(const std::shared_ptr<LogTarget>& target, std::string_view line, std::size_t header);
  Outcome write(LogTarget& target, std::string_view line, std::size_t header);
  Outcome write_descriptor(LogTarget& target, std::string_view line);
  int socket_for(int family);
  void deliver(const std::shared_ptr<LogTarget>& target, std::string_view line, std::size_t header);
  void drop(LogTarget& target, std::string_view why);
  Queue* queue_of(const LogTarget* target) noexcept;

  const SyslogIdentity& identity_;
  const Clock& clock_;
  std::function<void(std::string_view)> warn_;
  LogDate date_;
  int udp4_ = -1;
  int udp6_ = -1;
  int unix_ = -1;
  std::vector<Queue> queues_;
  std::size_t waiting_ = 0;
  std::function<void()> gather_;  // empty: lines go at once
  std::vector<Run> runs_;
  std::vector<Gathered> gathered_;
  std::string gathered_bytes_;
  std::vector<char> line_;  // as long as the longest target allows
  std::vector<char> text_;
};

}  // namespace evenkeel::stats
