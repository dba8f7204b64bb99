#include "stats/prometheus.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <span>

namespace evenkeel::stats {
namespace {

constexpr unsigned kF = 1;      // frontends
constexpr unsigned kB = 2;      // backends
constexpr unsigned kS = 4;      // servers
constexpr unsigned kL = 8;      // listeners
constexpr unsigned kHttp = 16;  // of proxies in mode http only
constexpr unsigned kMs = 32;    // milliseconds, shown as seconds

// A field of `show stat` and what the exporter calls it. A name that ends in "_total" is a counter.
struct Metric {
  std::string_view field;
  std::string_view name;
  unsigned where;
};

// clang-format off
constexpr Metric kMetrics[] = {
    {"qcur", "current_queue", kB | kS},
    {"qmax", "max_queue", kB | kS},
    {"scur", "current_sessions", kF | kL | kB | kS},
    {"smax", "max_sessions", kF | kL | kB | kS},
    {"slim", "limit_sessions", kF | kL | kB | kS},
    {"stot", "sessions_total", kF | kL | kB | kS},
    {"bin", "bytes_in_total", kF | kL | kB | kS},
    {"bout", "bytes_out_total", kF | kL | kB | kS},
    {"dreq", "requests_denied_total", kF | kL | kB},
    {"dresp", "responses_denied_total", kF | kL | kB | kS},
    {"ereq", "request_errors_total", kF | kL},
    {"econ", "connection_errors_total", kB | kS},
    {"eresp", "response_errors_total", kB | kS},
    {"wretr", "retry_warnings_total", kB | kS},
    {"wredis", "redispatch_warnings_total", kB | kS},
    {"status", "status", kF | kL | kB | kS},
    {"weight", "weight", kB | kS},
    {"act", "active_servers", kB},
    {"bck", "backup_servers", kB},
    {"chkfail", "check_failures_total", kS},
    {"chkdown", "check_up_down_total", kB | kS},
    {"lastchg", "check_last_change_seconds", kB | kS},
    {"downtime", "downtime_seconds_total", kB | kS},
    {"qlimit", "queue_limit", kS},
    {"throttle", "current_throttle", kS},
    {"lbtot", "loadbalanced_total", kB | kS},
    {"rate_lim", "limit_session_rate", kF},
    {"rate_max", "max_session_rate", kF | kB | kS},
    {"check_status", "check_status", kS},
    {"check_code", "check_code", kS},
    {"check_duration", "check_duration_seconds", kS | kMs},
    {"hrsp_1xx", "http_responses_total", kF | kB | kS | kHttp},
    {"req_rate_max", "http_requests_rate_max", kF | kHttp},
    {"req_tot", "http_requests_total", kF | kB | kHttp},
    {"cli_abrt", "client_aborts_total", kB | kS},
    {"srv_abrt", "server_aborts_total", kB | kS},
    {"comp_in", "http_comp_bytes_in_total", kF | kB | kHttp},
    {"comp_out", "http_comp_bytes_out_total", kF | kB | kHttp},
    {"comp_byp", "http_comp_bytes_bypassed_total", kF | kB | kHttp},
    {"comp_rsp", "http_comp_responses_total", kF | kB | kHttp},
    {"lastsess", "last_session_seconds", kB | kS},
    {"qtime", "queue_time_average_seconds", kB | kS | kMs},
    {"ctime", "connect_time_average_seconds", kB | kS | kMs},
    {"rtime", "response_time_average_seconds", kB | kS | kMs},
    {"ttime", "total_time_average_seconds", kB | kS | kMs},
    {"conn_rate_max", "connections_rate_max", kF},
    {"conn_tot", "connections_total", kF},
    {"intercepted", "intercepted_requests_total", kF | kHttp},
    {"dcon", "denied_connections_total", kF | kL},
    {"dses", "denied_sessions_total", kF | kL},
    {"wrew", "failed_header_rewriting_total", kF | kL | kB | kS},
    {"connect", "connection_attempts_total", kB | kS},
    {"reuse", "connection_reuses_total", kB | kS},
    {"cache_lookups", "http_cache_lookups_total", kF | kB | kHttp},
    {"cache_hits", "http_cache_hits_total", kF | kB | kHttp},
    {"srv_icur", "idle_connections_current", kS},
    {"src_ilim", "idle_connections_limit", kS},
    {"qtime_max", "max_queue_time_seconds", kB | kS | kMs},
    {"ctime_max", "max_connect_time_seconds", kB | kS | kMs},
    {"rtime_max", "max_response_time_seconds", kB | kS | kMs},
    {"ttime_max", "max_total_time_seconds", kB | kS | kMs},
    {"eint", "internal_errors_total", kF | kL | kB | kS},
    {"idle_conn_cur", "unsafe_idle_connections_current", kS},
    {"safe_conn_cur", "safe_idle_connections_current", kS},
    {"used_conn_cur", "used_connections_current", kS},
    {"need_conn_est", "need_connections_current", kS},
    {"uweight", "uweight", kB | kS},
    {"agg_server_status", "agg_server_status", kB},
    {"agg_server_check_status", "agg_server_check_status", kB},
    {"agg_check_status", "agg_check_status", kB},
};

struct ProcessMetric {
  std::string_view field;  // of `show info`
  std::string_view name;
};
constexpr ProcessMetric kProcess[] = {
    {"Nbthread", "nbthread"}, {"Nbproc", "nbproc"}, {"Process_num", "relative_process_id"},
    {"Uptime_sec", "uptime_seconds"}, {"PoolFailed", "pool_failures_total"}, {"Ulimit-n", "max_fds"},
    {"Maxsock", "max_sockets"}, {"Maxconn", "max_connections"}, {"Hard_maxconn", "hard_max_connections"},
    {"CurrConns", "current_connections"}, {"CumConns", "connections_total"}, {"CumReq", "requests_total"},
    {"MaxSslConns", "max_ssl_connections"}, {"CurrSslConns", "current_ssl_connections"},
    {"CumSslConns", "ssl_connections_total"}, {"Maxpipes", "max_pipes"}, {"PipesUsed", "pipes_used_total"},
    {"PipesFree", "pipes_free_total"}, {"ConnRate", "current_connection_rate"},
    {"ConnRateLimit", "limit_connection_rate"}, {"MaxConnRate", "max_connection_rate"},
    {"SessRate", "current_session_rate"}, {"SessRateLimit", "limit_session_rate"},
    {"MaxSessRate", "max_session_rate"}, {"SslRate", "current_ssl_rate"}, {"SslRateLimit", "limit_ssl_rate"},
    {"MaxSslRate", "max_ssl_rate"}, {"SslFrontendKeyRate", "current_frontend_ssl_key_rate"},
    {"SslFrontendMaxKeyRate", "max_frontend_ssl_key_rate"},
    {"SslFrontendSessionReuse_pct", "frontend_ssl_reuse"},
    {"SslBackendKeyRate", "current_backend_ssl_key_rate"}, {"SslBackendMaxKeyRate", "max_backend_ssl_key_rate"},
    {"SslCacheLookups", "ssl_cache_lookups_total"}, {"SslCacheMisses", "ssl_cache_misses_total"},
    {"CompressBpsIn", "http_comp_bytes_in_total"}, {"CompressBpsOut", "http_comp_bytes_out_total"},
    {"CompressBpsRateLim", "limit_http_comp"}, {"ZlibMemUsage", "current_zlib_memory"},
    {"MaxZlibMemUsage", "max_zlib_memory"}, {"Tasks", "current_tasks"}, {"Run_queue", "current_run_queue"},
    {"Idle_pct", "idle_time_percent"}, {"Stopping", "stopping"}, {"Jobs", "jobs"},
    {"Unstoppable Jobs", "unstoppable_jobs"}, {"Listeners", "listeners"}, {"ActivePeers", "active_peers"},
    {"ConnectedPeers", "connected_peers"}, {"DroppedLogs", "dropped_logs_total"},
    {"BusyPolling", "busy_polling_enabled"}, {"FailedResolutions", "failed_resolutions"},
    {"TotalBytesOut", "bytes_out_total"}, {"TotalSplicdedBytesOut", "spliced_bytes_out_total"},
    {"BytesOutRate", "bytes_out_rate"}, {"CumRecvLogs", "recv_logs_total"}, {"Build info", "build_info"},
    {"Memmax_bytes", "max_memory_bytes"}, {"PoolAlloc_bytes", "pool_allocated_bytes"},
    {"PoolUsed_bytes", "pool_used_bytes"}, {"Start_time_sec", "start_time_seconds"},
};
// clang-format on

constexpr std::array<std::string_view, 6> kCodes = {"1xx", "2xx", "3xx", "4xx", "5xx", "other"};
constexpr std::array<std::string_view, 2> kProxyStates = {"DOWN", "UP"};
constexpr std::array<std::string_view, 3> kListenerStates = {"WAITING", "OPEN", "FULL"};
constexpr std::array<std::string_view, 5> kServerStates = {"DOWN", "UP", "MAINT", "DRAIN", "NOLB"};
constexpr std::array<std::string_view, 16> kCheckStates = {
    "HANA",   "SOCKERR", "L4OK", "L4TOUT", "L4CON", "L6OK",    "L6TOUT",   "L6RSP",
    "L7TOUT", "L7RSP",   "L7OK", "L7OKC",  "L7STS", "PROCERR", "PROCTOUT", "PROCOK"};

const Field& field_named(std::string_view name) {
  return *std::find_if(kFields.begin(), kFields.end(), [&](const Field& f) { return f.name == name; });
}

void append_value(std::string& out, const Value& value, bool milliseconds) {
  if (!value.present || value.type == ValueType::str) {
    out += "NaN";
  } else if (milliseconds) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6f", static_cast<double>(value.number) / 1000.0);
    out += text;
  } else if (value.type == ValueType::s32) {
    out += std::to_string(static_cast<std::int64_t>(value.number));
  } else {
    out += std::to_string(value.number);
  }
  out += '\n';
}

void append_head(std::string& out, std::string_view kind, std::string_view name, std::string_view doc) {
  const bool counter = name.ends_with("_total");
  const std::string whole = "haproxy_" + std::string(kind) + '_' + std::string(name);
  out.append("# HELP ").append(whole).append(" ").append(doc);
  out.append("\n# TYPE ").append(whole).append(counter ? " counter\n" : " gauge\n");
}

// The name of a proxy or server in a label: backslash, quote and line feed are escaped.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\\' || c == '"') result += '\\';
    if (c == '\n') {
      result += "\\n";
    } else {
      result += c;
    }
  }
  return result;
}

std::string_view state_of_server(const Row& row) {
  const std::string_view status = row.status ? std::string_view(*row.status) : std::string_view();
  for (const std::string_view state : kServerStates)
    if (status.starts_with(state)) return state;
  return "UP";  // "no check"
}

std::string_view check_of(const Row& row) {
  std::string_view status = row.check_status ? std::string_view(*row.check_status) : std::string_view();
  if (status.starts_with("* ")) status.remove_prefix(2);
  return status;
}

bool in_maintenance(const Row& row) { return row.status && row.status->starts_with("MAINT"); }

class Exporter {
 public:
  Exporter(std::string& out, const PrometheusQuery& query, const std::vector<PageProxy>& proxies)
      : out_(out), query_(query), proxies_(proxies) {}

  void entity(std::string_view kind, unsigned where, std::uint32_t type) {
    kind_ = kind;
    for (const Metric& metric : kMetrics) {
      if ((metric.where & where) == 0) continue;
      const std::size_t before = out_.size();
      const Field& field = field_named(metric.field);
      append_head(out_, kind, metric.name, field.doc);
      const std::size_t head = out_.size();
      for (const PageProxy& proxy : proxies_)
        for (const Row& row : proxy.rows)
          if (row.type == type && wanted(row, metric)) sample(proxy, row, metric, field);
      if (out_.size() == head) out_.resize(before);
    }
  }

 private:
  [[nodiscard]] bool wanted(const Row& row, const Metric& metric) const {
    if ((metric.where & kHttp) != 0 && row.mode != "http") return false;
    return !(query_.no_maint && row.type == 2U && in_maintenance(row));
  }

  void line(const Row& row, const Metric& metric, std::string_view label, std::string_view of) {
    out_.append("haproxy_").append(kind_).append("_").append(metric.name).append("{proxy=\"");
    out_.append(escaped(row.pxname.value_or("")));
    if (kind_ == "server") out_.append("\",server=\"").append(escaped(row.svname.value_or("")));
    if (kind_ == "listener") out_.append("\",listener=\"").append(escaped(row.svname.value_or("")));
    if (!label.empty()) out_.append("\",").append(label).append("=\"").append(of);
    out_ += "\"} ";
  }
  template <class Count>
  void states(const Row& row, const Metric& metric, std::span<const std::string_view> all, Count count) {
    for (const std::string_view state : all) {
      line(row, metric, "state", state);
      out_.append(std::to_string(count(state))).append("\n");
    }
  }

  void sample(const PageProxy& proxy, const Row& row, const Metric& metric, const Field& field) {
    const auto servers = [&](auto test) {
      return std::count_if(proxy.rows.begin(), proxy.rows.end(),
                           [&](const Row& r) { return r.type == 2U && test(r); });
    };
    if (metric.name == "status") return status(row, metric);
    if (metric.name == "check_status") {
      const std::string_view check = check_of(row);
      if (check.empty()) return;
      return states(row, metric, kCheckStates, [&](std::string_view s) { return s == check ? 1 : 0; });
    }
    if (metric.name == "agg_check_status")
      return states(row, metric, kCheckStates, [&](std::string_view s) {
        return servers([&](const Row& r) { return check_of(r) == s; });
      });
    if (metric.name.starts_with("agg_"))
      return states(row, metric, kServerStates, [&](std::string_view s) {
        return servers([&](const Row& r) { return state_of_server(r) == s; });
      });
    if (metric.name == "http_responses_total") {
      for (const std::string_view code : kCodes) {
        line(row, metric, "code", code);
        append_value(out_, field_named("hrsp_" + std::string(code)).get(row), false);
      }
      return;
    }
    // What a server is not checked for, HAProxy leaves out rather than undefined.
    const Value value = field.get(row);
    const bool check = metric.name == "check_code" || metric.name == "check_duration_seconds";
    if (check && !value.present) return;
    line(row, metric, {}, {});
    append_value(out_, value, (metric.where & kMs) != 0);
  }

  void status(const Row& row, const Metric& metric) {
    const std::string_view status = row.status ? std::string_view(*row.status) : std::string_view();
    if (kind_ == "server")
      return states(row, metric, kServerStates,
                    [&](std::string_view s) { return s == state_of_server(row) ? 1 : 0; });
    if (kind_ == "listener")
      return states(row, metric, kListenerStates, [&](std::string_view s) { return s == status ? 1 : 0; });
    const bool up = kind_ == "frontend" ? status != "STOP" : status.starts_with("UP");
    states(row, metric, kProxyStates, [&](std::string_view s) { return (s == "UP") == up ? 1 : 0; });
  }

  std::string& out_;
  const PrometheusQuery& query_;
  const std::vector<PageProxy>& proxies_;
  std::string_view kind_;
};

void append_process(std::string& out, const Info& info) {
  for (const ProcessMetric& metric : kProcess) {
    const auto field = std::find_if(kInfoFields.begin(), kInfoFields.end(),
                                    [&](const InfoField& f) { return f.name == metric.field; });
    append_head(out, "process", metric.name, field->doc);
    out.append("haproxy_process_").append(metric.name);
    const Value value = field->get(info);
    if (metric.name == "build_info") {
      out.append("{version=\"").append(escaped(value.text)).append("\"} 1\n");
    } else {
      out += ' ';
      append_value(out, value, false);
    }
  }
}

}  // namespace

bool parse_prometheus_query(std::string_view query, PrometheusQuery& out) {
  out = {};
  bool scoped = false;
  while (!query.empty()) {
    const std::string_view word = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), word.size() + 1));
    if (word == "no-maint") out.no_maint = true;
    constexpr std::string_view kScope = "scope=";
    if (!word.starts_with(kScope)) continue;
    if (!scoped) out.global = out.frontends = out.listeners = out.backends = out.servers = false;
    scoped = true;
    const std::string_view scope = word.substr(kScope.size());
    if (scope == "*") {
      out.global = out.frontends = out.listeners = out.backends = out.servers = true;
    } else if (scope == "global") {
      out.global = true;
    } else if (scope == "frontend") {
      out.frontends = true;
    } else if (scope == "listener") {
      out.listeners = true;
    } else if (scope == "backend") {
      out.backends = true;
    } else if (scope == "server") {
      out.servers = true;
    } else if (scope.empty()) {
      out.global = out.frontends = out.listeners = out.backends = out.servers = false;
    } else if (scope != "sticktable") {  // there are none
      return false;
    }
  }
  return true;
}

void append_prometheus(std::string& out, const PrometheusQuery& query, const Info& info,
                       const std::vector<PageProxy>& proxies) {
  if (query.global) append_process(out, info);
  Exporter exporter(out, query, proxies);
  if (query.frontends) exporter.entity("frontend", kF, 0);
  if (query.listeners) exporter.entity("listener", kL, 3);
  if (query.backends) exporter.entity("backend", kB, 1);
  if (query.servers) exporter.entity("server", kS, 2);
}

}  // namespace evenkeel::stats
