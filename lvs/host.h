// The network of this machine (of its namespace) as an interface: what `evenkeel lvs real-server` sets and
// `evenkeel lvs doctor` looks at. Tests put a simulated one in its place.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lvs/endpoint.h"

namespace evenkeel::lvs {

struct Link {
  int index = 0;
  std::string name;
  bool up = false;
  bool loopback = false;
  unsigned mtu = 0;
  std::string mac;   // six bytes, or empty
  std::string kind;  // "ipip", "veth"; empty: hardware
};
struct LinkAddress {
  int link = 0;
  Endpoint address;  // its port is 0
  int prefix = 0;
};
// One of the main table.
struct Route {
  Endpoint destination;  // family AF_UNSPEC never; all zeroes with prefix 0: the default route
  int prefix = 0;
  Endpoint gateway;  // family AF_UNSPEC: the network is connected
  int link = 0;
  std::uint32_t metric = 0;
};

// What is known at one moment.
struct HostState {
  std::vector<Link> links;
  std::vector<LinkAddress> addresses;
  std::vector<Route> routes;

  [[nodiscard]] const Link* link(std::string_view name) const noexcept;
  [[nodiscard]] const Link* link(int index) const noexcept;
  // The link that has the address; null: none.
  [[nodiscard]] const LinkAddress* holder(const Endpoint& address) const noexcept;
  [[nodiscard]] const Route* default_route(std::uint8_t family) const noexcept;  // of the least metric
  // The most exact route to the address.
  [[nodiscard]] const Route* route_to(const Endpoint& address) const noexcept;
};

// Errors are errno values, 0: done. Names of settings are those of sysctl(8), "net.ipv4.ip_forward".
class Host {
 public:
  virtual ~Host() = default;
  virtual int read(HostState& state) = 0;
  virtual int read_addresses(HostState& state) = 0;  // links and addresses only
  // By which link the kernel would send to that address, and what it would name as the sender.
  virtual int look_up(const Endpoint& to, int& link, Endpoint& source) = 0;
  virtual std::optional<std::string> setting(const std::string& name) = 0;
  virtual int set(const std::string& name, const std::string& value) = 0;
  virtual int add_address(int link, const Endpoint& address, int prefix) = 0;
  virtual int remove_address(int link, const Endpoint& address, int prefix) = 0;
  virtual int set_up(int link, bool up) = 0;
  // A tunnel's device of the kind "ipip" or "ip6tnl", which the kernel's module may bring with it.
  virtual int add_tunnel(const std::string& name, const std::string& kind) = 0;
  virtual int add_default_route(const Route& route) = 0;
  virtual int remove_default_route(const Route& route) = 0;
};

}  // namespace evenkeel::lvs
