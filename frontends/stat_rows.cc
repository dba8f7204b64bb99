#include "frontends/stat_rows.h"

#include <sys/resource.h>
#include <unistd.h>

#include "frontends/access_logs.h"
#include "stats/entity_row.h"

#ifndef EVENKEEL_VERSION
#define EVENKEEL_VERSION "0.1.0"
#endif

#ifndef EVENKEEL_RELEASE_DATE
#define EVENKEEL_RELEASE_DATE "2026/11/21"
#endif

namespace evenkeel::frontends {
namespace {

using backends::Server;

Millis now_ms() noexcept { return SystemClock().now_ms(); }

std::uint32_t seconds(Millis ms) noexcept { return ms > 0 ? static_cast<std::uint32_t>(ms / 1000) : 0U; }

std::string_view algorithm_name(const balance::BalanceDef& def) noexcept {
  using balance::Algorithm;
  switch (def.algorithm) {
    case Algorithm::roundrobin:
      return "roundrobin";
    case Algorithm::static_rr:
      return "static-rr";
    case Algorithm::leastconn:
      return "leastconn";
    case Algorithm::first:
      return "first";
    case Algorithm::source:
      return "source";
    case Algorithm::uri:
      return "uri";
    case Algorithm::url_param:
      return "url_param";
    case Algorithm::hdr:
      return "hdr";
    case Algorithm::random:
      return "random";
    case Algorithm::rdp_cookie:
      return "rdp-cookie";
    case Algorithm::hash:
      return def.log_hash ? "log-hash" : "hash";
    case Algorithm::sticky:
      return "sticky";
  }
  return "";
}

// Texts that the facts refer to while a row is made.
struct CheckTexts {
  stats::CheckFacts facts;
  std::string details;
};

void fill_check(CheckTexts& out, const backends::LastCheck& last, int rise, int fall, int health) {
  out.details = last.description;
  out.facts.status = health::code(last.status);
  out.facts.words = health::description(last.status);
  if (health::has_code(last.status)) out.facts.code = static_cast<std::uint32_t>(last.code);
  if (last.duration >= 0) out.facts.duration_ms = static_cast<std::uint64_t>(last.duration);
  out.facts.details = out.details;
  out.facts.rise = static_cast<std::uint32_t>(rise);
  out.facts.fall = static_cast<std::uint32_t>(fall);
  out.facts.health = static_cast<std::uint32_t>(health);
}

// With checks of its own that are not suspended, or following a server that has them.
bool is_checked(const Server& server) {
  const Server& judged = server.tracked != nullptr ? *server.tracked : server;
  return judged.def().check.enabled && judged.checks_enabled.load();
}

stats::Row in_mode(const backends::ProxyDef& proxy, stats::Row row) {
  if (proxy.datagram) row.mode = "udp";
  return row;
}

}  // namespace

std::string status_of(const Server& server) {
  stats::ServerCondition c;
  const std::uint32_t admin = server.admin();
  std::string via;
  if ((admin & backends::kAnyMaint) != 0) {
    c.admin = stats::AdminState::maintenance;
    c.maintenance_resolution = (admin & backends::kAnyMaint) == backends::kNoAddress;
    if ((admin & backends::kAnyMaint) == backends::kInheritedMaint && server.tracked != nullptr) {
      via = server.tracked->backend().name() + "/" + server.tracked->name;
      c.maintenance_via = via;
    }
  } else if ((admin & backends::kAnyDrain) != 0) {
    c.admin = stats::AdminState::drain;
  }
  const Server& judged = server.tracked != nullptr ? *server.tracked : server;
  c.checked = is_checked(server);
  c.has_agent = judged.def().check.agent.enabled && judged.agent_enabled.load();
  c.up = server.running();
  c.stopping = server.stopping();
  c.rise = static_cast<std::uint32_t>(judged.def().check.rise);
  c.fall = static_cast<std::uint32_t>(judged.def().check.fall);
  {
    const std::lock_guard lock(judged.mutex);
    c.health = static_cast<std::uint32_t>(judged.health_value);
    c.agent_down = !c.up && c.health >= c.rise;
  }
  return stats::server_status(c);
}

stats::Row row_of(Engine& engine, Frontend& frontend) {
  stats::FrontendFacts facts;
  facts.name = frontend.name();
  facts.id = frontend.def().id;
  facts.http = frontend.def().mode == backends::Mode::http;
  facts.current = frontend.current.load();
  const std::uint32_t limit = frontend.maxconn.load();
  facts.limit = limit != 0 ? limit : engine.maxconn.load();
  facts.rate_limit = frontend.rate_limit.load();
  const FrontendState state = frontend.state.load();
  if (state == FrontendState::stopped || engine.stopping()) {
    facts.status = "STOP";
  } else if (state == FrontendState::paused) {
    facts.status = "PAUSED";
  } else if (facts.limit != 0 && facts.current >= facts.limit) {
    facts.status = "FULL";
  }
  return in_mode(frontend.def(), stats::frontend_row(facts, frontend.totals.totals(now_ms())));
}

stats::Row row_of(Engine& engine, Listener& listener, bool legends) {
  const std::string address = listener.any_socket() < 0
                                  ? listener.def.address.to_string()
                                  : Address::local_of(listener.any_socket()).to_string();
  stats::ListenerFacts facts;
  facts.proxy = listener.frontend.name();
  facts.proxy_id = listener.frontend.def().id;
  facts.name = listener.def.name;
  facts.id = listener.id;
  facts.http = listener.frontend.def().mode == backends::Mode::http;
  facts.current = listener.current.load();
  facts.limit = listener.def.maxconn != 0 ? listener.def.maxconn : engine.maxconn.load();
  facts.address = address;
  return in_mode(listener.frontend.def(),
                 stats::listener_row(facts, listener.totals.totals(now_ms()), legends));
}

stats::Row row_of(Engine&, Server& server, bool legends) {
  const Millis now = now_ms();
  const backends::ServerDef& def = server.def();
  const std::string status = status_of(server);
  std::string address;
  std::string tracked;
  CheckTexts check;
  CheckTexts agent;
  stats::ServerFacts facts;
  {
    const std::lock_guard lock(server.mutex);
    fill_check(check, server.last_check, def.check.rise, def.check.fall, server.health_value);
    fill_check(agent, server.last_agent, 1, 1, server.agent_value);
    facts.last_change_s = seconds(now - server.last_change);
    const bool down = !server.running() || server.in_maintenance();
    facts.downtime_s = seconds(server.down_time + (down ? now - server.last_change : 0));
    if (server.last_check.status == health::CheckStatus::unknown) check.facts.status = "INI";
    if (server.last_agent.status == health::CheckStatus::unknown) agent.facts.status = "INI";
  }
  address = server.address().to_string();
  if (server.tracked != nullptr) tracked = server.tracked->backend().name() + "/" + server.tracked->name;
  facts.proxy = server.backend().name();
  facts.proxy_id = server.backend().def().id;
  facts.name = server.name;
  facts.id = server.id;
  facts.http = server.backend().def().mode == backends::Mode::http;
  facts.backup = server.backup;
  facts.status = status;
  facts.current = server.current_sessions.load();
  if (server.maxconn_setting.load() != 0) facts.limit = server.maxconn_setting.load();
  facts.queued = server.queued.load();
  if (def.maxqueue != 0) facts.queue_limit = def.maxqueue;
  const std::uint32_t effective = server.weight.load();
  facts.user_weight = server.user_weight.load();
  facts.weight = (effective + balance::kWeightScale - 1) / balance::kWeightScale;
  if (def.slowstart > 0 && facts.user_weight != 0 && effective < facts.user_weight * balance::kWeightScale) {
    facts.throttle = effective * 100 / (facts.user_weight * balance::kWeightScale);
  }
  facts.tracked = tracked;
  facts.checked = def.check.enabled && server.checks_enabled.load();
  if (facts.checked && !server.in_maintenance()) facts.check = &check.facts;
  if (def.check.agent.enabled && server.agent_enabled.load()) facts.agent = &agent.facts;
  facts.observed = def.check.observe != health::Observe::none;
  facts.address = address;
  facts.cookie = def.cookie;
  facts.idle = facts.idle_safe = server.idle_connections();
  facts.used = server.pool_used.load();
  facts.needed = facts.used;
  if (def.pool_max_conn >= 0) facts.idle_limit = static_cast<std::uint32_t>(def.pool_max_conn);
  return in_mode(server.backend().def(), stats::server_row(facts, server.totals.totals(now), legends));
}

stats::Row row_of(Engine&, backends::Backend& backend, bool legends) {
  const Millis now = now_ms();
  stats::BackendFacts facts;
  const std::vector<Server*> servers = backend.servers();
  facts.name = backend.name();
  facts.id = backend.def().id;
  facts.http = backend.def().mode == backends::Mode::http;
  facts.has_servers = !servers.empty();
  facts.up = backend.is_up();
  facts.current = backend.current_sessions.load();
  facts.limit = backend.fullconn;
  facts.queued = backend.queued_here.load();
  for (const Server* server : servers) {
    if (!server->usable()) continue;
    ++(server->backup ? facts.backup : facts.active);
  }
  for (const Server* server : servers) {
    // The sum over those that take traffic: backups count only when no primary is left.
    if (!server->usable() || (server->backup && facts.active != 0)) continue;
    facts.weight += (server->weight.load() + balance::kWeightScale - 1) / balance::kWeightScale;
    facts.user_weight += server->user_weight.load();
  }
  facts.last_change_s = seconds(now - backend.last_change.load());
  facts.downtime_s = seconds(backend.down_time.load() + (facts.up ? 0 : now - backend.last_change.load()));
  facts.algorithm = algorithm_name(backend.def().balance);
  facts.cookie = backend.def().cookie.name;
  return in_mode(backend.def(), stats::backend_row(facts, backend.totals.totals(now), legends));
}

std::vector<stats::PageProxy> collect_rows(Engine& engine, bool legends) {
  std::vector<stats::PageProxy> proxies;
  std::vector<bool> shown(engine.backends().size(), false);
  const auto add_backend = [&](stats::PageProxy& proxy, backends::Backend& backend) {
    for (Server* server : backend.servers()) proxy.rows.push_back(row_of(engine, *server, legends));
    proxy.rows.push_back(row_of(engine, backend, legends));
  };
  for (const auto& frontend : engine.frontends()) {
    stats::PageProxy proxy;
    proxy.name = frontend->name();
    proxy.description = frontend->def().description;
    proxy.id = frontend->def().id;
    proxy.rows.push_back(row_of(engine, *frontend));
    if (frontend->def().socket_stats) {
      for (const auto& listener : frontend->listeners)
        proxy.rows.push_back(row_of(engine, *listener, legends));
    }
    for (std::size_t i = 0; i < engine.backends().size(); ++i) {
      backends::Backend& backend = *engine.backends()[i];
      if (shown[i] || backend.def().id != frontend->def().id || backend.name() != frontend->name()) continue;
      add_backend(proxy, backend);
      shown[i] = true;
    }
    proxies.push_back(std::move(proxy));
  }
  for (std::size_t i = 0; i < engine.backends().size(); ++i) {
    if (shown[i]) continue;
    backends::Backend& backend = *engine.backends()[i];
    stats::PageProxy proxy;
    proxy.name = backend.name();
    proxy.description = backend.def().description;
    proxy.id = backend.def().id;
    add_backend(proxy, backend);
    proxies.push_back(std::move(proxy));
  }
  return proxies;
}

stats::PageProcess page_process(Engine& engine) {
  const Millis now = now_ms();
  const stats::Totals totals = engine.totals.totals(now);
  stats::PageProcess p;
  p.version = EVENKEEL_VERSION;
  p.node = engine.config().global.node;
  p.description = engine.config().global.description;
  p.pid = ::getpid();
  p.uptime_s = seconds(now - engine.started);
  p.threads = engine.worker_count();
  p.maxconn = engine.maxconn.load();
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  p.ulimit_n = p.maxsock = static_cast<std::uint32_t>(limit.rlim_cur);
  p.current_connections = engine.current_connections.load();
  p.connection_rate = totals.conn_rate;
  p.session_rate = totals.sess_rate;
  p.request_rate = totals.req_rate;
  p.dropped_logs = engine.logs().dropped();
  p.stopping = engine.stopping();
  p.roles = stats::role_board().roles();
  p.vrrp_sightings = stats::role_board().sightings();
  p.vrrp_weight = stats::role_board().weight();
  return p;
}

// To clients and to servers, as the proxies count them.
std::uint64_t bytes_sent(Engine& engine, Millis now) {
  std::uint64_t sum = 0;
  for (const auto& frontend : engine.frontends()) sum += frontend->totals.totals(now).bytes_out;
  for (const auto& backend : engine.backends()) sum += backend->totals.totals(now).bytes_in;
  return sum;
}

// What has no place in this process has a number all the same: tools look for these fields and take a missing
// one for an error. What exists and is not measured (pools, tasks, idle time) is left out.
void fill_absent(stats::Info& info) {
  info.max_ssl_conns = info.curr_ssl_conns = info.cum_ssl_conns = 0;
  info.ssl_rate = info.ssl_rate_limit = info.max_ssl_rate = 0;
  info.ssl_frontend_key_rate = info.ssl_frontend_max_key_rate = info.ssl_frontend_session_reuse_pct = 0;
  info.ssl_backend_key_rate = info.ssl_backend_max_key_rate = 0;
  info.ssl_cache_lookups = info.ssl_cache_misses = 0;
  info.unstoppable_jobs = info.active_peers = info.connected_peers = 0;
  info.busy_polling = info.debug_commands_issued = info.cum_recv_logs = 0;
}

stats::Info process_info(Engine& engine) {
  const Millis now = now_ms();
  const stats::Totals totals = engine.totals.totals(now);
  const stats::PageProcess p = page_process(engine);
  stats::Info info;
  info.name = "Evenkeel";
  info.version = p.version;
  info.release_date = EVENKEEL_RELEASE_DATE;
  info.nbthread = p.threads;
  info.nbproc = 1;
  info.process_num = 1;
  info.pid = static_cast<std::uint32_t>(p.pid);
  info.uptime = stats::uptime_words(p.uptime_s);
  info.uptime_sec = static_cast<std::uint32_t>(p.uptime_s);
  info.ulimit_n = p.ulimit_n;
  info.maxsock = p.maxsock;
  info.maxconn = p.maxconn;
  info.hard_maxconn = engine.initial_maxconn;
  info.curr_conns = p.current_connections;
  info.cum_conns = static_cast<std::uint32_t>(engine.cumulated_connections.load());
  info.cum_req = static_cast<std::uint32_t>(totals.cum_req);
  info.conn_rate = static_cast<std::uint32_t>(totals.conn_rate);
  info.conn_rate_limit = engine.connection_rate_limit.load();
  info.max_conn_rate = static_cast<std::uint32_t>(totals.conn_rate_max);
  info.sess_rate = static_cast<std::uint32_t>(totals.sess_rate);
  info.sess_rate_limit = engine.session_rate_limit.load();
  info.max_sess_rate = static_cast<std::uint32_t>(totals.sess_rate_max);
  info.compress_bps_in = static_cast<std::uint32_t>(totals.comp_in_rate);
  info.compress_bps_out = static_cast<std::uint32_t>(totals.comp_out_rate);
  info.compress_bps_rate_lim = engine.compression_rate_limit.load() * 1024;
  info.zlib_mem_usage = static_cast<std::uint32_t>(http::encoder_memory_in_use());
  info.max_zlib_mem_usage = static_cast<std::uint32_t>(engine.config().global.max_encoder_mem);
  info.node = p.node;
  info.description = p.description;
  info.stopping = p.stopping ? 1 : 0;
  std::uint32_t listeners = 0;
  for (const auto& f : engine.frontends()) listeners += static_cast<std::uint32_t>(f->listeners.size());
  info.listeners = listeners;
  info.jobs = listeners + p.current_connections;
  fill_absent(info);
  info.total_bytes_out = bytes_sent(engine, now);
  info.dropped_logs = static_cast<std::uint32_t>(p.dropped_logs);
  info.build_info = p.version;
  info.start_time_sec = static_cast<std::uint32_t>(engine.started_wall_us / 1'000'000);
  return info;
}

}  // namespace evenkeel::frontends
