#include "app/mode_checks.h"

namespace evenkeel::app {
namespace {

conf::Location place_of(const ProxySection& section, std::string_view word) {
  const auto place = section.proxy.places.find(word);
  return place == section.proxy.places.end() ? section.proxy.where : place->second;
}

// `listen stats *:1080` with nothing but stats words, as old tutorials have it: the page is all that it can
// be for.
bool page_of_its_own(ProxySection& section, conf::Diagnostics& diagnostics) {
  backends::ProxyDraft& proxy = section.proxy;
  const bool routed = !proxy.servers.empty() || !section.frontend.def.default_backend.empty();
  if (!section.stats.def.enabled || proxy.mode_given || routed || !proxy.has_frontend()) return false;
  proxy.common.mode = backends::Mode::http;
  diagnostics
      .warn(proxy.where,
            "the statistics page of '" + section.written_name + "' needs HTTP, which no line asks for")
      .modern("mode http");
  return true;
}

void drop_http_rules(rules::RuleSets& sets, const std::string& who, const conf::Location& where,
                     conf::Diagnostics& diagnostics) {
  const auto drop = [&](rules::RuleSet& set, const char* word) {
    if (set.empty()) return;
    set = {};
    diagnostics.warn(where,
                     "'" + std::string(word) + "' rules ignored for " + who + " as they require HTTP mode.");
  };
  drop(sets.http_request, "http-request");
  drop(sets.http_response, "http-response");
  drop(sets.http_after_response, "http-after-response");
  drop(sets.redirects, "redirect");
}

}  // namespace

void check_mode(ProxySection& section, conf::Diagnostics& diagnostics) {
  backends::ProxyDraft& proxy = section.proxy;
  if (proxy.common.mode == backends::Mode::http) return;
  if (page_of_its_own(section, diagnostics)) return;
  const std::string who = std::string(proxy.kind_word()) + " '" + section.written_name + "'";
  if (proxy.common.forward_for.on) {
    proxy.common.forward_for = {};
    diagnostics.warn(place_of(section, "option forwardfor"),
                     "'option forwardfor' ignored for " + who + " as it requires HTTP mode.");
  }
  if (proxy.common.compression) {
    proxy.common.compression = nullptr;
    diagnostics.warn(place_of(section, "compression"),
                     "'compression' ignored for " + who + " as it requires HTTP mode.");
  }
  if (proxy.common.original_to.on) {
    proxy.common.original_to = {};
    diagnostics.warn(proxy.where, "'option originalto' ignored for " + who + " as it requires HTTP mode.");
  }
  if (proxy.has_frontend() && !section.frontend.def.monitor_uri.empty()) {
    section.frontend.def.monitor_uri.clear();
    diagnostics.warn(place_of(section, "monitor-uri"),
                     "monitor-uri will be ignored for " + who + " (needs 'mode http').");
  }
  if (section.stats.def.enabled) {
    section.stats = {};
    diagnostics.warn(proxy.where, "'stats' statement ignored for " + who + " as it requires HTTP mode.");
  }
  if (proxy.has_frontend() && section.log.format_at.file &&
      (section.log.def.access.format == stats::LogFormat::http ||
       section.log.def.access.format == stats::LogFormat::https ||
       section.log.def.access.format == stats::LogFormat::clf)) {
    section.log.def.access.format = stats::LogFormat::tcp;
    diagnostics.warn(section.log.format_at, "'option httplog' not usable with " + who +
                                                " (needs 'mode http'). Falling back to 'option tcplog'.");
  }
  if (!section.rules.sets.may_become_http) drop_http_rules(section.rules.sets, who, proxy.where, diagnostics);
  if (!proxy.has_backend()) return;
  if (proxy.backend.cookie.on()) {
    proxy.backend.cookie = {};
    diagnostics.warn(place_of(section, "cookie"),
                     "cookie will be ignored for " + who + " (needs 'mode http').");
  }
  if (proxy.backend.balance.needs_http()) {
    proxy.backend.balance.algorithm = balance::Algorithm::roundrobin;
    diagnostics.warn(proxy.where, "Layer 7 hash not possible for " + who +
                                      " (needs 'mode http'). Falling back to round robin.");
  }
  for (backends::ServerDraft& server : proxy.servers) {
    if (server.def.cookie.empty()) continue;
    server.def.cookie.clear();
    diagnostics.warn(server.where, who + " : ignoring cookie for server '" + server.def.name +
                                       "' as HTTP mode is disabled.");
  }
}

}  // namespace evenkeel::app
