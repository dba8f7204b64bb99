#include "app/post_checks.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "app/backend_names.h"
#include "app/log_checks.h"
#include "app/lvs_sections.h"
#include "app/mode_checks.h"
#include "app/route_checks.h"
#include "app/server_checks.h"
#include "app/udp_sections.h"
#include "app/vrrp_pairing.h"
#include "conf/nearest.h"
#include "rules/catalog.h"
#include "rules/expression.h"

namespace evenkeel::app {
namespace {

using backends::ProxyDraft;
using conf::Diagnostics;

// ---- listeners

void check_binds(const ConfigDraft& draft, Diagnostics& diagnostics) {
  std::map<std::string, conf::Location> seen;
  for (const ProxySection& section : draft.proxies) {
    if (section.proxy.common.disabled || !section.proxy.has_frontend()) continue;
    const frontends::FrontendDraft& frontend = section.frontend;
    if (frontend.def.binds.empty() && section.lvs.fwmark == 0)
      diagnostics.warn(section.proxy.where, called(section) +
                                                " has no 'bind' directive. Please declare it as a backend "
                                                "if this was intended.");
    for (std::size_t i = 0; i < frontend.def.binds.size(); ++i) {
      const frontends::BindDef& bind = frontend.def.binds[i];
      if (bind.kind != frontends::BindDef::Kind::address) continue;
      const auto [entry, fresh] =
          seen.try_emplace((section.proxy.common.datagram ? "udp " : "") + bind.address.to_string() + " " +
                               bind.listen.interface + " " + bind.threads,
                           frontend.bind_places[i]);
      if (!fresh)
        diagnostics.warn(frontend.bind_places[i], "address " + bind.address.to_string() +
                                                      " is already bound at " + entry->second.to_string() +
                                                      "; connections will come in at either of the two");
    }
  }
}

// ---- proxies

// `balance hash` is compiled here: its line may stand in defaults, and what it may look at is up to the mode.
void compile_hash(ProxySection& section, rules::CompileEnv& env, Diagnostics& diagnostics) {
  backends::BackendDef& backend = section.proxy.backend;
  if (!section.proxy.has_backend() || backend.balance.algorithm != balance::Algorithm::hash) return;
  const auto place = section.proxy.places.find("balance");
  const conf::Location& where = place == section.proxy.places.end() ? section.proxy.where : place->second;
  auto expression = rules::Expression::compile(backend.balance.expression, env);
  if (!expression) {
    diagnostics.error(where,
                      std::string(backend.balance.log_hash ? "'balance log-hash': " : "'balance hash': ") +
                          expression.error().message);
    return;
  }
  const bool http = section.proxy.common.mode == backends::Mode::http;
  // A message has no phase: converters are all that the words of log-hash can name.
  if (!section.proxy.common.takes_logs &&
      !expression->usable_in(at(http ? rules::Place::be_http_request : rules::Place::be_tcp_content))) {
    diagnostics.error(where, "'balance hash': '" + backend.balance.expression +
                                 "' has no meaning when a server is chosen in mode " +
                                 (http ? "http" : "tcp"));
    return;
  }
  backend.hash_sample = std::make_shared<const rules::Expression>(std::move(*expression));
}

void check_timeouts(const ProxySection& section, Diagnostics& diagnostics) {
  const ProxyDraft& proxy = section.proxy;
  const backends::Timeouts& t = proxy.common.timeouts;
  const bool http = proxy.common.mode == backends::Mode::http;
  const bool client = proxy.has_frontend() && t.client == 0;
  const bool connect = t.connect == 0 && !proxy.common.datagram;  // datagrams need no connection
  const bool server = proxy.has_backend() && !proxy.common.takes_logs && !proxy.servers.empty() &&
                      (connect || (t.server == 0 && (http || t.tunnel == 0)));
  if (!client && !server) return;
  std::string names;
  std::string lines;
  const auto missing = [&](std::string_view name, std::string_view value) {
    const std::string_view comma = names.empty() ? "" : ", ";
    names.append(comma).append("'").append(name).append("'");
    lines.append(comma).append("timeout ").append(name).append(" ").append(value);
  };
  if (client) missing("client", "30s");
  if (server && connect) missing("connect", "5s");
  if (server && t.server == 0) missing("server", "30s");
  diagnostics
      .warn(proxy.where,
            "missing timeouts for " + called(section) + ": " + names +
                ".\n   | While not properly invalid, you will certainly encounter various problems\n"
                "   | with such a configuration. To fix this, please ensure that all of them\n"
                "   | are set to a non-zero value.")
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

void check_bandwidth_limits(const ConfigDraft& draft, Diagnostics& diagnostics) {
  for (const auto& [proxy, name] : draft.rules.bandwidth_limits_used) {
    for (const ProxySection& section : draft.proxies) {
      const auto& filters = section.proxy.common.filters;
      if (section.written_name != proxy || (filters && filters->limit_named(name) != nullptr)) continue;
      diagnostics.error(section.proxy.where, "a 'set-bandwidth-limit' rule of '" + proxy +
                                                 "' names the filter '" + name +
                                                 "', but there is no 'filter bwlim-in " + name +
                                                 "' or 'filter bwlim-out " + name + "'");
    }
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

// do-log profile, and the converter debug. The ring of the name that debug writes to by default exists where
// somebody uses it.
void check_log_uses(ConfigDraft& draft, Diagnostics& diagnostics) {
  std::vector<std::string_view> profiles;
  for (const frontends::LogProfileDraft& known : draft.log_profiles) profiles.push_back(known.name);
  for (const std::string& name : draft.rules.log_profiles_used)
    if (std::find(profiles.begin(), profiles.end(), name) == profiles.end())
      diagnostics
          .error({}, "a 'do-log' rule names the log-profile section '" + name + "', which does not exist")
          .did_you_mean(conf::nearest(name, profiles));
  for (const std::string& name : draft.rules.sinks_used) {
    const auto same = [&](const frontends::RingDraft& ring) { return ring.def.name == name; };
    if (name == "stdout" || name == "stderr" || std::any_of(draft.rings.begin(), draft.rings.end(), same))
      continue;
    if (name != "buf0") {
      diagnostics.error({}, "a converter 'debug' writes to '" + name +
                                "', but there is no ring of that name (nor is it stdout or stderr)");
      continue;
    }
    frontends::RingDraft& made = draft.rings.emplace_back();
    draft.ring_places.emplace_back();
    made.def.name = name;
    made.def.description = "in-memory ring buffer";
    made.def.format = stats::SyslogFormat::timed;
    made.def.size = 1U << 20U;
  }
}

// tune.http.cookielen, as HAProxy applies it.
void cut_cookie_captures(ConfigDraft& draft, Diagnostics& diagnostics) {
  const auto most = static_cast<std::size_t>(draft.global.def.cookie_capture_length);
  for (ProxySection& section : draft.proxies) {
    std::size_t& length = section.frontend.def.captured_cookie.length;
    if (length <= most) continue;
    diagnostics.warn(section.proxy.where, "'capture cookie' of '" + section.written_name +
                                              "': truncating capture length to " + std::to_string(most) +
                                              " (tune.http.cookielen)");
    length = most;
  }
}

void check_caches(const ConfigDraft& draft, Diagnostics& diagnostics) {
  std::vector<std::string_view> names;
  for (const auto& known : draft.caches) names.push_back(known.first);
  std::set<std::string_view> missing;
  for (const std::string& name : draft.rules.caches_used)
    if (!draft.caches.contains(name) && missing.insert(name).second)
      diagnostics.error({}, "a rule or filter uses the cache '" + name + "', which does not exist")
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
  // A line of the defaults serves many, and not all of them need to make use of it.
  const bool own = place != section.proxy.places.end() && place->second.file == section.proxy.where.file &&
                   place->second.line > section.proxy.where.line;
  if (cookie.on() && !cookie.dynamic && with == servers.end() && own)
    diagnostics
        .warn(place->second,
              "'cookie' has no effect in " + called(section) + ": no server has a cookie value")
        .modern("server " + servers.front().def.name + " ... cookie " + servers.front().def.name);
  if (!cookie.on() && with != servers.end() && section.proxy.common.mode == backends::Mode::http)
    diagnostics.warn(with->where, "the cookie value of server '" + with->def.name + "' has no effect, " +
                                      called(section) + " has no 'cookie' line");
}

void check_log(ProxySection& section, rules::CompileEnv& env, Diagnostics& diagnostics) {
  if (!section.proxy.has_frontend()) return;
  const bool http = section.proxy.common.mode == backends::Mode::http;
  auto formats = frontends::compile_log_formats(section.log, section.rules.sets, http, env, diagnostics);
  section.proxy.common.log_format = std::move(formats.line);
  section.proxy.common.error_log_format = std::move(formats.error);
  section.proxy.common.log_format_sd = std::move(formats.structured);
  if (!section.log.format_at.file) return;
  if (section.log.def.access.format == stats::LogFormat::plain) return;
  if (section.log.def.targets.empty() && !section.log.def.use_global)
    diagnostics.warn(section.log.format_at,
                     "log format ignored for " + called(section) + " since it has no log address.");
}

void check_dispatch(ProxySection& section, Diagnostics& diagnostics) {
  const auto transparent = section.proxy.places.find("option transparent");
  if (section.proxy.backend.transparent && transparent != section.proxy.places.end())
    diagnostics
        .warn(transparent->second, "'option transparent' is from an older version and still understood")
        .modern("server all 0.0.0.0");
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

void check_stats_page(const ProxySection& section, Diagnostics& diagnostics) {
  if (section.rules.sets.stats_request.empty() || !section.stats.login_at) return;
  diagnostics.error(*section.stats.login_at,
                    called(section) +
                        ": 'stats http-request' excludes 'stats auth' and 'stats realm'; "
                        "name the users in a userlist and the realm behind 'auth realm'");
}

}  // namespace

void post_check(ConfigDraft& draft, Diagnostics& diagnostics) {
  const BackendNames backends(draft.proxies);
  prepare_lvs(draft);
  resolve_routes(draft, backends, diagnostics);
  check_servers(draft, backends, diagnostics);
  check_binds(draft, diagnostics);
  check_guids(draft, diagnostics);
  check_rule_answers(draft, diagnostics);
  check_bandwidth_limits(draft, diagnostics);
  check_log_targets(draft, backends, diagnostics);
  check_caches(draft, diagnostics);
  check_log_uses(draft, diagnostics);
  cut_cookie_captures(draft, diagnostics);
  for (ProxySection& section : draft.proxies) {
    if (section.proxy.common.disabled) continue;
    check_log_backend(section, diagnostics);
    check_mode(section, diagnostics);
    compile_hash(section, draft.rules, diagnostics);
    check_timeouts(section, diagnostics);
    check_error_sections(section, draft, diagnostics);
    check_dispatch(section, diagnostics);
    check_log(section, draft.rules, diagnostics);
    check_cookies(section, diagnostics);
    check_stats_page(section, diagnostics);
  }
  check_udp(draft, diagnostics);
  for (const frontends::LogProfileDraft& profile : draft.log_profiles)
    draft.compiled_profiles.push_back(std::make_shared<const frontends::LogProfile>(
        frontends::compile_log_profile(profile, draft.rules, diagnostics)));
  check_lvs(draft, diagnostics);
  check_vrrp(draft, diagnostics);
  report_unused_backends(draft, diagnostics);
}

}  // namespace evenkeel::app
