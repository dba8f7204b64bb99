#include "stats/entity_row.h"

#include <algorithm>
#include <limits>

namespace evenkeel::stats {
namespace {

std::uint32_t narrow(std::uint64_t value) noexcept {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(value, std::numeric_limits<std::uint32_t>::max()));
}

void fill_common(Row& row, EntityType type, std::string_view proxy, std::uint32_t proxy_id, std::uint32_t id,
                 bool http, const Totals& t) {
  row.pxname = proxy;
  row.pid = 1;
  row.iid = proxy_id;
  row.sid = id;
  row.type = static_cast<std::uint32_t>(type);
  row.mode = http ? "http" : "tcp";
  row.smax = narrow(t.sess_max);
  row.bin = t.bytes_in;
  row.bout = t.bytes_out;
  row.dresp = t.denied_resp;
  row.wrew = t.failed_rewrites;
  row.eint = t.internal_errors;
  row.ssl_sess = t.ssl_sess;
  row.ssl_reused_sess = t.ssl_reused_sess;
  row.ssl_failed_handshake = t.ssl_failed_handshake;
}

void fill_responses(Row& row, const Totals& t) {
  row.hrsp_1xx = t.hrsp_1xx;
  row.hrsp_2xx = t.hrsp_2xx;
  row.hrsp_3xx = t.hrsp_3xx;
  row.hrsp_4xx = t.hrsp_4xx;
  row.hrsp_5xx = t.hrsp_5xx;
  row.hrsp_other = t.hrsp_other;
}

void fill_compression(Row& row, const Totals& t) {
  row.comp_in = t.comp_in;
  row.comp_out = t.comp_out;
  row.comp_byp = t.comp_byp;
  row.comp_rsp = t.comp_rsp;
}

void fill_protocols(Row& row, const Totals& t, const OpenStreams& open) {
  row.h2_headers_rcvd = t.h2_headers_rcvd;
  row.h2_data_rcvd = t.h2_data_rcvd;
  row.h2_settings_rcvd = t.h2_settings_rcvd;
  row.h2_rst_stream_rcvd = t.h2_rst_stream_rcvd;
  row.h2_goaway_rcvd = t.h2_goaway_rcvd;
  row.h2_detected_conn_protocol_errors = t.h2_conn_errors;
  row.h2_detected_strm_protocol_errors = t.h2_strm_errors;
  row.h2_rst_stream_resp = t.h2_rst_stream_resp;
  row.h2_goaway_resp = t.h2_goaway_resp;
  row.h2_open_connections = open.h2_connections;
  row.h2_backend_open_streams = open.h2_streams;
  row.h2_total_connections = t.h2_connections;
  row.h2_backend_total_streams = t.h2_streams;
  row.h1_open_connections = open.h1_connections;
  row.h1_open_streams = open.h1_streams;
  row.h1_total_connections = t.h1_connections;
  row.h1_total_streams = t.h1_streams;
  row.h1_bytes_in = t.h1_bytes_in;
  row.h1_bytes_out = t.h1_bytes_out;
  row.h1_spliced_bytes_in = t.h1_spliced_in;
  row.h1_spliced_bytes_out = t.h1_spliced_out;
}

// What backends and servers have in common: the side that connects.
void fill_serving(Row& row, const Totals& t) {
  row.qmax = narrow(t.queue_max);
  row.stot = t.cum_sess;
  row.econ = t.failed_conns;
  row.eresp = t.failed_resp;
  row.wretr = t.retries;
  row.wredis = t.redispatches;
  row.lbtot = t.cum_lbconn;
  row.rate = narrow(t.sess_rate);
  row.rate_max = narrow(t.sess_rate_max);
  row.cli_abrt = t.cli_aborts;
  row.srv_abrt = t.srv_aborts;
  row.lastsess = static_cast<std::int32_t>(t.last_used_s);
  row.qtime = narrow(t.qtime);
  row.ctime = narrow(t.ctime);
  row.rtime = narrow(t.rtime);
  row.ttime = narrow(t.ttime);
  row.qtime_max = narrow(t.qtime_max);
  row.ctime_max = narrow(t.ctime_max);
  row.rtime_max = narrow(t.rtime_max);
  row.ttime_max = narrow(t.ttime_max);
  row.connect = t.connect;
  row.reuse = t.reuse;
}

void fill_check(Row& row, const CheckFacts& check) {
  row.check_status = check.status;
  row.check_code = check.code;
  row.check_duration = check.duration_ms;
  row.last_chk = check.details;
  row.check_desc = check.words;
  row.check_rise = check.rise;
  row.check_fall = check.fall;
  row.check_health = check.health;
}

void fill_agent(Row& row, const CheckFacts& agent) {
  row.agent_status = agent.status;
  row.agent_code = agent.code;
  row.agent_duration = agent.duration_ms;
  row.last_agt = agent.details;
  row.agent_desc = agent.words;
  row.agent_rise = agent.rise;
  row.agent_fall = agent.fall;
  row.agent_health = agent.health;
}

}  // namespace

Row frontend_row(const FrontendFacts& f, const Totals& t) {
  Row row;
  fill_common(row, EntityType::frontend, f.name, f.id, 0, f.http, t);
  row.svname = "FRONTEND";
  row.status = f.status;
  row.scur = f.current;
  row.slim = f.limit;
  row.stot = t.cum_sess;
  row.dreq = t.denied_req;
  row.ereq = t.failed_req;
  row.rate = narrow(t.sess_rate);
  row.rate_lim = f.rate_limit;
  row.rate_max = narrow(t.sess_rate_max);
  row.req_rate = narrow(t.req_rate);
  row.req_rate_max = narrow(t.req_rate_max);
  row.req_tot = t.cum_req;
  row.conn_rate = narrow(t.conn_rate);
  row.conn_rate_max = narrow(t.conn_rate_max);
  row.conn_tot = t.cum_conn;
  row.dcon = t.denied_conn;
  row.dses = t.denied_sess;
  fill_compression(row, t);
  fill_protocols(row, t, f.open);
  if (f.http) {
    fill_responses(row, t);
    row.intercepted = t.intercepted;
    row.cache_lookups = t.cache_lookups;
    row.cache_hits = t.cache_hits;
  }
  return row;
}

Row listener_row(const ListenerFacts& f, const Totals& t, bool legends) {
  Row row;
  fill_common(row, EntityType::listener, f.proxy, f.proxy_id, f.id, f.http, t);
  row.svname = f.name.empty() ? "sock-" + std::to_string(f.id) : std::string(f.name);
  row.status = f.status;
  row.scur = f.current;
  row.slim = f.limit;
  row.stot = t.cum_conn;
  row.dreq = t.denied_req;
  row.ereq = t.failed_req;
  row.dcon = t.denied_conn;
  row.dses = t.denied_sess;
  if (legends) row.addr = f.address;
  return row;
}

Row backend_row(const BackendFacts& f, const Totals& t, bool legends) {
  Row row;
  fill_common(row, EntityType::backend, f.name, f.id, 0, f.http, t);
  fill_serving(row, t);
  row.svname = "BACKEND";
  row.status = f.up ? "UP" : "DOWN";
  row.qcur = f.queued;
  row.scur = f.current;
  row.slim = f.limit;
  row.dreq = t.denied_req;
  row.weight = f.weight;
  row.uweight = f.user_weight;
  row.act = f.active;
  row.bck = f.backup;
  row.chkdown = t.down_transitions;
  row.lastchg = f.last_change_s;
  if (f.has_servers) row.downtime = f.downtime_s;
  row.agg_server_status = row.agg_server_check_status = row.agg_check_status = 0;
  fill_compression(row, t);
  fill_protocols(row, t, f.open);
  if (f.http) {
    fill_responses(row, t);
    row.req_tot = t.cum_req;
    row.cache_lookups = t.cache_lookups;
    row.cache_hits = t.cache_hits;
  }
  if (legends) {
    if (!f.cookie.empty()) row.cookie = f.cookie;
    row.algo = f.algorithm;
  }
  return row;
}

Row server_row(const ServerFacts& f, const Totals& t, bool legends) {
  Row row;
  fill_common(row, EntityType::server, f.proxy, f.proxy_id, f.id, f.http, t);
  fill_serving(row, t);
  row.svname = f.name;
  row.status = f.status;
  row.qcur = f.queued;
  row.scur = f.current;
  row.slim = f.limit;
  row.qlimit = f.queue_limit;
  row.weight = f.weight;
  row.uweight = f.user_weight;
  row.act = f.backup ? 0 : 1;
  row.bck = f.backup ? 1 : 0;
  row.lastchg = f.last_change_s;
  row.throttle = f.throttle;
  if (!f.tracked.empty()) row.tracked = f.tracked;
  if (f.check != nullptr) fill_check(row, *f.check);
  if (f.agent != nullptr) fill_agent(row, *f.agent);
  if (f.checked || f.check != nullptr) {
    row.chkfail = t.failed_checks;
    row.chkdown = t.down_transitions;
    row.downtime = f.downtime_s;
  }
  if (f.observed) row.hanafail = t.failed_hana;
  if (f.http) {
    fill_responses(row, t);
    row.req_tot = t.cum_req;
  }
  row.srv_icur = f.idle;
  row.src_ilim = f.idle_limit;
  row.idle_conn_cur = f.idle_unsafe;
  row.safe_conn_cur = f.idle_safe;
  row.used_conn_cur = f.used;
  row.need_conn_est = f.needed;
  if (legends) {
    row.addr = f.address;
    if (!f.cookie.empty()) row.cookie = f.cookie;
  }
  return row;
}

std::string server_status(const ServerCondition& c) {
  if (c.admin == AdminState::maintenance) {
    if (!c.maintenance_via.empty()) return "MAINT (via " + std::string(c.maintenance_via) + ")";
    return c.maintenance_resolution ? "MAINT (resolution)" : "MAINT";
  }
  const std::string drain = c.has_agent ? "DRAIN (agent)" : "DRAIN";
  if (!c.checked && c.up && !c.stopping) return c.admin == AdminState::drain ? drain : "no check";
  const auto fraction = [](std::uint32_t reached, std::uint32_t wanted) {
    return " " + std::to_string(reached) + "/" + std::to_string(wanted);
  };
  if (!c.up) {
    if (c.agent_down) return "DOWN (agent)";
    return c.checked && c.health > 0 && c.health < c.rise ? "DOWN" + fraction(c.health, c.rise) : "DOWN";
  }
  const std::string word = c.admin == AdminState::drain ? drain : c.stopping ? "NOLB" : "UP";
  const std::uint32_t best = c.rise + c.fall - 1;
  return c.checked && c.health < best && c.health >= c.rise ? word + fraction(c.health - c.rise + 1, c.fall)
                                                            : word;
}

}  // namespace evenkeel::stats
