#include "frontends/restore.h"

#include "backends/backend.h"
#include "backends/saved_state.h"
#include "frontends/engine.h"

namespace evenkeel::frontends {
namespace {

using backends::SavedState;
using backends::Server;

// What an operator has ordered. What comes from the configuration or from a tracked server comes anew.
std::uint32_t ordered(const SavedState& saved) noexcept {
  std::uint32_t flags = saved.admin & (backends::kForcedMaint | backends::kForcedDrain);
  if ((saved.admin & backends::kConfigMaint) != 0) flags &= ~backends::kForcedMaint;
  return flags;
}

void restore_health(Server& server, const SavedState& saved, Millis now) {
  const health::CheckDef& def = server.def().check;
  const bool down = saved.operation == SavedState::Operation::stopped;
  const bool stopping = saved.operation == SavedState::Operation::stopping;
  health::HealthCounter counter(def.rise, def.fall);
  counter.restore(down ? 0 : stopping ? counter.rise() : counter.max());
  {
    const std::lock_guard lock(server.mutex);
    server.last_check.status = saved.check_status;
    server.health_value = counter.value();
    server.status_text = health::status_text(counter, stopping);
  }
  server.set_stopping(stopping);
  server.set_running(!down, now);
}

void restore(Server& server, const SavedState& saved, Millis now) {
  if (saved.initial_weight == server.initial_weight) server.user_weight.store(saved.user_weight);
  server.checks_enabled.store(server.checks_enabled.load() && saved.checks_enabled);
  server.agent_enabled.store(server.agent_enabled.load() && saved.agent_enabled);
  server.change_admin(ordered(saved), 0);
  // A server without checks that stays down would stay so for ever: HAProxy does that, we do not.
  if (server.def().check.enabled && server.tracked == nullptr && !server.in_maintenance())
    restore_health(server, saved, now);
  {
    const std::lock_guard lock(server.mutex);
    const health::CheckDef& check = server.def().check;
    if (check.enabled) server.last_check.status = saved.check_status;
    if (server.in_maintenance())
      server.health_value = 0;
    else if (!check.enabled)
      server.health_value = check.rise + check.fall - 1;  // as HAProxy shows it then
    server.last_change = now - saved.seconds_since_change * 1000;
  }
  server.refresh();
}

}  // namespace

void restore_servers(const Engine& engine) {
  const Millis now = SystemClock().now_ms();
  for (const auto& backend : engine.backends()) {
    for (Server* server : backend->servers())
      if (server->def().saved != nullptr) restore(*server, *server->def().saved, now);
  }
}

}  // namespace evenkeel::frontends
