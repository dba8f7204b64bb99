#include "lvs/section_checks.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>

namespace evenkeel::lvs {
namespace {

using balance::Algorithm;

std::string_view mode_word(Forward forward) {
  return forward == Forward::masq ? "nat" : forward == Forward::direct ? "dr" : "tun";
}

int prefix_of(const Endpoint& mask) {
  int bits = 0;
  for (std::size_t i = 0; i < mask.ip_size(); ++i) bits += std::popcount(mask.ip[i]);
  return bits;
}

bool same_network(const Endpoint& a, const Endpoint& b, int prefix) {
  if (a.family != b.family) return false;
  for (int bit = 0; bit < prefix; bit += 8) {
    const auto index = static_cast<std::size_t>(bit / 8);
    const int left = std::min(8, prefix - bit);
    const auto mask = static_cast<std::uint8_t>(0xff00U >> static_cast<unsigned>(left));
    if (((a.ip[index] ^ b.ip[index]) & mask) != 0) return false;
  }
  return true;
}

// What `balance` says in the kernel's words; empty: it has none.
std::string_view scheduler_for(const balance::BalanceDef& def) {
  switch (def.algorithm) {
    case Algorithm::roundrobin:
    case Algorithm::static_rr:
      return "wrr";
    case Algorithm::leastconn:
      return "wlc";
    case Algorithm::source:
      return def.hash_method == balance::HashMethod::consistent ? "mh" : "sh";
    default:
      return {};
  }
}

}  // namespace

std::vector<Network> connected_networks() {
  std::vector<Network> networks;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return networks;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_netmask == nullptr) continue;
    const int family = entry->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    const socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    // A netmask's family is not always filled in.
    sockaddr_storage mask{};
    std::memcpy(&mask, entry->ifa_netmask, size);
    mask.ss_family = static_cast<sa_family_t>(family);
    networks.push_back({endpoint_of(Address(entry->ifa_addr, size)),
                        prefix_of(endpoint_of(Address(reinterpret_cast<sockaddr*>(&mask), size)))});
  }
  freeifaddrs(list);
  return networks;
}

bool is_connected(const std::vector<Network>& networks, const Endpoint& endpoint) noexcept {
  return std::any_of(networks.begin(), networks.end(), [&](const Network& network) {
    return same_network(network.address, endpoint, network.prefix);
  });
}

void SectionChecks::check(Draft& draft, backends::ProxyDraft& proxy,
                          const std::vector<VirtualAddress>& addresses, std::uint8_t protocol) {
  draft.def.name = proxy.common.name;
  draft.def.all_backups = proxy.backend.all_backups;
  if (proxy.common.mode == backends::Mode::http)
    diagnostics_
        .error(draft.where, "'lvs' in '" + proxy.common.name +
                                "' needs 'mode tcp': the kernel does not look into connections")
        .modern("mode tcp");
  schedule(draft, proxy);
  mask(draft);
  find_keys(draft, proxy, addresses, protocol);
  if (proxy.servers.empty())
    diagnostics_.warn(draft.where, "'lvs' in '" + proxy.common.name + "' has no server to forward to");
  std::set<std::pair<Endpoint, bool>> seen;
  for (const backends::ServerDraft& server : proxy.servers) {
    draft.def.slow_starts = draft.def.slow_starts || server.def.slowstart > 0;
    if (!seen.insert({endpoint_of(server.def.address), server.no_address}).second && !server.no_address)
      diagnostics_.error(server.where, "server '" + server.def.name +
                                           "' has the same address as another one; "
                                           "the kernel knows servers by their addresses");
    check_server(draft, proxy, server);
  }
}

void SectionChecks::schedule(Draft& draft, const backends::ProxyDraft& proxy) {
  const std::uint32_t flags = draft.def.service.flags;
  Service& service = draft.def.service;
  const auto balance = proxy.places.find("balance");
  if (!draft.scheduler_given && balance != proxy.places.end()) {
    const std::string_view name = scheduler_for(proxy.backend.balance);
    if (name.empty()) {
      diagnostics_.error(balance->second,
                         "no scheduler of the kernel does what this 'balance' says; name one "
                         "in the 'lvs' line: 'scheduler wlc'");
    } else {
      service.scheduler = name;
    }
  }
  constexpr std::uint32_t kHashFlags = kSchedulerFlag1 | kSchedulerFlag2 | kSchedulerFlag3;
  if ((flags & kHashFlags) != 0 && service.scheduler != "sh" && service.scheduler != "mh")
    diagnostics_.warn(draft.where, "scheduler '" + service.scheduler + "' has no use for scheduler flags");
}

void SectionChecks::mask(Draft& draft) {
  if (draft.mask.empty()) return;
  draft.def.mask_given = true;
  std::string_view text = draft.mask;
  if (text.front() == '/') {
    const auto bits = conf::parse_integer(text.substr(1), 1, 128);
    if (!bits) {
      diagnostics_.error(draft.mask_at, "'" + draft.mask + "' is no length of a prefix");
      return;
    }
    draft.def.service.netmask = static_cast<std::uint32_t>(bits.value);
    return;
  }
  const auto mask = parse_endpoint(text);
  if (!mask || mask->family != AF_INET) {
    diagnostics_.error(draft.mask_at, "'" + draft.mask + "' is no netmask");
    return;
  }
  const int prefix = prefix_of(*mask);
  Endpoint ones = *mask;
  ones.ip.fill(0xff);
  if (!same_network(*mask, ones, prefix)) {
    diagnostics_.error(draft.mask_at, "the ones of netmask '" + draft.mask + "' are not in front");
    return;
  }
  draft.def.service.netmask = static_cast<std::uint32_t>(prefix);
}

void SectionChecks::take_key(Draft& draft, const ServiceKey& key, const conf::Location& where) {
  const auto [entry, fresh] = taken_.try_emplace(key, where);
  if (!fresh) {
    diagnostics_.error(where, "the kernel can have only one service for " + to_string(key) +
                                  ", and there is one at " + entry->second.to_string());
    return;
  }
  if (draft.def.mask_given && draft.def.service.netmask > (key.family == AF_INET6 ? 128U : 32U))
    diagnostics_.error(draft.mask_at, "prefix '" + draft.mask + "' is too long for " + to_string(key));
  draft.def.keys.push_back(key);
}

void SectionChecks::find_keys(Draft& draft, const backends::ProxyDraft& proxy,
                              const std::vector<VirtualAddress>& addresses, std::uint8_t protocol) {
  const bool persistent = (draft.def.service.flags & kPersistent) != 0;
  if (draft.fwmark != 0) {
    const bool six = std::any_of(proxy.servers.begin(), proxy.servers.end(),
                                 [](const auto& s) { return s.def.address.family() == AF_INET6; });
    return take_key(draft, mark_key(draft.fwmark, six ? AF_INET6 : AF_INET), draft.where);
  }
  if (draft.all_ports && !persistent)
    diagnostics_.error(draft.where,
                       "'all-ports' needs 'persistence <time>', so that the connections of one "
                       "client meet at one server");
  if (addresses.empty())
    diagnostics_.error(draft.where, "'lvs' in '" + proxy.common.name +
                                        "' has neither a 'bind' with the virtual address nor a 'fwmark'");
  std::set<ServiceKey> own;
  for (const VirtualAddress& virtual_address : addresses) {
    Endpoint endpoint = endpoint_of(virtual_address.address);
    if (endpoint.family == AF_UNSPEC || virtual_address.address.is_unspecified_ip()) {
      diagnostics_.error(virtual_address.where, "'bind " + virtual_address.text +
                                                    "' names no single IP address, which a service of the "
                                                    "kernel needs");
      continue;
    }
    if (virtual_address.accept_proxy)
      diagnostics_.error(virtual_address.where,
                         "'accept-proxy' reads what clients send, which the kernel cannot");
    if (draft.all_ports) endpoint.port = 0;
    const ServiceKey key = service_key(protocol, endpoint);
    if (draft.all_ports && !own.insert(key).second) continue;
    take_key(draft, key, virtual_address.where);
  }
}

void SectionChecks::check_thresholds(const backends::ServerDraft& server) {
  if (server.def.minconn != 0 && server.def.maxconn != 0 && server.def.minconn >= server.def.maxconn)
    diagnostics_.error(server.where, "server '" + server.def.name +
                                         "': in the kernel a full server (maxconn) takes connections again "
                                         "below minconn, which has to be smaller");
  if (server.def.minconn != 0 && server.def.maxconn == 0)
    diagnostics_.error(server.where,
                       "server '" + server.def.name + "': 'minconn' needs 'maxconn' in the kernel");
}

void SectionChecks::check_server(const Draft& draft, const backends::ProxyDraft& proxy,
                                 const backends::ServerDraft& server) {
  check_thresholds(server);
  const std::string who = "server '" + proxy.common.name + "/" + server.def.name + "'";
  const std::string mode(mode_word(draft.def.forward));
  if (server.def.send_proxy.version != backends::SendProxyDef::Version::none)
    diagnostics_.error(server.where, who + ": 'send-proxy' adds to the connection, which the kernel cannot");
  const Endpoint endpoint = endpoint_of(server.def.address);
  if (server.def.address.family() != AF_UNSPEC && endpoint.family == AF_UNSPEC) {
    diagnostics_.error(server.where, who + ": the kernel forwards to IP addresses only");
    return;
  }
  if (endpoint.family == AF_UNSPEC) return;
  for (const ServiceKey& key : draft.def.keys) {
    if (key.family != endpoint.family && draft.def.forward != Forward::tunnel) {
      diagnostics_.error(server.where, who + " and " + to_string(key) +
                                           " are of different families, which only 'lvs tun' can join");
      return;
    }
    const bool maps = server.port_given && key.fwmark == 0 && endpoint.port != key.port;
    if (maps && draft.def.forward != Forward::masq) {
      diagnostics_
          .error(server.where, who + ": in 'lvs " + mode +
                                   "' a packet reaches the server as the client has "
                                   "sent it, to port " +
                                   std::to_string(key.port) +
                                   "; only 'lvs nat' can "
                                   "change the port")
          .modern("server " + server.def.name + " " + ip_string(endpoint));
      return;
    }
  }
  if (draft.def.forward == Forward::direct && !is_connected(networks_, endpoint))
    diagnostics_.warn(server.where, who +
                                        " is on no network that this machine is connected to, and 'lvs dr' "
                                        "cannot pass a router; is it meant for 'lvs tun'?");
}

}  // namespace evenkeel::lvs
