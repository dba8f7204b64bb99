#include "lvs/table.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>

namespace evenkeel::lvs {
namespace {

constexpr std::array<std::string_view, 13> kSchedulers = {"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh",
                                                          "sh", "sed", "nq", "fo",  "ovf",  "mh"};

struct FlagName {
  std::string_view scheduler;  // empty: any other
  std::string_view name;
  std::uint32_t flag;
};
constexpr std::array kFlagNames = {
    FlagName{"sh", "sh-fallback", kSchedulerFlag1}, FlagName{"sh", "sh-port", kSchedulerFlag2},
    FlagName{"mh", "mh-fallback", kSchedulerFlag1}, FlagName{"mh", "mh-port", kSchedulerFlag2},
    FlagName{"", "flag-1", kSchedulerFlag1},        FlagName{"", "flag-2", kSchedulerFlag2},
    FlagName{"", "flag-3", kSchedulerFlag3},
};

}  // namespace

std::string_view to_string(Forward forward) noexcept {
  constexpr std::array<std::string_view, 5> kNames = {"Masq", "Local", "Tunnel", "Route", "Bypass"};
  return kNames[static_cast<std::size_t>(forward)];
}

std::string_view to_string(Tunnel tunnel) noexcept {
  constexpr std::array<std::string_view, 3> kNames = {"ipip", "gue", "gre"};
  return kNames[static_cast<std::size_t>(tunnel)];
}

ServiceKey service_key(std::uint8_t protocol, const Endpoint& address) noexcept {
  return {0, address.family, protocol, address.ip, address.port};
}

ServiceKey mark_key(std::uint32_t fwmark, std::uint8_t family) noexcept { return {fwmark, family}; }

Endpoint endpoint_of(const ServiceKey& key) noexcept { return {key.family, key.ip, key.port}; }

std::string_view protocol_name(std::uint8_t protocol) noexcept {
  switch (protocol) {
    case IPPROTO_TCP:
      return "TCP";
    case IPPROTO_UDP:
      return "UDP";
    case IPPROTO_SCTP:
      return "SCTP";
    default:
      return "IP";
  }
}

std::string to_string(const ServiceKey& key) {
  if (key.fwmark != 0) return "FWM " + std::to_string(key.fwmark) + (key.family == AF_INET6 ? " IPv6" : "");
  return std::string(protocol_name(key.protocol)) + " " + to_string(endpoint_of(key));
}

std::uint32_t full_mask(std::uint8_t family) noexcept { return family == AF_INET6 ? 128 : 0xffffffff; }

Service normal(Service service, std::uint8_t family) {
  service.flags &= kSettableFlags;
  if ((service.flags & kPersistent) == 0) {
    service.timeout = 0;
    service.netmask = full_mask(family);
    service.engine.clear();
  }
  return service;
}

std::string to_string(const Operation& operation) {
  using Kind = Operation::Kind;
  const std::string service = to_string(operation.key);
  const auto destination = [&] { return to_string(operation.endpoint) + " of " + service; };
  const auto weight = [&] { return " weight " + std::to_string(operation.destination.weight); };
  switch (operation.kind) {
    case Kind::add_service:
      return "add service " + service + " " + operation.service.scheduler;
    case Kind::edit_service:
      return "change service " + service + " to " + operation.service.scheduler;
    case Kind::delete_service:
      return "delete service " + service;
    case Kind::add_destination:
      return "add server " + destination() + weight();
    case Kind::edit_destination:
      return "change server " + destination() + " to" + weight();
    case Kind::delete_destination:
      return "delete server " + destination();
    case Kind::clear:
      return "clear the table";
  }
  return {};
}

std::span<const std::string_view> schedulers() noexcept { return kSchedulers; }

bool is_scheduler(std::string_view name) noexcept {
  return std::find(kSchedulers.begin(), kSchedulers.end(), name) != kSchedulers.end();
}

std::string scheduler_flags(const Service& service) {
  const bool named = service.scheduler == "sh" || service.scheduler == "mh";
  std::string text;
  std::uint32_t told = 0;
  for (const FlagName& entry : kFlagNames) {
    if ((service.flags & entry.flag & ~told) == 0) continue;
    if (entry.scheduler.empty() ? (named && entry.flag != kSchedulerFlag3)
                                : entry.scheduler != service.scheduler)
      continue;
    told |= entry.flag;
    text += (text.empty() ? "" : ",") + std::string(entry.name);
  }
  return text;
}

std::uint32_t scheduler_flag(std::string_view name) noexcept {
  for (const FlagName& entry : kFlagNames)
    if (entry.name == name) return entry.flag;
  return 0;
}

}  // namespace evenkeel::lvs
