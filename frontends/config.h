// A whole configuration, compiled: the immutable snapshot that sessions, checks and reloads share by
// reference.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backends/backend_def.h"
#include "frontends/cache/cache_def.h"
#include "frontends/frontend_def.h"
#include "http/encoder.h"
#include "rules/variables.h"

namespace evenkeel::rules {
class PatternStore;
}

namespace evenkeel::frontends {

struct LogForwardDef;
struct LogProfile;

// The `global` section, as far as a running process needs it.
struct GlobalDef {
  unsigned nbthread = 0;      // 0: as many as there are usable cores
  std::uint32_t maxconn = 0;  // 0: computed from the descriptor limit
  std::uint32_t ulimit_n = 0;
  std::uint32_t max_conn_rate = 0;
  std::uint32_t max_sess_rate = 0;
  std::string user;
  std::string group;
  int uid = -1;
  int gid = -1;
  std::string chroot;
  std::string pidfile;
  std::string node;
  std::string description;
  std::string local_peer;
  bool daemon = false;
  bool master_worker = false;
  bool no_exit_on_failure = false;        // master-worker no-exit-on-failure
  std::uint32_t mworker_max_reloads = 0;  // 0: no limit
  bool strict_limits = true;              // failing to raise a limit is fatal
  bool set_dumpable = false;
  bool zero_warning = false;  // warnings refuse the configuration
  bool quiet = false;
  bool debug = false;
  Millis hard_stop_after = 0;
  Millis grace = 0;
  Millis close_spread = 0;  // close-spread-time; kNever: infinite
  Millis stats_timeout = 10'000;
  std::uint32_t stats_maxconn = 10;
  int spread_checks = 0;            // percent, 0..50
  Millis max_spread_checks = 0;     // 0: none
  std::size_t bufsize = 16384;      // tune.bufsize
  std::uint32_t max_headers = 101;  // tune.http.maxhdr
  int log_uri_length = 1024;        // tune.http.logurilen: room for a request line in logs
  int cookie_capture_length = 63;   // tune.http.cookielen
  bool profile_tasks = false;       // profiling.tasks on
  int rcvbuf_client = 0;
  int rcvbuf_server = 0;
  int sndbuf_client = 0;
  int sndbuf_server = 0;
  int maxaccept = 64;           // tune.maxaccept
  bool external_check = false;  // external-check: children may be started
  bool no_splice = false;       // nosplice, -dS
  bool no_reuse_port = false;   // noreuseport, -dR
  std::uint32_t max_pipes = 0;
  http::EncoderSettings encoder;      // tune.comp.maxlevel, tune.zlib.*
  std::uint32_t max_comp_rate = 0;    // maxcomprate, kB per second; 0: no limit
  int max_comp_cpu = 100;             // maxcompcpuusage, percent; 100: no limit
  std::uint64_t max_encoder_mem = 0;  // maxzlibmem in bytes; 0: no limit
  std::vector<BindDef> stats_sockets;
  rules::VariableStore process_vars;      // set-var, set-var-fmt: what the process begins with
  rules::VariableLimits variable_limits;  // tune.vars.*-max-size
  stats::ProxyLogDef log;                 // its targets and tag
  bool log_send_hostname = false;         // log-send-hostname
  std::string log_hostname;               // of it; empty: the system's
};

struct Config {
  GlobalDef global;
  std::vector<std::shared_ptr<const FrontendDef>> frontends;
  std::vector<std::shared_ptr<const backends::BackendDef>> backends;
  std::vector<CacheDef> caches;
  // http-errors sections, for rules that answer with one of them: name -> status -> message.
  std::map<std::string, std::map<int, backends::ErrorReply>, std::less<>> http_errors;
  std::vector<stats::RingDef> rings;  // ring sections
  std::vector<std::shared_ptr<const LogForwardDef>> log_forwards;
  std::vector<std::shared_ptr<const LogProfile>> log_profiles;
  // Maps and ACLs. The lists in it change at runtime; null in configurations made by hand.
  std::shared_ptr<rules::PatternStore> patterns;
};

}  // namespace evenkeel::frontends
