#include "frontends/server_admin.h"

#include "backends/backend.h"
#include "balance/weight.h"
#include "frontends/checks.h"
#include "frontends/engine.h"
#include "frontends/server_events.h"

namespace evenkeel::frontends {
namespace {

using backends::Server;
using health::CheckKind;
using stats::ServerAction;

// After maintenance a checked server begins where `init-state` says, and the statistics say so at once.
void begin_health_anew(Server& server) {
  const health::CheckDef& def = server.def().check;
  if (!def.enabled || !server.checks_enabled.load()) return;
  const health::HealthCounter counter(def.rise, def.fall, def.init_state);
  {
    const std::lock_guard lock(server.mutex);
    server.health_value = counter.value();
    server.status_text = health::status_text(counter, false);
  }
  if (!counter.up()) server.set_running(false, SystemClock().now_ms());
}

// The server shows the new health before this returns; its monitor follows on its own thread.
void force_health(Engine& engine, Server& server, CheckKind kind, bool up, bool stopping) {
  const ServerStanding before = ServerStanding::of(server);
  if (kind == CheckKind::health) {
    const health::CheckDef& def = server.def().check;
    health::HealthCounter counter(def.rise, def.fall, def.init_state);
    counter.force(up);
    {
      const std::lock_guard lock(server.mutex);
      server.health_value = counter.value();
      server.status_text = health::status_text(counter, stopping);
    }
    server.set_stopping(stopping);
  } else {
    const std::lock_guard lock(server.mutex);
    server.agent_value = up ? 1 : 0;
  }
  server.set_running(up, SystemClock().now_ms());
  ServerEvents(engine).health_by_operator(server, before);
  engine.checks().force(server, kind, up, stopping);
}

AdminOutcome health_action(Engine& engine, Server& server, ServerAction action) {
  if (server.tracked != nullptr) return {.error = "cannot change health on a tracking server.\n"};
  force_health(engine, server, CheckKind::health, action != ServerAction::health_down,
               action == ServerAction::health_nolb);
  return {.changed = true};
}

AdminOutcome agent_action(Engine& engine, Server& server, bool up) {
  if (!server.def().check.agent.enabled || !server.agent_enabled.load()) {
    return {.error = "agent checks are not enabled on this server.\n"};
  }
  force_health(engine, server, CheckKind::agent, up, false);
  return {.changed = true};
}

AdminOutcome enable_checks(Engine& engine, Server& server, CheckKind kind, bool enabled) {
  const health::CheckDef& def = server.def().check;
  const bool health = kind == CheckKind::health;
  if (!(health ? def.enabled : def.agent.enabled)) {
    if (!enabled) return {};
    return {.error = health ? "Health check was not configured on this server, cannot enable.\n"
                            : "Agent was not configured on this server, cannot enable.\n"};
  }
  const bool before = (health ? server.checks_enabled : server.agent_enabled).load();
  engine.checks().set_enabled(server, kind, enabled);
  if (health && enabled && server.in_maintenance()) engine.checks().pause(server);
  return {.changed = before != enabled};
}

}  // namespace

bool change_admin(Engine& engine, Server& server, std::uint32_t add, std::uint32_t remove) {
  const ServerStanding before = ServerStanding::of(server);
  if (!server.change_admin(add, remove)) return false;
  const bool is_out = server.in_maintenance();
  if (!before.maintenance && is_out) {
    engine.checks().pause(server);
    if (server.tracked == nullptr) {
      const std::lock_guard lock(server.mutex);
      server.health_value = 0;
    }
  } else if (before.maintenance && !is_out) {
    begin_health_anew(server);
    engine.checks().restart(server);
  }
  ServerEvents(engine).admin(server, before);
  return true;
}

AdminOutcome apply_action(Engine& engine, Server& server, ServerAction action) {
  switch (action) {
    case ServerAction::ready:
      return {.changed = change_admin(engine, server, 0, backends::kForcedMaint | backends::kForcedDrain)};
    case ServerAction::drain:
      return {.changed = change_admin(engine, server, backends::kForcedDrain, backends::kForcedMaint)};
    case ServerAction::maint:
      return {.changed = change_admin(engine, server, backends::kForcedMaint, 0)};
    case ServerAction::enable_health:
      return enable_checks(engine, server, CheckKind::health, true);
    case ServerAction::disable_health:
      return enable_checks(engine, server, CheckKind::health, false);
    case ServerAction::health_up:
    case ServerAction::health_nolb:
    case ServerAction::health_down:
      return health_action(engine, server, action);
    case ServerAction::enable_agent:
      return enable_checks(engine, server, CheckKind::agent, true);
    case ServerAction::disable_agent:
      return enable_checks(engine, server, CheckKind::agent, false);
    case ServerAction::agent_up:
      return agent_action(engine, server, true);
    case ServerAction::agent_down:
      return agent_action(engine, server, false);
    case ServerAction::shutdown_sessions:
      engine.kill_sessions(server, Cause::killed_admin);
      return {.changed = true};
  }
  return {};
}

std::string set_weight(Server& server, std::string_view text) {
  const bool dynamic = server.backend().policy().dynamic_weights();
  const balance::WeightChange change = balance::parse_weight(text, server.initial_weight, dynamic);
  if (!change.ok()) return std::string(change.error);
  server.user_weight.store(change.weight);
  server.refresh();
  return {};
}

void set_maxconn(Server& server, std::uint32_t limit) {
  if (server.maxconn_setting.load() == server.minconn_setting.load()) server.minconn_setting.store(limit);
  server.maxconn_setting.store(limit);
  server.refresh();
  server.backend().dispatch(server);
}

void set_address(Engine& engine, Server& server, const Address& address) {
  if (server.address() == address) return;
  server.set_address(address);
  engine.checks().address_changed(server);
  Server* const target = &server;
  engine.on_all_workers([target](WorkerContext& context) { target->pool(context.index()).clear(); });
}

}  // namespace evenkeel::frontends
