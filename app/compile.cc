#include "app/compile.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace evenkeel::app {
namespace {

using backends::BackendDef;
using backends::ProxyDraft;
using frontends::FrontendDef;

// Ids that were asked for are taken first. The counter goes on for every entry, also for those with an id of
// their own: this is how HAProxy numbers, and tools remember the numbers.
class Numbering {
 public:
  bool reserve(std::uint32_t id, const conf::Location& where, conf::Location& earlier) {
    const auto [entry, fresh] = taken_.try_emplace(id, where);
    if (!fresh) earlier = entry->second;
    return fresh;
  }
  std::uint32_t next(std::uint32_t wanted) {
    std::uint32_t id = wanted;
    if (id == 0) {
      while (taken_.contains(counter_)) ++counter_;
      id = counter_;
      taken_.try_emplace(id);
    }
    ++counter_;
    return id;
  }

 private:
  std::map<std::uint32_t, conf::Location> taken_;
  std::uint32_t counter_ = 1;
};

void reserve(Numbering& numbering, std::uint32_t id, const conf::Location& where, const std::string& what,
             conf::Diagnostics& diagnostics) {
  conf::Location earlier;
  if (id == 0 || numbering.reserve(id, where, earlier)) return;
  diagnostics.error(where,
                    what + ": custom id " + std::to_string(id) + " already used at " + earlier.to_string());
}

void number_proxies(ConfigDraft& draft, conf::Diagnostics& diagnostics) {
  Numbering numbering;
  for (const ProxySection& section : draft.proxies)
    reserve(numbering, section.proxy.common.id, section.proxy.where,
            std::string(section.proxy.kind_word()) + " '" + section.written_name + "'", diagnostics);
  // HAProxy's proxy of the runtime sockets counts, though it shows no number.
  if (!draft.global.def.stats_sockets.empty()) (void)numbering.next(0);
  for (ProxySection& section : draft.proxies)
    section.proxy.common.id = numbering.next(section.proxy.common.id);
}

void number_servers(ProxyDraft& proxy, conf::Diagnostics& diagnostics) {
  Numbering numbering;
  for (const backends::ServerDraft& server : proxy.servers)
    reserve(numbering, server.def.id, server.where,
            "server '" + proxy.common.name + "/" + server.def.name + "'", diagnostics);
  for (backends::ServerDraft& server : proxy.servers) server.def.id = numbering.next(server.def.id);
}

void number_listeners(frontends::FrontendDraft& frontend, conf::Diagnostics& diagnostics) {
  Numbering numbering;
  for (std::size_t i = 0; i < frontend.def.binds.size(); ++i)
    reserve(numbering, frontend.def.binds[i].id, frontend.bind_places[i],
            "'bind " + frontend.def.binds[i].text + "'", diagnostics);
  for (frontends::BindDef& bind : frontend.def.binds) {
    bind.id = numbering.next(bind.id);
    if (bind.name.empty()) bind.name = "sock-" + std::to_string(bind.id);
  }
}

// In the order of the lines, so that the last word about a status counts.
void fill_errors(ProxyDraft& proxy, const ConfigDraft& draft) {
  for (const backends::ErrorEntry& entry : proxy.errors) {
    if (entry.section.empty()) {
      proxy.common.errors.erase(entry.status);
      proxy.common.made_errors.erase(entry.status);
      if (entry.made)
        proxy.common.made_errors[entry.status] = entry.made;
      else if (!entry.reset)
        proxy.common.errors[entry.status] = entry.reply;
      continue;
    }
    const auto section = draft.http_errors.find(entry.section);
    if (section == draft.http_errors.end()) continue;
    for (const backends::ErrorEntry& reply : section->second.errors)
      if (entry.status == 0 || entry.status == reply.status) {
        proxy.common.errors[reply.status] = reply.reply;
        proxy.common.made_errors.erase(reply.status);
      }
  }
}

// `unix-bind` says what the unix listeners of proxies start from; stats sockets are left alone, as in
// HAProxy.
void apply_unix_bind(frontends::BindDef& bind, const frontends::GlobalDraft& global) {
  if (bind.address.family() != AF_UNIX || bind.kind != frontends::BindDef::Kind::address) return;
  if (bind.listen.mode < 0) bind.listen.mode = global.unix_options.mode;
  if (bind.listen.uid < 0) bind.listen.uid = global.unix_options.uid;
  if (bind.listen.gid < 0) bind.listen.gid = global.unix_options.gid;
  const std::string path = bind.address.ip_string();
  if (global.unix_prefix.empty() || !path.starts_with("unix:")) return;
  if (const auto prefixed = Address::from_unix_path(global.unix_prefix + path.substr(5)))
    bind.address = *prefixed;
}

std::shared_ptr<const FrontendDef> compile_frontend(ProxySection& section,
                                                    const frontends::GlobalDraft& global) {
  FrontendDef& def = section.frontend.def;
  static_cast<backends::ProxyDef&>(def) = section.proxy.common;
  if (def.maxconn == 0) def.maxconn = global.def.maxconn;
  if (def.default_backend.empty() && section.proxy.has_backend()) def.default_backend = def.name;
  for (frontends::BindDef& bind : def.binds) apply_unix_bind(bind, global);
  return std::make_shared<const FrontendDef>(std::move(def));
}

// `dispatch` and `option transparent` are backends of one server that have never said so. As a server, the
// address gets retries, queues, logs and a row in the statistics like any other; 0.0.0.0 is where the client
// wanted to go.
void stand_in_server(ProxyDraft& proxy) {
  const bool dispatch = proxy.backend.dispatch.family() != AF_UNSPEC;
  if (!proxy.servers.empty() || (!dispatch && !proxy.backend.transparent)) return;
  backends::ServerDraft server;
  server.def.name = dispatch ? "dispatch" : "transparent";
  server.def.id = 1;
  server.def.address = dispatch ? proxy.backend.dispatch : Address::any_v4(0);
  server.def.host = server.def.address.ip_string();
  server.def.port_mode = dispatch ? backends::PortMode::fixed : backends::PortMode::offset;
  proxy.servers.push_back(std::move(server));
}

std::shared_ptr<const BackendDef> compile_backend(ProxySection& section) {
  ProxyDraft& proxy = section.proxy;
  stand_in_server(proxy);
  BackendDef& def = proxy.backend;
  static_cast<backends::ProxyDef&>(def) = proxy.common;
  // finish() has reported its complaints in post_check().
  conf::Diagnostics silent;
  def.check = section.checks.finish(proxy.common.name, proxy.where, silent);
  def.check.timeout_check = proxy.common.timeouts.check;
  def.check.timeout_connect = proxy.common.timeouts.connect;
  def.servers.reserve(proxy.servers.size());
  for (backends::ServerDraft& server : proxy.servers) {
    if (server.def.maxconn < server.def.minconn) server.def.maxconn = server.def.minconn;
    def.servers.push_back(std::move(server.def));
  }
  return std::make_shared<const BackendDef>(std::move(def));
}

// 10 % of what all frontends together may send there (manual 4.2, fullconn); at least 1. Names that rules
// compute count for nobody, as in HAProxy.
void compute_fullconn(ConfigDraft& draft) {
  std::map<const ProxySection*, std::uint64_t> sums;
  for (const ProxySection& source : draft.proxies) {
    if (!source.proxy.has_frontend()) continue;
    const std::uint32_t own = source.frontend.def.maxconn;
    const std::uint32_t limit = own == 0 ? draft.global.def.maxconn : own;
    std::set<const ProxySection*> targets;
    for (const ProxySection::Route& route : source.routes) targets.insert(route.target);
    for (const ProxySection* target : targets) sums[target] += limit;
  }
  for (ProxySection& target : draft.proxies) {
    if (!target.proxy.has_backend() || target.proxy.backend.fullconn != 0) continue;
    const std::uint64_t sum = sums[&target];
    target.proxy.backend.fullconn = static_cast<std::uint32_t>(std::max<std::uint64_t>(1, (sum + 9) / 10));
  }
}

}  // namespace

void number(ConfigDraft& draft, conf::Diagnostics& diagnostics) {
  number_proxies(draft, diagnostics);
  for (ProxySection& section : draft.proxies) {
    number_servers(section.proxy, diagnostics);
    number_listeners(section.frontend, diagnostics);
  }
}

std::shared_ptr<const frontends::Config> compile(ConfigDraft& draft) {
  auto config = std::make_shared<frontends::Config>();
  compute_fullconn(draft);
  for (ProxySection& section : draft.proxies) {
    if (section.proxy.common.disabled && section.proxy.has_frontend()) section.frontend.def.binds.clear();
    fill_errors(section.proxy, draft);
    section.proxy.common.log = section.log.def;
    section.proxy.common.stats_page = section.stats.def;
    section.rules.sets.build_indexes();
    if (!section.rules.sets.empty())
      section.proxy.common.rules = std::make_shared<const rules::RuleSets>(std::move(section.rules.sets));
    if (section.proxy.has_frontend()) config->frontends.push_back(compile_frontend(section, draft.global));
    if (section.proxy.has_backend()) config->backends.push_back(compile_backend(section));
  }
  draft.global.def.log = std::move(draft.global_log.def);
  draft.global.def.log_send_hostname = draft.global_log.send_hostname;
  draft.global.def.log_hostname = draft.global_log.hostname;
  for (const auto& [name, section] : draft.http_errors)
    for (const backends::ErrorEntry& entry : section.errors)
      config->http_errors[name][entry.status] = entry.reply;
  for (frontends::LogForwardDraft& forward : draft.log_forwards) {
    forward.def.log = std::move(forward.log.def);
    config->log_forwards.push_back(std::make_shared<const frontends::LogForwardDef>(std::move(forward.def)));
  }
  config->log_profiles = std::move(draft.compiled_profiles);
  for (frontends::RingDraft& ring : draft.rings) config->rings.push_back(std::move(ring.def));
  draft.rules.patterns->finish();
  config->patterns = draft.rules.patterns;
  for (const auto& [name, cache] : draft.caches) config->caches.push_back(cache.def);
  config->global = std::move(draft.global.def);
  return config;
}

}  // namespace evenkeel::app
