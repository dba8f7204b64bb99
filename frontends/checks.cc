#include "frontends/checks.h"

#include <algorithm>

#include "frontends/engine.h"
#include "frontends/server_admin.h"
#include "frontends/server_events.h"
#include "health/report.h"

namespace evenkeel::frontends {

using backends::Server;
using health::CheckKind;

HealthChecks::HealthChecks(Engine& engine) : engine_(engine), monitors_(engine.worker_count()) {
  for (const auto& backend : engine.backends()) {
    for (Server* server : backend->servers()) {
      if (!wants_monitor(*server)) continue;
      places_[server] = {next_worker_, 0};
      next_worker_ = (next_worker_ + 1) % engine.worker_count();
    }
  }
}

HealthChecks::~HealthChecks() = default;

bool HealthChecks::wants_monitor(const Server& server) const {
  return (server.def().check.enabled || server.def().check.agent.enabled) && server.def().track.empty();
}

health::MonitorTarget HealthChecks::target_of(Server& server) const {
  const backends::BackendDef& backend = server.backend().def();
  health::MonitorTarget target;
  target.backend = backend.name;
  target.server = server.name;
  target.def = &server.def().check;
  target.check = &backend.check;
  target.keep_alive = server.backend().shared_def();
  target.address = server.address();
  const SourceDef& source = server.def().source.is_set() ? server.def().source : backend.source;
  target.link.source.address = source.address;
  target.link.source.interface = source.interface;
  if (server.def().send_proxy.version == backends::SendProxyDef::Version::v1) {
    target.link.proxy_header = health::ServerLink::ProxyHeader::v1;
  } else if (server.def().send_proxy.version == backends::SendProxyDef::Version::v2) {
    target.link.proxy_header = health::ServerLink::ProxyHeader::v2;
  }
  target.owner = &server;
  target.server_state = [&server, &backend, node = engine_.config().global.node] {
    // X-Haproxy-Server-State (manual 4.2, http-check send-state).
    std::string state;
    {
      const std::lock_guard lock(server.mutex);
      state = server.status_text.empty() ? "UP" : server.status_text;
    }
    return state + "; name=" + backend.name + "/" + server.name + "; node=" + node +
           "; weight=" + std::to_string(server.user_weight.load()) + "/" +
           std::to_string(server.initial_weight) +
           "; scur=" + std::to_string(server.current_sessions.load()) + "/" +
           std::to_string(server.backend().current_sessions.load()) +
           "; qcur=" + std::to_string(server.queued.load());
  };
  target.external = [&server, &backend] {
    health::ExternalTarget external;
    external.proxy_name = backend.name;
    external.proxy_id = backend.id;
    external.server_name = server.name;
    external.server_id = server.id;
    external.server_address = server.address();
    external.server_maxconn = server.maxconn_setting.load();
    external.server_curconn = server.current_sessions.load();
    return external;
  };
  return target;
}

void HealthChecks::start_on(unsigned worker) {
  const GlobalDef& global = engine_.config().global;
  health::MonitorOptions options;
  options.spread_percent = global.spread_checks;
  options.max_spread = global.max_spread_checks;
  monitors_[worker] = std::make_unique<health::Monitor>(engine_.context(worker).worker, *this, options);
  health::Monitor& monitor = *monitors_[worker];
  for (const auto& backend : engine_.backends()) {
    if (backend->def().disabled) continue;
    for (Server* server : backend->servers()) {
      const std::lock_guard lock(mutex_);
      const auto place = places_.find(server);
      if (place == places_.end() || place->second.worker != worker) continue;
      health::MonitorTarget target = target_of(*server);
      if (server->def().saved != nullptr && !server->in_maintenance())
        target.initial_health = server->health_value;
      const health::CheckId id = place->second.id = monitor.add(std::move(target));
      if (!server->checks_enabled.load() || server->in_maintenance())
        monitor.set_enabled(id, CheckKind::health, false);
      if (!server->agent_enabled.load()) monitor.set_enabled(id, CheckKind::agent, false);
    }
  }
  monitor.start();
}

void HealthChecks::stop_on(unsigned worker) { monitors_[worker].reset(); }

void HealthChecks::add(Server& server) {
  if (!wants_monitor(server)) return;
  unsigned worker = 0;
  {
    const std::lock_guard lock(mutex_);
    worker = next_worker_;
    next_worker_ = (next_worker_ + 1) % engine_.worker_count();
    places_[&server] = {worker, 0};
  }
  engine_.context(worker).worker.post([this, worker, &server] {
    if (!monitors_[worker]) return;
    health::Monitor& monitor = *monitors_[worker];
    const health::CheckId id = monitor.add(target_of(server));
    if (!server.checks_enabled.load() || server.in_maintenance()) {
      monitor.set_enabled(id, CheckKind::health, false);
    }
    if (!server.agent_enabled.load()) monitor.set_enabled(id, CheckKind::agent, false);
    const std::lock_guard lock(mutex_);
    places_[&server].id = id;
  });
}

void HealthChecks::remove(Server& server) {
  with_monitor(server, [this, &server](health::Monitor& monitor, health::CheckId id) {
    monitor.remove(id);
    const std::lock_guard lock(mutex_);
    places_.erase(&server);
  });
}

// The monitor's number of a server that was just added is known on the monitor's thread only.
void HealthChecks::with_monitor(Server& server,
                                std::function<void(health::Monitor&, health::CheckId)> action) {
  const auto place_of = [this](const Server* wanted) {
    const std::lock_guard lock(mutex_);
    const auto it = places_.find(wanted);
    return it == places_.end() ? std::nullopt : std::optional<Place>(it->second);
  };
  const auto place = place_of(&server);
  if (!place) return;
  engine_.context(place->worker)
      .worker.post([this, place_of, &server, worker = place->worker, action = std::move(action)] {
        const auto now = place_of(&server);
        if (now && monitors_[worker]) action(*monitors_[worker], now->id);
      });
}

void HealthChecks::set_enabled(Server& server, CheckKind kind, bool enabled) {
  (kind == CheckKind::health ? server.checks_enabled : server.agent_enabled).store(enabled);
  with_monitor(server,
               [kind, enabled](health::Monitor& m, health::CheckId id) { m.set_enabled(id, kind, enabled); });
}

void HealthChecks::force(Server& server, CheckKind kind, bool up, bool stopping) {
  bool known = false;
  {
    const std::lock_guard lock(mutex_);
    known = places_.contains(&server);
  }
  if (!known) {  // no checks: the word of the operator is all there is
    server.set_stopping(stopping);
    server.set_running(up, SystemClock().now_ms());
    return;
  }
  with_monitor(server, [=](health::Monitor& m, health::CheckId id) { m.force(id, kind, up, stopping); });
}

void HealthChecks::pause(Server& server) {
  with_monitor(server,
               [](health::Monitor& m, health::CheckId id) { m.set_enabled(id, CheckKind::health, false); });
}

void HealthChecks::restart(Server& server) {
  if (!server.checks_enabled.load()) return;
  with_monitor(server, [](health::Monitor& m, health::CheckId id) {
    m.set_enabled(id, CheckKind::health, true);
    m.restart(id);
  });
}

void HealthChecks::address_changed(Server& server) {
  const Address address = server.address();
  with_monitor(server, [address](health::Monitor& m, health::CheckId id) { m.set_address(id, address); });
}

void HealthChecks::set_check_address(Server& server, std::optional<Address> address, std::uint16_t port) {
  with_monitor(server,
               [=](health::Monitor& m, health::CheckId id) { m.set_check_address(id, address, port); });
}

void HealthChecks::set_agent_address(Server& server, std::optional<Address> address, std::uint16_t port) {
  with_monitor(server,
               [=](health::Monitor& m, health::CheckId id) { m.set_agent_address(id, address, port); });
}

void HealthChecks::set_agent_send(Server& server, std::string send) {
  with_monitor(server, [send = std::move(send)](health::Monitor& m, health::CheckId id) {
    m.set_agent_send(id, send);
  });
}

void HealthChecks::on_traffic_errors(Server& server, health::TrafficError last) {
  with_monitor(server, [text = health::traffic_errors_text(server.def().check.error_limit, last)](
                           health::Monitor& m, health::CheckId id) { m.on_traffic_errors(id, text); });
}

void HealthChecks::on_start(const health::MonitorTarget&, CheckKind) {}

void HealthChecks::apply_agent(Server& server, const health::AgentReply& reply) {
  if (reply.weight_percent) {
    const std::uint64_t weight = static_cast<std::uint64_t>(server.initial_weight) *
                                 static_cast<std::uint64_t>(std::max(0, *reply.weight_percent)) / 100;
    server.user_weight.store(static_cast<std::uint32_t>(std::min<std::uint64_t>(weight, 256)));
  }
  if (reply.maxconn) set_maxconn(server, static_cast<std::uint32_t>(*reply.maxconn));
  if (reply.admin) {
    using Admin = health::AgentReply::Admin;
    using namespace backends;
    if (*reply.admin == Admin::ready) change_admin(engine_, server, 0, kForcedMaint | kForcedDrain);
    if (*reply.admin == Admin::drain) change_admin(engine_, server, kForcedDrain, kForcedMaint);
    if (*reply.admin == Admin::maint) change_admin(engine_, server, kForcedMaint, kForcedDrain);
  }
  server.refresh();
}

void HealthChecks::on_outcome(const health::MonitorTarget& target, const health::CheckOutcome& outcome) {
  Server& server = *static_cast<Server*>(target.owner);
  const ServerStanding before = ServerStanding::of(server);
  {
    const std::lock_guard lock(server.mutex);
    backends::LastCheck& last = outcome.kind == CheckKind::agent ? server.last_agent : server.last_check;
    // Commands change the health alone; what the last check said stays.
    if (outcome.duration_ms >= 0 || !outcome.verdict.text.empty()) {
      last.status = outcome.verdict.status;
      last.code = outcome.verdict.code;
      last.duration = outcome.duration_ms;
      last.description = outcome.verdict.text;
    }
    if (outcome.health != nullptr && outcome.kind == CheckKind::agent)
      server.agent_value = outcome.health->value();
    if (outcome.health != nullptr && outcome.kind == CheckKind::health) {
      server.status_text = health::status_text(*outcome.health, outcome.nolb);
      server.health_value = outcome.health->value();
    }
  }
  const Worker* worker = Worker::current();
  auto& counters = server.counters(static_cast<unsigned>(worker->index()));
  if (health::result(outcome.verdict.status) == health::CheckResult::failed && before.up &&
      outcome.kind == CheckKind::health) {
    ++counters.failed_checks;
  }
  if (outcome.agent != nullptr) apply_agent(server, *outcome.agent);
  if (outcome.health != nullptr && (outcome.kind == CheckKind::health || health::crossed(outcome.change))) {
    if (outcome.kind == CheckKind::health) server.set_stopping(outcome.nolb && outcome.health->up());
    server.set_running(outcome.up, worker->now());
  }
  ServerEvents(engine_).health(server, before, outcome);
}

}  // namespace evenkeel::frontends
