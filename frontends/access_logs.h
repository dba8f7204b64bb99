// From session records to log targets: who logs where, and with which counts.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/task.h"
#include "frontends/client_session.h"
#include "stats/log_target.h"

namespace evenkeel::frontends {

class LogForwarder;
class RingForwarder;
struct LogForwardDef;

class AccessLogs {
 public:
  // Gives every frontend its targets. The backends live longer than this.
  AccessLogs(const Config& config, const std::vector<std::unique_ptr<Frontend>>& frontends,
             const std::vector<std::unique_ptr<backends::Backend>>& backends, unsigned workers);
  ~AccessLogs();
  AccessLogs(const AccessLogs&) = delete;
  AccessLogs& operator=(const AccessLogs&) = delete;

  // The record is complete: one line, unless the frontend wants none or early() has written it. On the
  // worker's thread.
  void write(ClientConnection& client, stats::SessionRecord& record, const backends::Backend* backend,
             const backends::Server* server);
  // The response (or, in mode tcp, the server connection) is there and the data follow: the moment of `option
  // logasap`. sent: bytes of the response's head.
  void early(ClientConnection& client, stats::SessionRecord& record, const backends::Backend* backend,
             const backends::Server* server, std::uint64_t sent);
  // One of the moments of `log-steps` before the end: a line, if the frontend wants one there.
  void step(stats::LogStep step, ClientConnection& client, stats::SessionRecord& record,
            const backends::Backend* backend, const backends::Server* server) {
    if (client.frontend.def().log.steps != 0) intermediate(step, client, record, backend, server);
  }
  // `do-log`: a line now, whatever `log-steps` says. step: that of its rule set. profile: shapes it instead
  // of the profiles of the targets; empty: these do.
  void by_rule(stats::LogStep step, std::string_view profile, ClientConnection& client,
               const stats::SessionRecord& record, const backends::Backend* backend,
               const backends::Server* server);
  // The converter `debug`: a line for the ring of that name, "stdout" or "stderr". Any thread.
  void debug(std::string_view destination, std::string_view line);
  // Something happened to a server of this backend; `level` is syslog's. On any thread, but lines of threads
  // that are no workers are not sent.
  void event(const backends::Backend& backend, int level, std::string_view text);
  // A connection that failed before there was a session.
  void connection_error(ClientConnection& client, std::string_view message);
  // Tries again what targets did not take at once; from the worker's housekeeping.
  void flush(unsigned worker) { senders_[worker]->flush(); }
  // Binds the addresses of log-forward sections; as Engine::open_listeners.
  bool open_listeners(std::vector<std::string>& errors);
  // Begins and ends to send the lines of a turn of the event loop together, and to serve the servers of
  // rings; on that worker's thread.
  void start_on(WorkerContext& context);
  void stop_on(unsigned worker) noexcept;
  // In the order of the configuration; those of `tcp@` targets follow.
  [[nodiscard]] const std::vector<std::shared_ptr<stats::LogRing>>& rings() const noexcept { return rings_; }
  // Lines lost by all targets together. Any thread.
  [[nodiscard]] std::uint64_t dropped() const noexcept;
  [[nodiscard]] stats::LogDate& date(unsigned worker) noexcept { return senders_[worker]->date(); }

 private:
  void intermediate(stats::LogStep step, ClientConnection& client, stats::SessionRecord& record,
                    const backends::Backend* backend, const backends::Server* server);
  void send(stats::LogStep step, ClientConnection& client, stats::SessionRecord& record,
            const backends::Backend* backend, const backends::Server* server,
            const LogProfile* forced = nullptr);
  void send_profiled(const stats::LogTargets& to, const LogProfile& profile, stats::LogStep step,
                     ClientConnection& client, const stats::SessionRecord& record, int level);

  // The line that a format makes of the record; valid until its next call on this worker.
  std::string_view custom_line(ClientConnection& client, const stats::SessionRecord& record,
                               const rules::LogFormat& format, std::string_view origin);
  // What log-format-sd (or a profile's) makes of it; likewise.
  std::string_view structured_data(ClientConnection& client, const stats::SessionRecord& record,
                                   const rules::LogFormat* format, std::string_view origin);

  stats::SyslogIdentity identity_;
  SystemClock clock_;
  struct BackendLog {
    stats::LogTargets targets;
    std::string tag;
  };
  stats::LogTargets targets_of(const stats::ProxyLogDef& def);
  std::shared_ptr<stats::LogTarget> make_target(stats::LogTargetDef def);
  std::shared_ptr<stats::LogSink> make_sink(const std::string& backend);
  void give_targets(Frontend& frontend, const Config& config, const stats::LogTargets& shared);
  stats::LogTargets targets_for(const stats::ProxyLogDef& def, const stats::LogTargets& shared);

  const Config& config_;
  const std::vector<std::unique_ptr<backends::Backend>>& live_;
  std::unordered_map<std::string, std::shared_ptr<stats::LogSink>> sinks_;  // backends of mode log, by name
  std::vector<std::shared_ptr<stats::LogRing>> rings_;
  std::unordered_map<const stats::RingDef*, std::shared_ptr<stats::LogRing>> own_rings_;  // of tcp@
  void add_log_forward(const std::shared_ptr<const LogForwardDef>& def, const stats::ProxyLogDef& global);

  std::vector<std::unique_ptr<LogForwarder>> log_forwarders_;  // likewise
  std::vector<std::unique_ptr<RingForwarder>> forwarders_;     // all on worker 0

  stats::LogTargets all_;
  std::unordered_map<std::string, BackendLog> backends_;  // by name
  Task<void> send_at_turns(WorkerContext& context);

  std::vector<std::unique_ptr<stats::LogSender>> senders_;
  struct Turn {
    Event lines;  // some wait for the end of the turn
    bool over = false;
  };
  std::vector<Turn> turns_;  // one per worker
  std::vector<std::string> structured_;
  std::vector<std::string> lines_;  // of custom formats, one per worker, kept for its memory
};

}  // namespace evenkeel::frontends
