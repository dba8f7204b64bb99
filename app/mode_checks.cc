#include "app/mode_checks.h"

namespace evenkeel::app {
namespace {

conf::Location place_of(const ProxySection& section, std::string_view word) {
  const auto place = section.proxy.places.find(word);
  return place == section.proxy.places.end() ? section.proxy.where : place->second;
}

}  // namespace

void check_mode(ProxySection& section, conf::Diagnostics& diagnostics) {
  backends::ProxyDraft& proxy = section.proxy;
  if (proxy.common.mode == backends::Mode::http) return;
  const std::string who = std::string(proxy.kind_word()) + " '" + section.written_name + "'";
  if (proxy.common.forward_for.on) {
    proxy.common.forward_for = {};
    diagnostics.warn(place_of(section, "option forwardfor"),
                     "'option forwardfor' ignored for " + who + " as it requires HTTP mode.");
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
  if (!proxy.has_backend()) return;
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
