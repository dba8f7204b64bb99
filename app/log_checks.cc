#include "app/log_checks.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/nearest.h"

namespace evenkeel::app {
namespace {

using conf::Diagnostics;
using Uses = std::vector<std::pair<std::string, conf::Location>>;

// One complaint per line, though sections inherit it.
class Complaints {
 public:
  bool first_time(const conf::Location& where) {
    const std::pair<std::string, unsigned> place(where.file ? where.file->name() : "", where.line);
    if (std::find(told_.begin(), told_.end(), place) != told_.end()) return false;
    told_.push_back(place);
    return true;
  }

 private:
  std::vector<std::pair<std::string, unsigned>> told_;
};

void check_names(const Uses& uses, const std::vector<std::string_view>& names, std::string_view what,
                 Complaints& complaints, Diagnostics& diagnostics) {
  for (const auto& [name, where] : uses) {
    if (std::find(names.begin(), names.end(), name) != names.end() || !complaints.first_time(where)) continue;
    diagnostics.error(where, "'log': there is no " + std::string(what) + " '" + name + "'")
        .did_you_mean(conf::nearest(name, names));
  }
}

void check_backends(const Uses& uses, const BackendNames& backends, Complaints& complaints,
                    Diagnostics& diagnostics) {
  for (const auto& [name, where] : uses) {
    const ProxySection* const target = backends.find(name);
    if (target != nullptr && target->proxy.common.takes_logs) continue;
    if (!complaints.first_time(where)) continue;
    auto& complaint =
        diagnostics.error(where, target == nullptr ? "'log': there is no backend '" + name + "'"
                                                   : "'log': backend '" + name + "' is not in mode log");
    if (target == nullptr) complaint.did_you_mean(backends.nearest(name));
  }
}

}  // namespace

void check_log_targets(const ConfigDraft& draft, const BackendNames& backends, Diagnostics& diagnostics) {
  std::vector<std::string_view> rings;
  for (const frontends::RingDraft& ring : draft.rings) rings.emplace_back(ring.def.name);
  std::vector<std::string_view> profiles;
  for (const frontends::LogProfileDraft& profile : draft.log_profiles) profiles.emplace_back(profile.name);
  Complaints complaints;
  const auto check = [&](const frontends::LogDraft& log) {
    check_names(log.ring_uses, rings, "ring", complaints, diagnostics);
    check_names(log.profile_uses, profiles, "log-profile section", complaints, diagnostics);
    check_backends(log.backend_uses, backends, complaints, diagnostics);
  };
  check(draft.global_log);
  for (const ProxySection& section : draft.proxies) check(section.log);
  for (const frontends::LogForwardDraft& section : draft.log_forwards) {
    check(section.log);
    // HAProxy ignores them there.
    for (const auto& [name, where] : section.log.profile_uses)
      diagnostics.warn(
          where, "profile '" + name + "' has no effect: messages of a log-forward section keep their text");
  }
}

void check_log_backend(const ProxySection& section, Diagnostics& diagnostics) {
  const backends::ProxyDraft& proxy = section.proxy;
  if (!proxy.has_backend()) {
    if (proxy.common.takes_logs)
      diagnostics.error(proxy.where, called(section) + ": 'mode log' is for backends");
    return;
  }
  const balance::BalanceDef& balance = proxy.backend.balance;
  const auto place = proxy.places.find("balance");
  const conf::Location& where = place == proxy.places.end() ? proxy.where : place->second;
  using balance::Algorithm;
  const bool of_logs = balance.algorithm == Algorithm::sticky || balance.log_hash;
  if (!proxy.common.takes_logs) {
    if (of_logs)
      diagnostics.error(where, called(section) + ": 'balance sticky' and 'balance log-hash' need 'mode log'");
    for (const backends::ServerDraft& server : proxy.servers) {
      if (server.def.datagram && !proxy.common.datagram)
        diagnostics.error(server.where,
                          "server '" + server.def.name + "': datagram addresses need 'mode log'");
      if (server.def.octet_count || server.def.log_bufsize != 0)
        diagnostics.error(server.where,
                          "server '" + server.def.name + "': 'log-proto' and 'log-bufsize' need 'mode log'");
    }
    return;
  }
  if (proxy.kind != conf::SectionKind::backend)
    diagnostics.error(proxy.where, called(section) + ": 'mode log' is for backend sections");
  if (!of_logs && balance.algorithm != Algorithm::roundrobin && balance.algorithm != Algorithm::random)
    diagnostics.error(
        where, called(section) + ": mode log knows 'balance roundrobin', 'random', 'sticky' and 'log-hash'");
  if (!section.rules.sets.empty())
    diagnostics.error(proxy.where, called(section) + ": rules have no meaning in mode log");
  for (const backends::ServerDraft& server : proxy.servers) {
    if (server.def.address.family() == AF_UNSPEC)
      diagnostics.error(server.where, "server '" + server.def.name + "': mode log needs an address at start");
  }
}

}  // namespace evenkeel::app
