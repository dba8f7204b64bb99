// A machine's network that lives in a few lists.
#pragma once

#include <cerrno>
#include <map>

#include "lvs/host.h"

namespace evenkeel::lvs {

class SimulatedHost : public Host {
 public:
  int read(HostState& out) override {
    out = state;
    return broken;
  }
  int read_addresses(HostState& out) override {
    ++looks;
    return read(out);
  }
  int look_up(const Endpoint& to, int& link, Endpoint& source) override {
    const Route* const route = state.route_to(to);
    if (route == nullptr) return ENETUNREACH;
    link = route->link;
    for (const LinkAddress& entry : state.addresses)
      if (entry.link == link && entry.address.family == to.family) return source = entry.address, 0;
    return 0;
  }
  std::optional<std::string> setting(const std::string& name) override {
    const auto found = settings.find(name);
    return found == settings.end() ? std::nullopt : std::optional(found->second);
  }
  int set(const std::string& name, const std::string& value) override {
    if (broken != 0) return broken;
    settings[name] = value;
    done.push_back(name + "=" + value);
    return 0;
  }
  int add_address(int link, const Endpoint& address, int prefix) override {
    if (broken != 0) return broken;
    state.addresses.push_back({link, address, prefix});
    done.push_back("address " + ip_string(address));
    return 0;
  }
  int remove_address(int link, const Endpoint& address, int) override {
    std::erase_if(state.addresses,
                  [&](const LinkAddress& entry) { return entry.link == link && entry.address == address; });
    return broken;
  }
  int set_up(int link, bool up) override {
    for (Link& one : state.links)
      if (one.index == link) one.up = up;
    return broken;
  }
  int add_tunnel(const std::string& name, const std::string& kind) override {
    state.links.push_back({static_cast<int>(state.links.size()) + 1, name, false, false, 1480, "", kind});
    settings["net.ipv4.conf." + name + ".rp_filter"] = "2";
    return broken;
  }
  int add_default_route(const Route& route) override {
    if (broken == 0) state.routes.push_back(route);
    return broken;
  }
  int remove_default_route(const Route& route) override {
    return std::erase_if(
               state.routes,
               [&](const Route& other) { return other.prefix == 0 && other.gateway == route.gateway; }) > 0
               ? 0
               : ESRCH;
  }

  HostState state;
  std::map<std::string, std::string> settings;
  std::vector<std::string> done;
  int broken = 0;
  int looks = 0;
};

}  // namespace evenkeel::lvs
