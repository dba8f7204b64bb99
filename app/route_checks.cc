#include "app/route_checks.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace evenkeel::app {
namespace {

using conf::Diagnostics;

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

// mode tcp to mode http turns a connection into requests on the way; the other way round makes no sense.
void check_modes(ProxySection& from, Diagnostics& diagnostics) {
  using backends::Mode;
  const auto word = [](const backends::ProxyDef& def) {
    return std::string(def.datagram ? "udp" : def.mode == Mode::http ? "http" : "tcp");
  };
  const Mode mode = from.proxy.common.mode;
  for (const ProxySection::Route& route : from.routes) {
    const ProxySection& to = *route.target;
    const Mode other = to.proxy.common.mode;
    if (to.proxy.common.takes_logs) {
      diagnostics.error(route.where, called(from) + " leads to " + called(to) +
                                         ", which is in mode log and takes no sessions");
      continue;
    }
    if (mode == other && from.proxy.common.datagram == to.proxy.common.datagram) continue;
    if (other == Mode::http && !from.proxy.common.datagram) {
      from.rules.sets.may_become_http = true;
      continue;
    }
    const std::string both = word(from.proxy.common) + " " + called(from) + " tries to use incompatible " +
                             word(to.proxy.common) + " " + called(to) + " (" + to.proxy.where.to_string() +
                             ") " + (route.by_default ? "as its default backend" : "in a 'use_backend' rule");
    diagnostics.error(route.where, both + " (see 'mode')");
  }
}

void resolve_default(ProxySection& section, const BackendNames& backends, Diagnostics& diagnostics) {
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

void resolve_use_backend(ProxySection& section, const BackendNames& backends, Diagnostics& diagnostics) {
  for (const rules::TargetRule& rule : section.rules.sets.use_backend.rules()) {
    const conf::Location where{section.proxy.where.file, rule.line, 0, 0};
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

}  // namespace

void resolve_routes(ConfigDraft& draft, const BackendNames& backends, conf::Diagnostics& diagnostics) {
  for (ProxySection& section : draft.proxies) {
    if (section.proxy.common.disabled) continue;
    if (section.proxy.has_backend()) resolve_use_server(section, diagnostics);
    if (!section.proxy.has_frontend()) continue;
    resolve_use_backend(section, backends, diagnostics);
    resolve_default(section, backends, diagnostics);
  }
  for (ProxySection& section : draft.proxies) infer_mode(section, diagnostics);
  for (ProxySection& section : draft.proxies) check_modes(section, diagnostics);
}

// A backend that no frontend can reach is most often a misspelt or forgotten rule.
void report_unused_backends(const ConfigDraft& draft, conf::Diagnostics& diagnostics) {
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
  const auto note_logs = [&](const frontends::LogDraft& log) {
    for (const auto& [name, where] : log.backend_uses)
      for (const ProxySection& other : draft.proxies)
        if (other.written_name == name) used.insert(&other);
  };
  note_logs(draft.global_log);
  for (const ProxySection& section : draft.proxies) note_logs(section.log);
  for (const frontends::LogForwardDraft& section : draft.log_forwards) note_logs(section.log);
  for (const ProxySection& section : draft.proxies) {
    const bool backend_only = section.proxy.kind == conf::SectionKind::backend;
    if (backend_only && !section.proxy.common.disabled && !used.contains(&section))
      diagnostics.warn(section.proxy.where, "nothing uses backend '" + section.written_name + "'");
  }
}

}  // namespace evenkeel::app
