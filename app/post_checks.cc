#include "app/post_checks.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "app/mode_checks.h"
#include "conf/nearest.h"

namespace evenkeel::app {
namespace {

using backends::ProxyDraft;
using conf::Diagnostics;

std::string called(const ProxySection& section) {
  return std::string(section.proxy.kind_word()) + " '" + section.written_name + "'";
}

// ---- routes

class Backends {
 public:
  explicit Backends(ProxySections& proxies) {
    for (ProxySection& section : proxies)
      if (section.proxy.has_backend()) by_name_.try_emplace(section.written_name, &section);
  }
  [[nodiscard]] ProxySection* find(const std::string& name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
  }
  [[nodiscard]] std::string_view nearest(std::string_view name) const {
    std::vector<std::string_view> names;
    for (const auto& entry : by_name_) names.push_back(entry.first);
    return conf::nearest(name, names);
  }

 private:
  std::unordered_map<std::string, ProxySection*> by_name_;
};

// A frontend that no line gives a mode, and whose backends all speak HTTP: HAProxy turns its connections into
// requests when they reach their backend, so HTTP is what was meant.
void infer_mode(ProxySection& section, Diagnostics& diagnostics) {
  const bool tcp = section.proxy.common.mode == backends::Mode::tcp;
  const bool all_http = !section.routes.empty() &&
                        std::all_of(section.routes.begin(), section.routes.end(), [](const auto& route) {
                          return route.target->proxy.common.mode == backends::Mode::http;
                        });
  if (!tcp || section.proxy.mode_given || !all_http) return;
  section.proxy.common.mode = backends::Mode::http;
  diagnostics
      .warn(section.proxy.where, called(section) +
                                     " has no 'mode', but leads to backends in mode http only: taken for "
                                     "one in mode http")
      .modern("mode http");
}

// mode tcp to mode http would turn a connection into requests on the way; HAProxy can, we cannot yet.
void check_modes(const ProxySection& from, Diagnostics& diagnostics) {
  using backends::Mode;
  const auto word = [](Mode mode) { return std::string(mode == Mode::http ? "http" : "tcp"); };
  const Mode mode = from.proxy.common.mode;
  for (const ProxySection::Route& route : from.routes) {
    const ProxySection& to = *route.target;
    const Mode other = to.proxy.common.mode;
    if (mode == other) continue;
    const std::string both = word(mode) + " " + called(from) + " tries to use incompatible " + word(other) +
                             " " + called(to) + " (" + to.proxy.where.to_string() + ") " +
                             (route.by_default ? "as its default backend" : "in a 'use_backend' rule");
    diagnostics.error(route.where,
                      both + (other == Mode::http ? ": HAProxy can turn connections into requests, Evenkeel "
                                                    "cannot yet"
                                                  : " (see 'mode')"));
  }
}

void resolve_default(ProxySection& section, const Backends& backends, Diagnostics& diagnostics) {
  frontends::FrontendDef& def = section.frontend.def;
  if (def.default_backend.empty()) {
    if (section.proxy.has_backend()) section.routes.push_back({&section, section.proxy.where, true});
    return;
  }
  ProxySection* target = backends.find(def.default_backend);
  if (target == nullptr) {
    diagnostics
        .error(section.frontend.default_backend_at,
               called(section) + ": unable to find required default_backend '" + def.default_backend + "'")
        .did_you_mean(backends.nearest(def.default_backend));
    return;
  }
  def.default_backend = target->proxy.common.name;
  section.routes.push_back({target, section.frontend.default_backend_at, true});
}

// A rule without a condition decides for all that come to it.
void resolve_use_backend(ProxySection& section, const Backends& backends, Diagnostics& diagnostics) {
  const rules::TargetRule* decided = nullptr;
  for (const rules::TargetRule& rule : section.rules.sets.use_backend.rules()) {
    const conf::Location where{section.proxy.where.file, rule.line, 0, 0};
    if (decided != nullptr)
      diagnostics.warn(where, "this 'use_backend' is never reached, the one without a condition at line " +
                                  std::to_string(decided->line) + " takes everything");
    if (decided == nullptr && rule.condition.unconditional()) decided = &rule;
    if (!rule.target.is_literal()) {
      section.dynamic_routes = true;
      continue;
    }
    const std::string name(rule.target.literal_text());
    ProxySection* target = backends.find(name);
    if (target == nullptr) {
      diagnostics.error(where, called(section) + ": unable to find required use_backend '" + name + "'")
          .did_you_mean(backends.nearest(name));
      continue;
    }
    section.routes.push_back({target, where, false});
  }
}

void resolve_use_server(const ProxySection& section, Diagnostics& diagnostics) {
  for (const rules::TargetRule& rule : section.rules.sets.use_server.rules()) {
    if (!rule.target.is_literal()) continue;
    const std::string name(rule.target.literal_text());
    const auto& servers = section.proxy.servers;
    if (std::any_of(servers.begin(), servers.end(),
                    [&](const auto& server) { return server.def.name == name; }))
      continue;
    std::vector<std::string_view> names;
    for (const backends::ServerDraft& server : servers) names.push_back(server.def.name);
    diagnostics
        .error({section.proxy.where.file, rule.line, 0, 0},
               called(section) + ": unable to find server '" + name + "' referenced in a 'use-server' rule")
        .did_you_mean(conf::nearest(name, names));
  }
}

void resolve_routes(ConfigDraft& draft, const Backends& backends, Diagnostics& diagnostics) {
  for (ProxySection& section : draft.proxies) {
    if (section.proxy.common.disabled) continue;
    if (section.proxy.has_backend()) resolve_use_server(section, diagnostics);
    if (!section.proxy.has_frontend()) continue;
    resolve_use_backend(section, backends, diagnostics);
    resolve_default(section, backends, diagnostics);
  }
  for (ProxySection& section : draft.proxies) infer_mode(section, diagnostics);
  for (const ProxySection& section : draft.proxies) check_modes(section, diagnostics);
}

// A backend that no frontend can reach is most often a misspelt or forgotten rule.
void report_unused(const ConfigDraft& draft, Diagnostics& diagnostics) {
  std::set<const ProxySection*> used;
  for (const ProxySection& section : draft.proxies) {
    if (section.dynamic_routes) return;
    for (const ProxySection::Route& route : section.routes) used.insert(route.target);
    for (const backends::ServerDraft& server : section.proxy.servers) {
      const std::size_t slash = server.def.track.find('/');
      if (slash == std::string::npos) continue;
      for (const ProxySection& other : draft.proxies)
        if (other.written_name == server.def.track.substr(0, slash)) used.insert(&other);
    }
  }
  for (const ProxySection& section : draft.proxies) {
    const bool backend_only = section.proxy.kind == conf::SectionKind::backend;
    if (backend_only && !section.proxy.common.disabled && !used.contains(&section))
      diagnostics.warn(section.proxy.where, "nothing uses backend '" + section.written_name + "'");
  }
}

// ---- servers

using ServerNames = std::unordered_map<std::string_view, const backends::ServerDraft*>;

ServerNames names_of(const ProxyDraft& proxy) {
  ServerNames names;
  for (const backends::ServerDraft& server : proxy.servers) names.try_emplace(server.def.name, &server);
  return names;
}

void check_server_names(const ProxySection& section, Diagnostics& diagnostics) {
  ServerNames names;
  for (const backends::ServerDraft& server : section.proxy.servers) {
    const auto [entry, fresh] = names.try_emplace(server.def.name, &server);
    if (fresh) continue;
    diagnostics.error(server.where, called(section) + ", another server named '" + server.def.name +
                                        "' was already defined at line " +
                                        std::to_string(entry->second->where.line) +
                                        ", please use distinct names");
  }
}

// Every `connect` of the check's rules names a port of its own.
bool rules_name_ports(const health::BackendCheck& check) {
  bool any = false;
  for (const health::CheckStep& step : check.steps) {
    const auto* connect = std::get_if<health::ConnectStep>(&step);
    if (connect == nullptr) continue;
    if (!connect->port && connect->port_expr.empty() && (!connect->addr || connect->addr->port() == 0))
      return false;
    any = true;
  }
  return any;
}

void check_server(const ProxySection& section, const backends::ServerDraft& server, bool rules_have_ports,
                  Diagnostics& diagnostics) {
  const backends::ServerDef& def = server.def;
  const bool ip = def.address.is_ip() || server.no_address;
  const bool port =
      server.port_given || def.check.port != 0 || (def.check.addr && def.check.addr->port() != 0);
  const auto name = [&] { return called(section) + ": server '" + def.name + "' "; };
  if (def.check.enabled && ip && !port && !rules_have_ports)
    diagnostics.error(server.where, name() + "has neither service port nor check port");
  if (def.check.enabled && !def.track.empty())
    diagnostics.error(server.where, name() + "cannot be checked and track another one at the same time");
}

// One step along `track`: null where the chain ends or is broken (which is then reported for the server
// itself).
struct Tracker {
  const ConfigDraft& draft;
  const Backends& backends;
  std::map<const ProxySection*, ServerNames> names;

  const backends::ServerDraft* find(const ProxySection& from, const std::string& track,
                                    const ProxySection*& in) {
    const std::size_t slash = track.find('/');
    in = slash == std::string::npos ? &from : backends.find(track.substr(0, slash));
    if (in == nullptr) return nullptr;
    auto [entry, fresh] = names.try_emplace(in);
    if (fresh) entry->second = names_of(in->proxy);
    const auto found = entry->second.find(slash == std::string::npos ? track : track.substr(slash + 1));
    return found == entry->second.end() ? nullptr : found->second;
  }

  void check(const ProxySection& section, const backends::ServerDraft& server, Diagnostics& diagnostics) {
    const std::string name = "server '" + section.written_name + "/" + server.def.name + "': ";
    const ProxySection* in = nullptr;
    const backends::ServerDraft* target = find(section, server.def.track, in);
    if (in == nullptr || target == nullptr) {
      auto& error = diagnostics.error(server.track_at, name + "unable to find required " +
                                                           (in == nullptr ? "proxy" : "server") + " '" +
                                                           server.def.track + "' for tracking");
      if (in != nullptr) {
        std::vector<std::string_view> known;
        for (const auto& entry : names[in]) known.push_back(entry.first);
        error.did_you_mean(conf::nearest(server.def.track, known));
      }
      return;
    }
    follow(name, in, target, server, diagnostics);
  }

  void follow(const std::string& name, const ProxySection* in, const backends::ServerDraft* target,
              const backends::ServerDraft& server, Diagnostics& diagnostics) {
    std::set<const backends::ServerDraft*> seen = {&server};
    while (!target->def.track.empty()) {
      if (!seen.insert(target).second) {
        diagnostics.error(server.track_at, name + "unable to track '" + server.def.track +
                                               "', the chain of tracked servers is a loop");
        return;
      }
      target = find(*in, target->def.track, in);
      if (target == nullptr || in == nullptr) return;
    }
    if (!target->def.check.enabled && !target->def.check.agent.enabled)
      diagnostics.error(server.track_at, name + "unable to use '" + in->written_name + "/" +
                                             target->def.name +
                                             "' for tracking, it has neither check nor agent enabled");
  }
};

void check_servers(ConfigDraft& draft, const Backends& backends, Diagnostics& diagnostics) {
  Tracker tracker{draft, backends, {}};
  for (const ProxySection& section : draft.proxies) {
    if (section.proxy.common.disabled) continue;
    check_server_names(section, diagnostics);
    const health::BackendCheck check =
        section.checks.finish(section.proxy.common.name, section.proxy.where, diagnostics);
    const bool ports = rules_name_ports(check);
    if (check.protocol == health::CheckProtocol::external && !draft.global.def.external_check)
      diagnostics
          .error(section.proxy.where, called(section) +
                                          ": 'option external-check' starts programs, which the global "
                                          "section has to permit")
          .modern("external-check");
    for (const backends::ServerDraft& server : section.proxy.servers) {
      check_server(section, server, ports, diagnostics);
      if (!server.def.track.empty()) tracker.check(section, server, diagnostics);
      const std::string why = health::why_unusable(server.def.check, check);
      if (!why.empty()) diagnostics.error(server.where, "server '" + server.def.name + "': " + why);
    }
  }
}

// ---- listeners

void check_binds(const ConfigDraft& draft, Diagnostics& diagnostics) {
  std::map<std::string, conf::Location> seen;
  for (const ProxySection& section : draft.proxies) {
    if (section.proxy.common.disabled || !section.proxy.has_frontend()) continue;
    const frontends::FrontendDraft& frontend = section.frontend;
    if (frontend.def.binds.empty())
      diagnostics.warn(section.proxy.where, called(section) +
                                                " has no 'bind' directive. Please declare it as a backend "
                                                "if this was intended.");
    for (std::size_t i = 0; i < frontend.def.binds.size(); ++i) {
      const frontends::BindDef& bind = frontend.def.binds[i];
      if (bind.kind != frontends::BindDef::Kind::address) continue;
      const auto [entry, fresh] =
          seen.try_emplace(bind.address.to_string() + " " + bind.listen.interface + " " + bind.threads,
                           frontend.bind_places[i]);
      if (!fresh)
        diagnostics.warn(frontend.bind_places[i], "address " + bind.address.to_string() +
                                                      " is already bound at " + entry->second.to_string() +
                                                      "; connections will come in at either of the two");
    }
  }
}

// ---- proxies

void check_timeouts(const ProxySection& section, Diagnostics& diagnostics) {
  const ProxyDraft& proxy = section.proxy;
  const backends::Timeouts& t = proxy.common.timeouts;
  const bool http = proxy.common.mode == backends::Mode::http;
  const bool client = proxy.has_frontend() && t.client == 0;
  const bool server = proxy.has_backend() && !proxy.servers.empty() &&
                      (t.connect == 0 || (t.server == 0 && (http || t.tunnel == 0)));
  if (!client && !server) return;
  std::string lines;
  if (client) lines += "timeout client 30s";
  if (server && t.connect == 0) lines += std::string(lines.empty() ? "" : ", ") + "timeout connect 5s";
  if (server && t.server == 0) lines += std::string(lines.empty() ? "" : ", ") + "timeout server 30s";
  diagnostics
      .warn(proxy.where,
            "missing timeouts for " + called(section) +
                ".\n   | While not properly invalid, you will certainly encounter various problems\n"
                "   | with such a configuration. To fix this, please ensure that all following\n"
                "   | timeouts are set to a non-zero value: 'client', 'connect', 'server'.")
      .modern(lines);
}

void check_error_sections(const ProxySection& section, const ConfigDraft& draft, Diagnostics& diagnostics) {
  for (const backends::ErrorEntry& entry : section.proxy.errors) {
    if (entry.section.empty()) continue;
    const auto found = draft.http_errors.find(entry.section);
    if (found == draft.http_errors.end()) {
      std::vector<std::string_view> names;
      for (const auto& known : draft.http_errors) names.push_back(known.first);
      diagnostics.error(entry.where, "unable to find http-errors section '" + entry.section + "'")
          .did_you_mean(conf::nearest(entry.section, names));
      continue;
    }
    const auto& replies = found->second.errors;
    const bool has = entry.status == 0 || std::any_of(replies.begin(), replies.end(), [&](const auto& reply) {
                       return reply.status == entry.status;
                     });
    if (!has)
      diagnostics.warn(entry.where, "http-errors section '" + entry.section + "' has no answer for status " +
                                        std::to_string(entry.status));
  }
}

void check_rule_answers(const ConfigDraft& draft, Diagnostics& diagnostics) {
  std::vector<std::string_view> names;
  for (const auto& known : draft.http_errors) names.push_back(known.first);
  for (const std::string& name : draft.rules.http_errors_used)
    if (!draft.http_errors.contains(name))
      diagnostics
          .error({}, "a rule answers with the http-errors section '" + name + "', which does not exist")
          .did_you_mean(conf::nearest(name, names));
}

void check_guids(const ConfigDraft& draft, Diagnostics& diagnostics) {
  std::map<std::string, conf::Location> seen;
  const auto take = [&](const std::string& guid, const conf::Location& where) {
    if (guid.empty()) return;
    const auto [entry, fresh] = seen.try_emplace(guid, where);
    if (!fresh)
      diagnostics.error(where, "guid '" + guid + "' is already taken at " + entry->second.to_string());
  };
  for (const ProxySection& section : draft.proxies) {
    take(section.proxy.common.guid, section.proxy.where);
    for (const backends::ServerDraft& server : section.proxy.servers) take(server.def.guid, server.where);
  }
}

// Persistence that can never come about.
void check_cookies(const ProxySection& section, Diagnostics& diagnostics) {
  const backends::CookieDef& cookie = section.proxy.backend.cookie;
  if (!section.proxy.has_backend() || section.proxy.servers.empty()) return;
  const auto& servers = section.proxy.servers;
  const auto with =
      std::find_if(servers.begin(), servers.end(), [](const auto& s) { return !s.def.cookie.empty(); });
  const auto place = section.proxy.places.find("cookie");
  if (cookie.on() && !cookie.dynamic && with == servers.end() && place != section.proxy.places.end())
    diagnostics
        .warn(place->second,
              "'cookie' has no effect in " + called(section) + ": no server has a cookie value")
        .modern("server " + servers.front().def.name + " ... cookie " + servers.front().def.name);
  if (!cookie.on() && with != servers.end() && section.proxy.common.mode == backends::Mode::http)
    diagnostics.warn(with->where, "the cookie value of server '" + with->def.name + "' has no effect, " +
                                      called(section) + " has no 'cookie' line");
}

void check_log(const ProxySection& section, Diagnostics& diagnostics) {
  if (!section.proxy.has_frontend() || !section.log.format_at.file) return;
  if (section.log.def.access.format == stats::LogFormat::plain) return;
  if (section.log.def.targets.empty() && !section.log.def.use_global)
    diagnostics.warn(section.log.format_at,
                     "log format ignored for " + called(section) + " since it has no log address.");
}

void check_dispatch(ProxySection& section, Diagnostics& diagnostics) {
  const auto place = section.proxy.places.find("dispatch");
  if (place == section.proxy.places.end()) return;
  auto& warning = diagnostics.warn(place->second, "'dispatch' is from an older version and still understood");
  warning.modern("server all " + section.proxy.backend.dispatch.to_string());
  if (!section.proxy.servers.empty()) {
    diagnostics.warn(place->second,
                     "dispatch address of " + called(section) + " will be ignored, it has servers");
    section.proxy.backend.dispatch = Address();
  }
}

}  // namespace

void post_check(ConfigDraft& draft, Diagnostics& diagnostics) {
  const Backends backends(draft.proxies);
  resolve_routes(draft, backends, diagnostics);
  check_servers(draft, backends, diagnostics);
  check_binds(draft, diagnostics);
  check_guids(draft, diagnostics);
  check_rule_answers(draft, diagnostics);
  for (ProxySection& section : draft.proxies) {
    if (section.proxy.common.disabled) continue;
    check_mode(section, diagnostics);
    check_timeouts(section, diagnostics);
    check_error_sections(section, draft, diagnostics);
    check_dispatch(section, diagnostics);
    check_log(section, diagnostics);
    check_cookies(section, diagnostics);
    frontends::resolve_stats_rules(section.stats, diagnostics);
  }
  report_unused(draft, diagnostics);
}

}  // namespace evenkeel::app
