// One proxy (or defaults) section on its way from lines to definitions: what all rooms know of it.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "backends/proxy_draft.h"
#include "conf/diagnostics.h"
#include "conf/statement.h"
#include "frontends/frontend_draft.h"
#include "frontends/log_keywords.h"
#include "frontends/stats_keywords.h"
#include "health/keywords.h"
#include "lvs/keywords.h"
#include "rules/keywords.h"

namespace evenkeel::app {

struct ProxySection {
  explicit ProxySection(rules::CompileEnv& env) : rules(env, {}) {}

  backends::ProxyDraft proxy;
  frontends::FrontendDraft frontend;
  health::CheckSection checks;
  frontends::LogDraft log;
  frontends::StatsDraft stats;
  rules::RuleDraft rules;
  lvs::Draft lvs;
  std::string written_name;  // proxy.common.name may differ where names repeat
  // Where its sessions may go, found out by resolve_routes().
  struct Route {
    ProxySection* target = nullptr;
    conf::Location where;
    bool by_default = false;  // default_backend, or the other half of a listen section
  };
  std::vector<Route> routes;
  bool dynamic_routes = false;  // names are computed at run time

  // Copies carry the pointers of their origin.
  void rebind() noexcept {
    frontend.proxy = &proxy;
    frontend.services = proxy.services;
  }
};

// A deque, because sections keep their address.
using ProxySections = std::deque<ProxySection>;

// Obeys one line of a proxy section.
void apply_proxy_line(ProxySection& section, const conf::Statement& statement,
                      conf::Diagnostics& diagnostics);
// All keywords that are valid in this kind of section, for suggestions and -dK.
const std::vector<std::string_view>& proxy_words(conf::SectionKind kind);

}  // namespace evenkeel::app
