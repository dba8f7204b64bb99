// Servers, changed: `set server`, its older forms, and `get weight`.
#include "backends/backend.h"
#include "control/commands/commands.h"
#include "control/lookup.h"
#include "frontends/checks.h"
#include "frontends/engine.h"
#include "frontends/server_admin.h"

namespace evenkeel::control {
namespace {

using backends::Server;
using frontends::AdminOutcome;
using frontends::Engine;
using stats::ServerAction;

constexpr std::string_view kSource = " by 'stats socket command'\n";

Answer answer_of(AdminOutcome outcome) {
  return outcome.error.empty() ? done() : failed(std::move(outcome.error));
}

// Finds the server of the first word and does the action.
Answer act(Call& call, ServerAction action) {
  std::string error;
  Server* const server = find_server(call.engine, call.arg(0), error);
  if (server == nullptr) return failed(std::move(error));
  return answer_of(frontends::apply_action(call.engine, *server, action));
}

Answer weigh(Server& server, std::string_view text) {
  std::string error = frontends::set_weight(server, text);
  return error.empty() ? done() : failed(std::move(error));
}

Answer set_state(Engine& engine, Server& server, std::string_view word) {
  if (word == "ready") return answer_of(frontends::apply_action(engine, server, ServerAction::ready));
  if (word == "drain") return answer_of(frontends::apply_action(engine, server, ServerAction::drain));
  if (word == "maint") return answer_of(frontends::apply_action(engine, server, ServerAction::maint));
  return failed("'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n");
}

Answer set_health(Engine& engine, Server& server, std::string_view word) {
  if (server.tracked != nullptr) return failed("cannot change health on a tracking server.\n");
  if (word == "up") return answer_of(frontends::apply_action(engine, server, ServerAction::health_up));
  if (word == "stopping")
    return answer_of(frontends::apply_action(engine, server, ServerAction::health_nolb));
  if (word == "down") return answer_of(frontends::apply_action(engine, server, ServerAction::health_down));
  return failed("'set server <srv> health' expects 'up', 'stopping', or 'down'.\n");
}

bool has_agent(const Server& server) {
  return server.def().check.agent.enabled && server.agent_enabled.load();
}
bool has_check(const Server& server) { return server.def().check.enabled && server.checks_enabled.load(); }

Answer set_agent(Engine& engine, Server& server, std::string_view word) {
  if (!has_agent(server)) return failed("agent checks are not enabled on this server.\n");
  if (word == "up") return answer_of(frontends::apply_action(engine, server, ServerAction::agent_up));
  if (word == "down") return answer_of(frontends::apply_action(engine, server, ServerAction::agent_down));
  return failed("'set server <srv> agent' expects 'up' or 'down'.\n");
}

// What `addr ... port <text>` does to the port, in words; the port of `address` changes with it.
std::string change_port(const Server& server, std::string_view text, Address& address) {
  if (text.starts_with('+') || text.starts_with('-')) {
    if (server.def().check.enabled && server.def().check.port != 0) {
      return "'port " + std::string(text) + "' is not supported by Evenkeel yet at run time";
    }
    return "can't change <port> to port map because it is incompatible with current health check port "
           "configuration (use 'port' statement from the 'server' directive.";
  }
  const auto port = whole_number(text);
  if (!port || *port < 0 || *port > 65535) {
    return "problem converting port '" + std::string(text) + "' to an int";
  }
  if (*port == address.port()) return "no need to change the port";
  const std::string before = std::to_string(address.port());
  address.set_port(static_cast<std::uint16_t>(*port));
  return "port changed from '" + before + "' to '" + std::to_string(*port) + "'";
}

Answer set_addr(Call& call, Server& server) {
  const std::string_view word = call.arg(2);
  if (word.empty()) return failed("set server <b>/<s> addr requires an address and optionally a port.\n");
  const Address before = server.address();
  std::optional<Address> address = Address::from_ip(word, before.port());
  if (!address) {
    return {"Invalid addr '" + std::string(word) + "'" + std::string(kSource), Severity::warning};
  }
  std::string text = before.ip_bytes() == address->ip_bytes()
                         ? "no need to change the addr"
                         : "IP changed from '" + before.ip_string() + "' to '" + address->ip_string() + "'";
  if (call.arg(3) == "port") text += ", " + change_port(server, call.arg(4), *address);
  frontends::set_address(call.engine, server, *address);
  return {text.append(kSource), Severity::warning};
}

// "127.0.0.1 [port 80]" or "80" alone, of checks and agents. Null address and port 0: leave.
struct Target {
  std::optional<Address> address;
  std::uint16_t port = 0;
  std::string error;
};

void parse_port(std::string_view text, Target& target) {
  const auto port = whole_number(text);
  if (!port) {
    target.error = "provided port is not an integer";
  } else if (*port < 1 || *port > 65535) {
    target.error = "provided port is invalid";
  } else {
    target.port = static_cast<std::uint16_t>(*port);
  }
}

Target parse_target(Call& call, bool with_address) {
  Target target;
  if (!with_address) {
    parse_port(call.arg(2), target);
    return target;
  }
  target.address = Address::from_ip(call.arg(2), 0);
  if (!target.address) target.error = "invalid addr '" + std::string(call.arg(2)) + "'";
  if (target.error.empty() && call.arg(3) == "port") parse_port(call.arg(4), target);
  return target;
}

void remember(Server& server, backends::CheckTarget& place, const Target& target) {
  const std::lock_guard lock(server.mutex);
  if (target.address) place.address = target.address;
  if (target.port != 0) place.port = target.port;
}

Answer set_check_target(Call& call, Server& server, bool with_address) {
  if (call.arg(2).empty()) {
    return failed(with_address ? "set server <b>/<s> check-addr requires an address and optionally a port.\n"
                               : "set server <b>/<s> check-port requires a port.\n");
  }
  if (!has_check(server)) return {"health checks are not enabled on this server", Severity::warning};
  const Target target = parse_target(call, with_address);
  if (!target.error.empty()) return {target.error, Severity::warning};
  remember(server, server.check_target, target);
  call.engine.checks().set_check_address(server, target.address, target.port);
  return done();
}

Answer set_agent_target(Call& call, Server& server, bool with_address) {
  if (call.arg(2).empty()) {
    return failed(with_address ? "set server <b>/<s> agent-addr requires an address and optionally a port.\n"
                               : "set server <b>/<s> agent-port requires a port.\n");
  }
  if (!has_agent(server)) return {"agent checks are not enabled on this server", Severity::warning};
  const Target target = parse_target(call, with_address);
  if (!target.error.empty()) return {target.error, Severity::warning};
  remember(server, server.agent_target, target);
  call.engine.checks().set_agent_address(server, target.address, target.port);
  return done();
}

Answer set_agent_send(Call& call, Server& server) {
  if (!has_agent(server)) return failed("agent checks are not enabled on this server.\n");
  call.engine.checks().set_agent_send(server, std::string(call.arg(2)));
  return done();
}

}  // namespace

Answer set_server(Call& call) {
  std::string error;
  Server* const server = find_server(call.engine, call.arg(0), error);
  if (server == nullptr) return failed(std::move(error));
  const std::string_view what = call.arg(1);
  const std::string_view value = call.arg(2);
  if (what == "weight") return weigh(*server, value);
  if (what == "state") return set_state(call.engine, *server, value);
  if (what == "health") return set_health(call.engine, *server, value);
  if (what == "agent") return set_agent(call.engine, *server, value);
  if (what == "addr") return set_addr(call, *server);
  if (what == "check-addr") return set_check_target(call, *server, true);
  if (what == "check-port") return set_check_target(call, *server, false);
  if (what == "agent-addr") return set_agent_target(call, *server, true);
  if (what == "agent-port") return set_agent_target(call, *server, false);
  if (what == "agent-send") return set_agent_send(call, *server);
  if (what == "fqdn") {
    return failed(value.empty() ? "set server <b>/<s> fqdn requires a FQDN.\n"
                                : "set server <b>/<s> fqdn failed because no resolution is configured.\n");
  }
  if (what == "ssl") {
    return failed("'set server <srv> ssl' cannot be set.  default-server should define ssl settings\n");
  }
  return failed(
      "usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | agent-send | check-addr "
      "| check-port | fqdn | health | ssl | state | weight\n");
}

Answer get_weight(Call& call) {
  std::string error;
  Server* const server = find_server(call.engine, call.arg(0), error);
  if (server == nullptr) return failed(std::move(error));
  return {std::to_string(server->user_weight.load()) + " (initial " + std::to_string(server->initial_weight) +
          ")\n"};
}

Answer set_weight_command(Call& call) {
  std::string error;
  Server* const server = find_server(call.engine, call.arg(0), error);
  if (server == nullptr) return failed(std::move(error));
  return weigh(*server, call.arg(1));
}

Answer set_maxconn_server(Call& call) {
  std::string error;
  Server* const server = find_server(call.engine, call.arg(0), error);
  if (server == nullptr) return failed(std::move(error));
  const std::string_view word = call.arg(1);
  if (word.empty()) return failed("Require <maxconn>.\n");
  const auto limit = whole_number(word);
  if (!limit) {
    const bool number = leading_number(word) != 0 || word.front() == '0';
    return failed(number ? "Trailing garbage in maxconn string"
                         : "maxconn string empty or preceded by garbage");
  }
  if (*limit < 0 || *limit > INT32_MAX) return failed("Value out of range.\n");
  frontends::set_maxconn(*server, static_cast<std::uint32_t>(*limit));
  return done();
}

Answer enable_server(Call& call) { return act(call, ServerAction::ready); }
Answer disable_server(Call& call) { return act(call, ServerAction::maint); }
Answer enable_health(Call& call) { return act(call, ServerAction::enable_health); }
Answer disable_health(Call& call) { return act(call, ServerAction::disable_health); }
Answer enable_agent(Call& call) { return act(call, ServerAction::enable_agent); }
Answer disable_agent(Call& call) { return act(call, ServerAction::disable_agent); }
Answer shutdown_sessions_server(Call& call) { return act(call, ServerAction::shutdown_sessions); }

}  // namespace evenkeel::control
