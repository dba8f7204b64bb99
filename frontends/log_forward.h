// `log-forward` sections (manual 3.10): syslog messages that come in over UDP and TCP go on to log targets.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/task.h"
#include "frontends/frontend_def.h"
#include "stats/log_target.h"

namespace evenkeel::frontends {

struct WorkerContext;

struct LogForwardDef {
  std::string name;
  std::vector<BindDef> binds;      // TCP and unix streams
  std::vector<BindDef> datagrams;  // UDP
  stats::ProxyLogDef log;
  std::vector<bool> format_given;  // per target: it said `format`
  std::uint32_t maxconn = 10;      // connections at a time; more wait in the backlog
  Millis client_timeout = 0;       // 0: none
};

// Where messages go on to, and in which form; no form: the one that they came in.
struct ForwardTarget {
  stats::LogTargets target;  // one; its own format is raw, because the message brings its header
  std::optional<stats::SyslogFormat> format;
};

// One section at work, on one worker. Messages that a target does not take at once wait or are dropped there.
class LogForwarder {
 public:
  LogForwarder(std::shared_ptr<const LogForwardDef> def, std::vector<ForwardTarget> targets,
               const stats::SyslogIdentity& identity);
  LogForwarder(const LogForwarder&) = delete;
  LogForwarder& operator=(const LogForwarder&) = delete;
  ~LogForwarder();

  // Binds all addresses, anew when it is called again. False: `errors` says which could not be had.
  bool open(std::vector<std::string>& errors);
  // Begins to receive, on the thread of this worker; the sender is the worker's.
  void start(WorkerContext& context, stats::LogSender& sender);

 private:
  Task<void> receive_datagrams(int fd);
  Task<void> accept_streams(int fd);
  Task<void> serve_stream(int fd);
  void forward(std::string_view bytes);

  std::shared_ptr<const LogForwardDef> def_;
  std::vector<ForwardTarget> targets_;
  const stats::SyslogIdentity& identity_;
  std::vector<int> datagram_fds_;  // ours until start()
  std::vector<int> stream_fds_;
  WorkerContext* context_ = nullptr;
  stats::LogSender* sender_ = nullptr;
  std::uint32_t connections_ = 0;
  Event room_;
  std::vector<char> line_;
};

// The next message at the front of what a stream has sent (RFC 6587): counted ("12 text") or ended by a line
// feed. taken: how many bytes it took, 0 when it is not complete. False: this is no such stream.
bool next_stream_message(std::string_view bytes, std::string_view& message, std::size_t& taken) noexcept;

}  // namespace evenkeel::frontends
