#include "app/server_checks.h"

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace evenkeel::app {
namespace {

using backends::ProxyDraft;
using conf::Diagnostics;

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
  const BackendNames& backends;
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

}  // namespace

void check_servers(const ConfigDraft& draft, const BackendNames& backends, conf::Diagnostics& diagnostics) {
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

}  // namespace evenkeel::app
