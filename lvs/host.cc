#include "lvs/host.h"

#include <algorithm>

namespace evenkeel::lvs {
namespace {

bool within(const Endpoint& address, const Endpoint& network, int prefix) noexcept {
  if (address.family != network.family) return false;
  for (int bit = 0; bit < prefix; bit += 8) {
    const auto byte = static_cast<std::size_t>(bit / 8);
    const int bits = std::min(8, prefix - bit);
    const auto mask = static_cast<std::uint8_t>(0xff00 >> bits);
    if (((address.ip.at(byte) ^ network.ip.at(byte)) & mask) != 0) return false;
  }
  return true;
}

}  // namespace

const Link* HostState::link(std::string_view name) const noexcept {
  const auto found = std::find_if(links.begin(), links.end(), [&](const Link& l) { return l.name == name; });
  return found == links.end() ? nullptr : &*found;
}

const Link* HostState::link(int index) const noexcept {
  const auto found =
      std::find_if(links.begin(), links.end(), [&](const Link& l) { return l.index == index; });
  return found == links.end() ? nullptr : &*found;
}

const LinkAddress* HostState::holder(const Endpoint& address) const noexcept {
  const auto found = std::find_if(addresses.begin(), addresses.end(), [&](const LinkAddress& entry) {
    return entry.address.family == address.family && entry.address.ip == address.ip;
  });
  return found == addresses.end() ? nullptr : &*found;
}

const Route* HostState::default_route(std::uint8_t family) const noexcept {
  const Route* best = nullptr;
  for (const Route& route : routes) {
    if (route.prefix != 0 || route.destination.family != family) continue;
    if (best == nullptr || route.metric < best->metric) best = &route;
  }
  return best;
}

const Route* HostState::route_to(const Endpoint& address) const noexcept {
  const Route* best = nullptr;
  for (const Route& route : routes) {
    if (!within(address, route.destination, route.prefix)) continue;
    if (best == nullptr || route.prefix > best->prefix ||
        (route.prefix == best->prefix && route.metric < best->metric))
      best = &route;
  }
  return best;
}

}  // namespace evenkeel::lvs
