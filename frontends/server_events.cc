#include "frontends/server_events.h"

#include "core/log.h"
#include "frontends/access_logs.h"
#include "frontends/engine.h"
#include "health/report.h"

namespace evenkeel::frontends {

using backends::Server;

namespace {

// Levels of syslog, as HAProxy chooses them.
constexpr int kEmergency = 0;
constexpr int kAlert = 1;
constexpr int kNotice = 5;

std::string full_name(const Server& server) { return server.backend().name() + "/" + server.name; }

// "1 active and 0 backup servers"
std::string usable_servers(const backends::Backend& backend) {
  unsigned active = 0;
  unsigned backup = 0;
  for (const Server* server : backend.servers()) {
    if (server->usable()) ++(server->backup ? backup : active);
  }
  return std::to_string(active) + " active and " + std::to_string(backup) + " backup servers ";
}

std::string left(const Server& server) {
  return ". " + usable_servers(server.backend()) + "left. " + std::to_string(server.current_sessions.load()) +
         " sessions active, " + std::to_string(server.requeued.load()) + " requeued, " +
         std::to_string(server.backend().queued.load()) + " remaining in queue.";
}

std::string online(const Server& server) {
  return ". " + usable_servers(server.backend()) + "online. " + std::to_string(server.requeued.load()) +
         " sessions requeued, " + std::to_string(server.backend().queued.load()) + " total in queue.";
}

}  // namespace

ServerStanding ServerStanding::of(Server& server) {
  return {server.running(), server.in_maintenance(), (server.admin() & backends::kAnyDrain) != 0,
          server.backend().is_up()};
}

void ServerEvents::say(const Server& server, const std::string& text, int level) {
  log_message(level <= kEmergency ? LogLevel::error
              : level <= kAlert   ? LogLevel::warning
                                  : LogLevel::notice,
              text);
  engine_.logs().event(server.backend(), level, text);
}

void ServerEvents::backend_down(const Server& server, const ServerStanding& before) {
  if (!before.backend_up || server.backend().is_up()) return;
  const std::string& name = server.backend().name();
  say(server,
      (engine_.find_frontend(name) != nullptr ? "proxy " : "backend ") + name + " has no server available!",
      kEmergency);
}

void ServerEvents::side_changed(Server& server, bool up, const std::string& why) {
  const std::string text = "Server " + full_name(server) + (up ? " is UP" : " is DOWN") + why;
  say(server, text + (up ? online(server) : left(server)), up ? kNotice : kAlert);
  for (Server* follower : server.followers()) side_changed(*follower, up, " via " + full_name(server));
}

void ServerEvents::health(Server& server, const ServerStanding& before, const health::CheckOutcome& outcome) {
  const bool up = server.running();
  const bool told = server.backend().def().check.log_health_checks;
  if (told && outcome.noteworthy && outcome.health != nullptr) {
    say(server,
        health::check_log_line(outcome.kind, full_name(server), outcome.verdict, outcome.duration_ms,
                               *outcome.health, up ? "UP" : "DOWN"),
        kNotice);
  }
  if (before.up == up) return;
  // The line before has told the reason already.
  side_changed(server, up,
               told ? std::string() : ", " + health::reason_text(outcome.verdict, outcome.duration_ms));
  backend_down(server, before);
}

void ServerEvents::health_by_operator(Server& server, const ServerStanding& before) {
  if (before.up == server.running()) return;
  side_changed(server, server.running(), ", changed from CLI");
  backend_down(server, before);
}

void ServerEvents::follow(Server& leader, const std::string& text, bool serious) {
  for (Server* server : leader.followers()) {
    std::string line = "Server " + full_name(*server) + text;
    if (text.starts_with(" is going")) line += " via " + full_name(leader) + left(*server);
    if (text.starts_with(" enters")) line += " via " + full_name(leader) + online(*server);
    say(*server, line, serious ? kAlert : kNotice);
    follow(*server, text, serious);
  }
}

void ServerEvents::admin(Server& server, const ServerStanding& before) {
  const std::string name = "Server " + full_name(server);
  const ServerStanding now = ServerStanding::of(server);
  if (!before.maintenance && now.maintenance) {
    if (!before.up) {
      say(server, name + " was DOWN and now enters maintenance.", kNotice);
    } else {
      // One that was drained takes no traffic away.
      const int level = before.draining ? kNotice : kAlert;
      say(server, name + " is going DOWN for maintenance" + left(server), level);
      follow(server, " is going DOWN for maintenance", level == kAlert);
    }
  } else if (before.maintenance && !now.maintenance) {
    say(server, name + (now.up ? " is UP/READY" : " is DOWN") + " (leaving forced maintenance).", kNotice);
    follow(server, now.up ? " is UP/READY (leaving maintenance)." : " is DOWN (leaving maintenance).", false);
  } else if (!before.draining && now.draining) {
    say(server, name + " enters drain state" + online(server), kNotice);
    follow(server, " enters drain state", false);
  } else if (before.draining && !now.draining) {
    const std::string text = std::string(now.up ? " is UP" : " is DOWN") + " (leaving forced drain).";
    say(server, name + text, kNotice);
    follow(server, text, false);
  }
  backend_down(server, before);
}

}  // namespace evenkeel::frontends
