// `add server` and `del server` (management manual 9.3).
#include <algorithm>
#include <array>

#include "backends/backend.h"
#include "backends/server_keywords.h"
#include "conf/known_keywords.h"
#include "control/commands/commands.h"
#include "control/lookup.h"
#include "frontends/checks.h"
#include "frontends/engine.h"
#include "frontends/server_admin.h"

namespace evenkeel::control {
namespace {

using backends::Backend;
using backends::Server;
using backends::ServerDraft;

// The server keywords that make sense for a server made at run time (management manual 9.3, `add server`).
// Those about TLS are refused by the reader of the words itself.
constexpr std::array<std::string_view, 72> kAccepted = {"addr",
                                                        "agent-addr",
                                                        "agent-check",
                                                        "agent-inter",
                                                        "agent-port",
                                                        "agent-send",
                                                        "allow-0rtt",
                                                        "alpn",
                                                        "backup",
                                                        "ca-file",
                                                        "check",
                                                        "check-alpn",
                                                        "check-proto",
                                                        "check-send-proxy",
                                                        "check-sni",
                                                        "check-ssl",
                                                        "check-via-socks4",
                                                        "ciphers",
                                                        "ciphersuites",
                                                        "crl-file",
                                                        "crt",
                                                        "disabled",
                                                        "downinter",
                                                        "enabled",
                                                        "error-limit",
                                                        "fall",
                                                        "fastinter",
                                                        "force-sslv3",
                                                        "force-tlsv10",
                                                        "force-tlsv11",
                                                        "force-tlsv12",
                                                        "force-tlsv13",
                                                        "id",
                                                        "inter",
                                                        "maxconn",
                                                        "maxqueue",
                                                        "minconn",
                                                        "no-ssl-reuse",
                                                        "no-sslv3",
                                                        "no-tls-tickets",
                                                        "no-tlsv10",
                                                        "no-tlsv11",
                                                        "no-tlsv12",
                                                        "no-tlsv13",
                                                        "npn",
                                                        "observe",
                                                        "on-error",
                                                        "on-marked-down",
                                                        "on-marked-up",
                                                        "pool-low-conn",
                                                        "pool-max-conn",
                                                        "pool-purge-delay",
                                                        "port",
                                                        "proto",
                                                        "proxy-v2-options",
                                                        "rise",
                                                        "send-proxy",
                                                        "send-proxy-v2",
                                                        "send-proxy-v2-ssl",
                                                        "send-proxy-v2-ssl-cn",
                                                        "slowstart",
                                                        "sni",
                                                        "source",
                                                        "ssl",
                                                        "ssl-max-ver",
                                                        "ssl-min-ver",
                                                        "tfo",
                                                        "tls-tickets",
                                                        "track",
                                                        "verify",
                                                        "verifyhost",
                                                        "weight"};

// Walks over the options with HAProxy's count of their arguments; what is wrong, or empty.
std::string unacceptable_option(const Call& call) {
  for (std::size_t i = 2; !call.arg(i).empty(); ++i) {
    const std::string_view word = call.arg(i);
    if (std::find(kAccepted.begin(), kAccepted.end(), word) == kAccepted.end()) {
      const std::array<std::string_view, 1> words{word};
      return conf::known_keyword(conf::KnownKind::server_option, words).empty()
                 ? "unknown keyword '" + std::string(word) + "'.\n"
                 : "'" + std::string(word) + "' option is not accepted for dynamic server\n";
    }
    i += conf::known_arity(conf::KnownKind::server_option, word);
  }
  return {};
}

// The line that the configuration would have; the reader of server lines does the rest.
conf::Statement statement_of(const Call& call, std::string_view name) {
  conf::Statement statement;
  std::string text = "server " + std::string(name);
  statement.words = {{"server"}, {std::string(name)}};
  for (std::size_t i = 1; !call.arg(i).empty(); ++i) {
    statement.words.push_back({std::string(call.arg(i))});
    text.append(" ").append(call.arg(i));
  }
  statement.file = std::make_shared<conf::SourceFile>("CLI", text);
  statement.line = 1;
  return statement;
}

// One server from its words. Names do not resolve at run time: such a server waits for `set server ... addr`.
bool read_server(const Call& call, std::string_view name, ServerDraft& draft, std::string& error) {
  static const conf::KeywordTable<backends::ProxyDraft> table{backends::server_keywords()};
  backends::LoadServices services;
  services.resolver = [](const std::string&, conf::AddressSpec::Family) { return std::vector<Address>(); };
  services.ignore_unresolved = true;
  backends::ProxyDraft proxy;
  proxy.services = &services;
  proxy.kind = conf::SectionKind::backend;
  conf::Diagnostics diagnostics;
  const conf::Statement statement = statement_of(call, name);
  conf::Args args(statement, conf::SectionKind::backend, diagnostics);
  conf::apply_statement(table, proxy, args);
  for (const conf::Diagnostic& diagnostic : diagnostics.all()) {
    if (diagnostic.severity == conf::Severity::error) error = diagnostic.message + ".\n";
    if (!error.empty()) return false;
  }
  if (proxy.servers.empty()) {
    error = "'server' expects <name> and <addr>[:<port>] as arguments.\n";
    return false;
  }
  draft = std::move(proxy.servers.front());
  return true;
}

// Gives the id asked for, or the smallest that is free.
bool take_id(const Backend& backend, backends::ServerDef& def, std::string& error) {
  const std::vector<Server*> servers = backend.servers();
  const auto owner = [&](std::uint32_t id) {
    return std::find_if(servers.begin(), servers.end(), [id](const Server* s) { return s->id == id; });
  };
  if (def.id != 0) {
    const auto other = owner(def.id);
    if (other == servers.end()) return true;
    error =
        "'id' : custom id " + std::to_string(def.id) + " already used ('server " + (*other)->name + "').\n";
    return false;
  }
  for (def.id = 1; owner(def.id) != servers.end();) ++def.id;
  return true;
}

Server* leader_of(frontends::Engine& engine, Backend& home, std::string_view track, std::string& error) {
  const std::size_t slash = track.find('/');
  Backend* const backend =
      slash == std::string_view::npos ? &home : engine.find_backend(track.substr(0, slash));
  if (backend == nullptr) {
    error = "unable to find required proxy '" + std::string(track.substr(0, slash)) + "' for tracking.\n";
    return nullptr;
  }
  const std::string_view name = slash == std::string_view::npos ? track : track.substr(slash + 1);
  Server* const leader = backend->find_server(name);
  const std::string full = backend->name() + "/" + std::string(name);
  if (leader == nullptr) {
    error = "unable to find required server '" + full + "' for tracking.\n";
  } else if (leader->dynamic) {
    error = "unable to use " + full + " for tracking as it is a dynamic server.\n";
  } else if (!leader->def().check.enabled && !leader->def().check.agent.enabled &&
             leader->tracked == nullptr) {
    error = "unable to use " + full + " for tracking as it does not have any check nor agent enabled.\n";
  }
  return error.empty() ? leader : nullptr;
}

}  // namespace

// The new server starts in maintenance with its checks suspended; `enable server`, `enable health` and
// `enable agent` set it to work.
Answer add_server(Call& call) {
  const std::string_view word = call.arg(0);
  const std::size_t slash = word.find('/');
  if (slash == std::string_view::npos || slash + 1 == word.size()) {
    return failed("Require 'backend/server'.");
  }
  Backend* const backend = find_backend(call.engine, word.substr(0, slash));
  if (backend == nullptr) return failed("No such backend.");
  if (!backend->policy().dynamic_weights()) {
    return failed("Backend must use a dynamic load balancing to support dynamic servers.");
  }
  if (call.arg(1).empty()) return failed("'server' expects <name> and <addr>[:<port>] as arguments.\n");
  std::string error = unacceptable_option(call);
  if (!error.empty()) return failed(std::move(error));
  ServerDraft draft;
  const std::string_view name = word.substr(slash + 1);
  if (!read_server(call, name, draft, error)) return failed(std::move(error));
  if (backend->find_server(name) != nullptr) {
    return failed("Already exists a server with the same name in backend.\n");
  }
  if (!take_id(*backend, draft.def, error)) return failed(std::move(error));
  Server* leader = nullptr;
  if (!draft.def.track.empty()) {
    leader = leader_of(call.engine, *backend, draft.def.track, error);
    if (leader == nullptr) return failed(std::move(error));
  }
  const bool marked_disabled = draft.def.disabled;
  draft.def.disabled = true;  // so that nobody is sent there before we are done
  Server* const server =
      backend->add_server(std::make_shared<const backends::ServerDef>(std::move(draft.def)), error);
  if (server == nullptr) return failed(error + "\n");
  server->dynamic = true;
  if (!marked_disabled) server->change_admin(0, backends::kConfigMaint);
  server->checks_enabled.store(false);
  server->agent_enabled.store(false);
  if (leader != nullptr) leader->add_follower(*server);
  call.engine.checks().add(*server);
  return {"New server registered.\n", Severity::info};
}

Answer del_server(Call& call) {
  std::string error;
  Server* const server = find_server(call.engine, call.arg(0), error);
  if (server == nullptr) {
    error.pop_back();
    return failed(std::move(error));
  }
  if (!server->followers().empty()) {
    return failed(
        "This server cannot be removed at runtime due to other configuration elements pointing to it.");
  }
  if (!server->in_maintenance()) return failed("Only servers in maintenance mode can be deleted.");
  if (server->served.load() != 0 || server->queued.load() != 0 || server->pool_used.load() != 0 ||
      server->idle_connections() != 0) {
    return failed("Server still has connections attached to it, cannot remove it.");
  }
  if (server->tracked != nullptr) server->tracked->remove_follower(*server);
  call.engine.checks().remove(*server);
  server->backend().remove_server(*server);
  return {"Server deleted.", Severity::info};
}

}  // namespace evenkeel::control
