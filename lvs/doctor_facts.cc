#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "lvs/arp_probe.h"
#include "lvs/doctor.h"
#include "lvs/gateway_probe.h"
#include "lvs/netlink.h"
#include "lvs/rtnetlink.h"
#include "lvs/state_file.h"

namespace evenkeel::lvs {
namespace {

constexpr auto kArpWait = std::chrono::milliseconds(450);
constexpr auto kEchoWait = std::chrono::milliseconds(400);

void read_settings(Host& host, DoctorFacts& facts) {
  const auto read = [&](const std::string& name) {
    if (auto value = host.setting(name)) facts.settings[name] = std::move(*value);
  };
  for (const char* name :
       {"net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding", "net.netfilter.nf_conntrack_max",
        "net.ipv4.vs.conntrack", "net.ipv4.vs.expire_nodest_conn", "net.ipv4.vs.expire_quiescent_template",
        "net.ipv4.vs.conn_reuse_mode"})
    read(name);
  const auto card = [&](const std::string& who) {
    for (const char* what : {"rp_filter", "arp_ignore", "send_redirects", "accept_local"})
      read("net.ipv4.conf." + who + "." + what);
  };
  card("all");
  for (const Link& link : facts.host.links) {
    // In a sysctl's name the dots of an interface are slashes.
    std::string name = link.name;
    std::replace(name.begin(), name.end(), '.', '/');
    card(name);
  }
}

// Where the addresses are at home: the director's card that has the address, or the one that leads to it.
void add_question(const DoctorFacts& facts, const Endpoint& address, std::vector<ArpQuestion>& questions) {
  if (address.family != AF_INET) return;
  const LinkAddress* const holder = facts.host.holder(address);
  const Link* link = holder == nullptr ? nullptr : facts.host.link(holder->link);
  if (link == nullptr || link->loopback) {
    const Route* const route = facts.host.route_to(address);
    link = route == nullptr || route->gateway.family != AF_UNSPEC ? nullptr : facts.host.link(route->link);
  }
  if (link == nullptr || !link->up || link->mac.empty()) return;
  const bool known = std::any_of(questions.begin(), questions.end(), [&](const ArpQuestion& question) {
    return question.address.ip == address.ip && question.link.index == link->index;
  });
  if (!known) questions.push_back({address, *link});
}

void ask_network(DoctorFacts& facts) {
  std::vector<ArpQuestion> questions;
  for (const DoctorService& service : facts.services) {
    if (service.key.fwmark != 0) continue;
    Endpoint vip = endpoint_of(service.key);
    vip.port = 0;
    add_question(facts, vip, questions);
    for (const DoctorServer& server : service.servers) {
      Endpoint address = server.endpoint;
      address.port = 0;
      add_question(facts, address, questions);
    }
  }
  facts.arp = ask_arp(questions, kArpWait, facts.arp_error);
}

// Servers of `nat` on this machine's own networks; who is behind a router, that router decides.
void ask_servers(DoctorFacts& facts) {
  std::vector<GatewayQuestion> questions;
  for (const DoctorService& service : facts.services) {
    for (const DoctorServer& server : service.servers) {
      if (server.forward != Forward::masq || server.endpoint.family != AF_INET) continue;
      const Route* const route = facts.host.route_to(server.endpoint);
      const Link* const link = route == nullptr ? nullptr : facts.host.link(route->link);
      const auto card = std::find_if(facts.arp.begin(), facts.arp.end(), [&](const ArpAnswer& answer) {
        return answer.address.ip == server.endpoint.ip && link != nullptr && answer.link == link->index;
      });
      const auto own = std::find_if(facts.host.addresses.begin(), facts.host.addresses.end(),
                                    [&](const LinkAddress& entry) {
                                      return link != nullptr && entry.link == link->index &&
                                             entry.address.family == AF_INET && entry.prefix < 32;
                                    });
      if (card == facts.arp.end() || own == facts.host.addresses.end()) continue;
      questions.push_back({server.endpoint, card->mac, *link, own->address, nobodys_address(facts.host)});
    }
  }
  facts.gateways = ask_gateways(questions, kEchoWait, facts.arp_error);
}

}  // namespace

DoctorFacts gather_facts(const std::vector<WantedSection>& wanted, const std::string& state_file) {
  DoctorFacts facts;
  std::string why;
  if (const auto host = open_host(why); host != nullptr && host->read(facts.host) == 0)
    read_settings(*host, facts);
  Table table;
  if (const auto kernel = open_kernel(facts.kernel_error)) {
    if (const KernelError error = kernel->read(table)) facts.kernel_error = describe(error);
  }
  facts.services = merge_services(wanted, table);
  const std::string path = state_file.empty() ? StateFile::default_path() : state_file;
  if (access(path.c_str(), R_OK) == 0) {
    StateFile file;
    if (file.open(path, why)) {
      const State state = file.read();
      facts.owned = state.services;
      facts.owner_alive = state.owner != 0 && (kill(state.owner, 0) == 0 || errno == EPERM);
    }
  }
  ask_network(facts);
  ask_servers(facts);
  return facts;
}

}  // namespace evenkeel::lvs
