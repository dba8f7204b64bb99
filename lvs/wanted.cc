#include "lvs/wanted.h"

#include <algorithm>

#include "health/vip_path.h"

namespace evenkeel::lvs {
namespace {

constexpr std::uint32_t kSixteenths = 16;

bool can_take(const ServerState& server) noexcept {
  return server.running && !server.stopping && !server.leaving && server.weight > 0 &&
         server.endpoint.family != AF_UNSPEC;
}

// Whether it has to be in the table at all.
bool stays(const ServerState& server, bool remove_when_down, const DestinationEntry* present) noexcept {
  if (server.endpoint.family == AF_UNSPEC) return false;
  if (server.leaving) return present != nullptr && (present->definition.weight != 0 || present->active != 0);
  return server.running || !remove_when_down;
}

std::uint32_t mask_of(const SectionDef& section, std::uint8_t family) noexcept {
  if (!section.mask_given) return full_mask(family);
  const std::uint32_t prefix = section.service.netmask;
  if (family == AF_INET6) return prefix;
  return prefix == 0 ? 0 : ~0U << (32U - std::min(prefix, 32U));
}

}  // namespace

std::uint32_t kernel_weight(std::uint32_t sixteenths, bool slow_starts) noexcept {
  if (slow_starts || sixteenths == 0) return sixteenths;
  return std::max(1U, sixteenths / kSixteenths);
}

Endpoint destination_of(const ServerState& server, const SectionDef& section,
                        const ServiceKey& key) noexcept {
  Endpoint endpoint = server.endpoint;
  if (section.forward != Forward::masq) {
    endpoint.port = key.port;
  } else if (!server.port_given) {
    endpoint.port = key.port == 0 ? 0 : static_cast<std::uint16_t>(key.port + server.port_offset);
  }
  return endpoint;
}

ServiceKey check_key(const CheckedServer& server) noexcept {
  return mark_key(server.path->mark(), static_cast<std::uint8_t>(server.path->to().family()));
}

ServiceEntry check_service(const SectionDef& section, const ServerState& server) {
  ServiceEntry entry;
  entry.definition.scheduler = "rr";  // one server: any will do, and this one keeps no tables
  if (server.endpoint.family == AF_UNSPEC) return entry;
  Endpoint endpoint = server.endpoint;
  endpoint.port = 0;  // a mark has none; in `dr` and `tun` the packet keeps its own
  Destination& destination = entry.destinations[endpoint].definition;
  destination.forward = section.forward;
  if (section.forward != Forward::tunnel) return entry;
  destination.tunnel = section.tunnel;
  destination.tunnel_port = section.tunnel_port;
  return entry;
}

ServiceEntry wanted_service(const SectionDef& section, const ServiceKey& key,
                            const std::vector<ServerState>& servers, const ServiceEntry* actual) {
  ServiceEntry entry;
  entry.definition = section.service;
  entry.definition.netmask = mask_of(section, key.family);
  const bool backups_serve = std::none_of(servers.begin(), servers.end(),
                                          [](const ServerState& s) { return !s.backup && can_take(s); });
  bool backup_taken = false;
  for (const ServerState& server : servers) {
    const Endpoint endpoint = destination_of(server, section, key);
    const DestinationEntry* present = nullptr;
    if (actual != nullptr) {
      const auto found = actual->destinations.find(endpoint);
      if (found != actual->destinations.end()) present = &found->second;
    }
    bool serves = can_take(server);
    if (server.backup && serves) {
      serves = backups_serve && (section.all_backups || !backup_taken);
      backup_taken = true;
    }
    if (!stays(server, section.remove_when_down, present)) continue;
    Destination& destination = entry.destinations[endpoint].definition;
    destination.forward = section.forward;
    destination.weight = serves ? kernel_weight(server.weight, section.slow_starts) : 0;
    destination.upper = server.upper;
    destination.lower = server.lower;
    if (section.forward != Forward::tunnel) continue;
    destination.tunnel = section.tunnel;
    destination.tunnel_port = section.tunnel_port;
  }
  return entry;
}

}  // namespace evenkeel::lvs
