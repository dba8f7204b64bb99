#include "lvs/doctor.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ostream>

namespace evenkeel::lvs {
namespace {

using Kind = Finding::Kind;

// More than one, because the answer to the first may be on its way.
constexpr std::uint64_t kSilentPackets = 2;

std::string mac_text(const std::string& mac) {
  std::string text;
  for (const char c : mac) {
    std::array<char, 4> two{};
    std::snprintf(two.data(), two.size(), "%02x", static_cast<unsigned char>(c));
    text += (text.empty() ? "" : ":") + std::string(two.data());
  }
  return text;
}

// In the name of a setting the dots of an interface (eth0.7) are slashes.
std::string conf(const Endpoint& address, std::string who, const char* what) {
  std::replace(who.begin(), who.end(), '.', '/');
  return std::string(address.family == AF_INET6 ? "net.ipv6.conf." : "net.ipv4.conf.") + who + "." + what;
}

Endpoint ip_of(const ServiceKey& key) {
  Endpoint address = endpoint_of(key);
  address.port = 0;
  return address;
}

std::string title(const DoctorService& service) {
  return service.section.empty() ? to_string(service.key)
                                 : "'" + service.section + "' (" + to_string(service.key) + ")";
}

std::string title(const DoctorServer& server) {
  return server.name.empty() ? ip_string(server.endpoint)
                             : server.name + " (" + ip_string(server.endpoint) + ")";
}

unsigned overhead(const DoctorServer& server) {
  const unsigned outer = server.endpoint.family == AF_INET6 ? 40 : 20;
  return outer + (server.tunnel == Tunnel::gre ? 4 : server.tunnel == Tunnel::gue ? 12 : 0);
}

class Doctor {
 public:
  explicit Doctor(const DoctorFacts& facts) : facts_(facts) {}

  std::vector<Finding> run() {
    if (!facts_.kernel_error.empty()) no_kernel();
    for (const DoctorService& service : facts_.services) look_at(service);
    if (facts_.kernel_error.empty()) {
      settings();
      ownership();
    }
    if (!facts_.arp_error.empty())
      hint("the network could not be asked who answers for the virtual addresses: " + facts_.arp_error,
           "run it as root (CAP_NET_RAW)");
    std::stable_sort(findings_.begin(), findings_.end(), [](const Finding& a, const Finding& b) {
      return a.kind == Kind::problem && b.kind == Kind::hint;
    });
    return std::move(findings_);
  }

 private:
  void add(Kind kind, const std::string& text, const std::string& mend) {
    const bool said = std::any_of(findings_.begin(), findings_.end(),
                                  [&](const Finding& other) { return other.text == text; });
    if (!said) findings_.push_back({kind, text, mend});
  }
  void problem(const std::string& text, const std::string& mend) { add(Kind::problem, text, mend); }
  void hint(const std::string& text, const std::string& mend) { add(Kind::hint, text, mend); }

  [[nodiscard]] std::string setting(const std::string& name) const {
    const auto found = facts_.settings.find(name);
    return found == facts_.settings.end() ? "" : found->second;
  }
  [[nodiscard]] std::string link_name(int index) const {
    const Link* const link = facts_.host.link(index);
    return link == nullptr ? "?" : link->name;
  }
  // The address of this machine on that link: what real servers have as gateway.
  [[nodiscard]] std::string own_address(int link, std::uint8_t family, const Endpoint& but) const {
    std::string any;
    for (const LinkAddress& entry : facts_.host.addresses) {
      if (entry.link != link || entry.address.family != family) continue;
      if (entry.address.ip != but.ip) return ip_string(entry.address);
      any = ip_string(entry.address);
    }
    return any.empty() ? "<this machine>" : any;
  }

  void no_kernel() {
    const bool right = facts_.kernel_error.find("ermi") != std::string::npos ||
                       facts_.kernel_error.find("CAP_") != std::string::npos;
    problem("the kernel's load balancer cannot be used: " + facts_.kernel_error,
            right ? "run it as root" : "modprobe ip_vs");
  }

  // ---- one service

  void look_at(const DoctorService& service) {
    if (service.key.fwmark == 0) virtual_address(service);
    if (facts_.kernel_error.empty()) in_the_kernel(service);
    for (const DoctorServer& server : service.servers) {
      way_to(service, server);
      if (service.checks_via_vip) check_through(service, server);
      switch (server.forward) {
        case Forward::masq:
          nat(service, server);
          break;
        case Forward::tunnel:
          tunnel(service, server);
          break;
        default:
          break;
      }
    }
    if (service.key.fwmark == 0) answers(service);
  }

  void virtual_address(const DoctorService& service) {
    const Endpoint vip = ip_of(service.key);
    const LinkAddress* const holder = facts_.host.holder(vip);
    if (holder == nullptr) {
      const Route* const route = facts_.host.route_to(vip);
      const std::string bits = vip.family == AF_INET6 ? "/128" : "/32";
      return problem("the virtual address " + ip_string(vip) + " of " + title(service) +
                         " is not on this machine, so nobody reaches it here (on the backup of a keepalived "
                         "pair that is as it should be)",
                     "ip addr add " + ip_string(vip) + bits + " dev " +
                         (route == nullptr || route->prefix == 0 ? "<interface>" : link_name(route->link)));
    }
    const Link* const link = facts_.host.link(holder->link);
    if (link != nullptr && !link->up)
      problem("the virtual address " + ip_string(vip) + " is on " + link->name + ", which is down",
              "ip link set " + link->name + " up");
    const auto ignore = [&](const std::string& who) {
      const std::string value = setting(conf(vip, who, "arp_ignore"));
      return !value.empty() && value != "0";
    };
    if (link != nullptr && link->loopback && vip.family == AF_INET && ignore("all"))
      problem("the virtual address " + ip_string(vip) + " is on " + link->name +
                  " and arp_ignore is set: this machine does not answer for it, as if it were a real server",
              "ip addr add " + ip_string(vip) + "/32 dev <interface of the network>");
  }

  void in_the_kernel(const DoctorService& service) {
    if (!service.in_kernel)
      return problem("the kernel does not have the service " + title(service) + ": nothing is forwarded",
                     "start Evenkeel with this configuration, and look at its log");
    if (service.servers.empty())
      return problem("the service " + title(service) + " has no server: clients get no answer",
                     "add servers to it");
    const bool live = std::any_of(
        service.servers.begin(), service.servers.end(),
        [](const DoctorServer& server) { return server.in_kernel && server.entry.definition.weight > 0; });
    if (!live)
      problem("no server of " + title(service) +
                  " may get connections (all have weight 0 or are gone): clients are "
                  "refused",
              "look why the checks fail: echo 'show servers state' | socat - <stats socket>");
  }

  void way_to(const DoctorService& service, const DoctorServer& server) {
    if (server.forward == Forward::local || facts_.host.holder(bare(server.endpoint)) != nullptr) return;
    const Route* const route = facts_.host.route_to(server.endpoint);
    if (route == nullptr)
      return problem("there is no way to the server " + title(server) + " of " + title(service),
                     "ip route add " + ip_string(server.endpoint) + " via <router>");
    const bool routed = route->gateway.family != AF_UNSPEC;
    if (routed && server.forward == Forward::direct)
      problem("the server " + title(server) + " of " + title(service) + " is behind the router " +
                  ip_string(route->gateway) +
                  ", but direct routing only reaches servers of this machine's own networks",
              "use 'lvs tun' for it, or plug it into a network of the director");
    if (routed && server.forward == Forward::masq)
      hint("the server " + title(server) + " of " + title(service) + " is behind the router " +
               ip_string(route->gateway) +
               ": that router has to send the answers to the clients back through this machine",
           "make this machine the default gateway of " + ip_string(route->gateway));
  }

  static Endpoint bare(Endpoint endpoint) {
    endpoint.port = 0;
    return endpoint;
  }

  void nat(const DoctorService& service, const DoctorServer& server) {
    const std::string forward =
        service.key.family == AF_INET6 ? "net.ipv6.conf.all.forwarding" : "net.ipv4.ip_forward";
    if (setting(forward) == "0")
      problem(
          "this machine does not forward packets (" + forward + " is 0), so answers of NAT servers end here",
          "sysctl -w " + forward + "=1");
    const Route* const route = facts_.host.route_to(server.endpoint);
    if (route == nullptr) return;
    const Endpoint vip = ip_of(service.key);
    const std::string mend = "on the server: evenkeel lvs real-server --mode nat --vip " +
                             (service.key.fwmark == 0 ? ip_string(vip) : "<address>") + " --gateway " +
                             own_address(route->link, server.endpoint.family, vip) + " --apply";
    const GatewayAnswer* const echo = echo_of(server);
    if (echo != nullptr && echo->near && !echo->far) {
      problem(
          "the server " + title(server) + " answers this machine, but what it answers to " +
              ip_string(echo->elsewhere) +
              " does not come by here: its default gateway is not this machine, so clients get no answers",
          mend);
    } else if (const Counters& seen = server.entry.counters;
               seen.in_packets >= kSilentPackets && seen.out_packets == 0) {
      problem("the server " + title(server) + " has been sent " + std::to_string(seen.in_packets) +
                  " packets and not one answer came back through this machine: it is down, or its default "
                  "gateway is "
                  "not this machine",
              mend);
    }
    one_armed(service, route->link);
  }

  [[nodiscard]] const GatewayAnswer* echo_of(const DoctorServer& server) const {
    const auto found =
        std::find_if(facts_.gateways.begin(), facts_.gateways.end(), [&](const GatewayAnswer& answer) {
          return answer.server.family == server.endpoint.family && answer.server.ip == server.endpoint.ip;
        });
    return found == facts_.gateways.end() ? nullptr : &*found;
  }

  // `check-via vip`: the answer has the virtual address, which this machine has itself, as its sender.
  void check_through(const DoctorService& service, const DoctorServer& server) {
    const Endpoint vip = ip_of(service.key);
    const Route* const route = facts_.host.route_to(server.endpoint);
    const LinkAddress* const holder = facts_.host.holder(vip);
    if (route == nullptr || holder == nullptr || vip.family != AF_INET || !facts_.owner_alive) return;
    const std::string name = link_name(route->link);
    const std::string who = "the answers to checks of " + title(server) + " through " + ip_string(vip) +
                            " are dropped at " + name + ": ";
    const std::string local = card_setting(route->link, "accept_local");
    if (setting("net.ipv4.conf.all.accept_local") == "0" && setting(local) == "0")
      problem(who + "it takes no packets in this machine's own name (accept_local is 0)",
              "sysctl -w " + local + "=1 (Evenkeel sets it; look at its log)");
    const std::string filter = card_setting(route->link, "rp_filter");
    const std::string strictest = std::max(setting("net.ipv4.conf.all.rp_filter"), setting(filter));
    if (strictest == "1" && holder->link != route->link)
      problem(who + "its reverse path filter is strict, and the address is on " + link_name(holder->link),
              "sysctl -w " + filter + "=2 (Evenkeel sets it; look at its log)");
  }

  [[nodiscard]] std::string card_setting(int link, const char* what) const {
    Endpoint address;
    address.family = AF_INET;
    return conf(address, link_name(link), what);
  }

  // Left behind by a process that was killed.
  void own_name() {
    if (facts_.owner_alive) return;
    for (const Link& link : facts_.host.links) {
      const std::string name = card_setting(link.index, "accept_local");
      if (setting(name) == "1")
        hint(link.name +
                 " takes packets that come in this machine's own name (accept_local is 1), which only "
                 "checks through virtual addresses need",
             "sysctl -w " + name + "=0");
    }
  }

  void one_armed(const DoctorService& service, int server_link) {
    const Endpoint vip = ip_of(service.key);
    const LinkAddress* const holder = service.key.fwmark == 0 ? facts_.host.holder(vip) : nullptr;
    if (holder == nullptr || holder->link != server_link || vip.family != AF_INET) return;
    const std::string name = link_name(server_link);
    const std::string all = conf(vip, "all", "send_redirects");
    const std::string own = conf(vip, name, "send_redirects");
    // The kernel sends them when either says so.
    if (setting(all) == "1" || setting(own) == "1")
      problem("servers of " + title(service) +
                  " are in the network of its virtual address, and this machine tells them "
                  "by ICMP redirects to answer the clients directly",
              "sysctl -w " + all + "=0 " + own + "=0");
    hint("servers of " + title(service) + " are in the network of its virtual address (" + name +
             "): clients of that same network get answers past this machine and drop them; others work",
         "use 'lvs dr', or a network of their own for the servers");
  }

  void tunnel(const DoctorService& service, const DoctorServer& server) {
    const Route* const route = facts_.host.route_to(server.endpoint);
    const Link* const out = route == nullptr ? nullptr : facts_.host.link(route->link);
    const LinkAddress* const holder =
        service.key.fwmark == 0 ? facts_.host.holder(ip_of(service.key)) : nullptr;
    const Link* const in = holder == nullptr ? nullptr : facts_.host.link(holder->link);
    if (out == nullptr) return;
    const unsigned arriving = in == nullptr || in->loopback ? 1500 : in->mtu;
    const unsigned inside = out->mtu - std::min(out->mtu, overhead(server));
    if (inside >= arriving) return;
    hint("in tunnels through " + out->name + " there is room for packets of " + std::to_string(inside) +
             " bytes, but clients may send " + std::to_string(arriving) +
             ": where ICMP is filtered, uploads hang",
         "ip link set " + out->name + " mtu " + std::to_string(arriving + overhead(server)) +
             " (and on the way), or on the server: ip route change default via <router> advmss " +
             std::to_string(inside - std::min(inside, 40U)));
  }

  // ---- who answers for the address

  void answers(const DoctorService& service) {
    const Endpoint vip = ip_of(service.key);
    const bool here = facts_.host.holder(vip) != nullptr;
    for (const ArpAnswer& answer : facts_.arp) {
      if (answer.address.ip != vip.ip || answer.address.family != vip.family) continue;
      const DoctorServer* const server = server_with(service, answer.mac);
      if (server != nullptr) {
        const std::string mode = server->forward == Forward::tunnel ? " --mode tun" : "";
        problem("the real server " + title(*server) + " (" + mac_text(answer.mac) +
                    ") answers when the network asks who has " + ip_string(vip) +
                    ": it takes the clients away from this director",
                "on the server: evenkeel lvs real-server --vip " + ip_string(vip) + mode + " --apply");
      } else if (here) {
        problem("another machine (" + mac_text(answer.mac) + " on " + link_name(answer.link) +
                    ") answers for " + ip_string(vip) +
                    ", too: a real server without arp_ignore, or a second master",
                "on that machine: evenkeel lvs real-server --vip " + ip_string(vip) +
                    " --apply, or look at keepalived there");
      }
    }
  }

  const DoctorServer* server_with(const DoctorService& service, const std::string& mac) const {
    for (const DoctorServer& server : service.servers)
      for (const ArpAnswer& answer : facts_.arp)
        if (answer.mac == mac && answer.address.family == server.endpoint.family &&
            answer.address.ip == server.endpoint.ip)
          return &server;
    return nullptr;
  }

  // ---- the machine

  [[nodiscard]] bool any_server(Forward forward) const {
    return std::any_of(
        facts_.services.begin(), facts_.services.end(), [forward](const DoctorService& service) {
          return std::any_of(service.servers.begin(), service.servers.end(),
                             [forward](const DoctorServer& server) { return server.forward == forward; });
        });
  }
  [[nodiscard]] bool any_persistence() const {
    return std::any_of(facts_.services.begin(), facts_.services.end(), [](const DoctorService& service) {
      return (service.definition.flags & kPersistent) != 0;
    });
  }

  void vs_setting(const std::string& name, const std::string& consequence) {
    if (setting("net.ipv4.vs." + name) == "0")
      hint("net.ipv4.vs." + name + " is 0: " + consequence,
           "sysctl -w net.ipv4.vs." + name + "=1 (Evenkeel sets it while it serves)");
  }

  void settings() {
    if (facts_.services.empty()) return;
    vs_setting("expire_nodest_conn",
               "connections to a server that has been removed hang until the client gives up");
    vs_setting("conn_reuse_mode",
               "a client that reuses a port is sent to its old server, even if that is being drained");
    if (any_persistence())
      vs_setting("expire_quiescent_template",
                 "persistence leads clients to a server of weight 0 for as long as they come");
    if (any_server(Forward::masq) && setting("net.ipv4.vs.conntrack") == "0" &&
        !setting("net.netfilter.nf_conntrack_max").empty())
      hint(
          "firewall rules by connection state, and SNAT, do not see what IPVS forwards "
          "(net.ipv4.vs.conntrack is 0)",
          "sysctl -w net.ipv4.vs.conntrack=1, if there are such rules");
    reverse_path();
    own_name();
  }

  // Strict filtering is the greater of the two values being 1.
  void reverse_path() {
    std::vector<const Link*> cards;
    for (const Link& link : facts_.host.links)
      if (!link.loopback && link.up && has_address(link.index)) cards.push_back(&link);
    if (cards.size() < 2) return;
    const std::string all = setting("net.ipv4.conf.all.rp_filter");
    for (const Link* const link : cards) {
      const std::string name = card_setting(link->index, "rp_filter");
      const std::string own = setting(name);
      if (all == "2" || own == "2" || (all != "1" && own != "1")) continue;
      hint("strict reverse path filtering on " + link->name +
               ": packets whose sender is to be reached by another card are dropped without a word",
           "sysctl -w " + name + "=2");
    }
  }

  [[nodiscard]] bool has_address(int link) const {
    return std::any_of(
        facts_.host.addresses.begin(), facts_.host.addresses.end(),
        [link](const LinkAddress& entry) { return entry.link == link && entry.address.family == AF_INET; });
  }

  void ownership() {
    bool ours = false;
    for (const DoctorService& service : facts_.services) {
      const bool owned = facts_.owned.contains(service.key);
      ours = ours || (owned && service.in_kernel);
      if (!service.in_kernel || owned || !service.section.empty()) continue;
      hint("the service " + title(service) +
               " is not Evenkeel's: somebody has made it by hand or with another "
               "program, and Evenkeel does not check its servers",
           "evenkeel lvs save | evenkeel import ipvsadm");
    }
    if (ours && !facts_.owner_alive)
      hint("Evenkeel is not running here: the kernel forwards, but nobody checks the servers",
           "start Evenkeel");
    for (const DoctorService& service : facts_.services) {
      if (service.section.empty() || !service.in_kernel || facts_.owned.contains(service.key)) continue;
      hint("the kernel has the service " + title(service) +
               ", but it was not Evenkeel who made it; two programs that "
               "keep one service undo each other's work",
           "take the service out of keepalived.conf or of the script that makes it");
    }
  }

  const DoctorFacts& facts_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<DoctorService> merge_services(const std::vector<WantedSection>& wanted, const Table& table) {
  std::vector<DoctorService> list;
  const auto take = [](const ServiceEntry& entry, DoctorService& service) {
    service.in_kernel = true;
    service.definition = entry.definition;
    for (const auto& [endpoint, destination] : entry.destinations) {
      auto known =
          std::find_if(service.servers.begin(), service.servers.end(), [&](const DoctorServer& server) {
            return server.endpoint.family == endpoint.family && server.endpoint.ip == endpoint.ip;
          });
      if (known == service.servers.end()) known = service.servers.insert(known, DoctorServer{});
      known->endpoint = endpoint;
      known->forward = destination.definition.forward;
      known->tunnel = destination.definition.tunnel;
      known->in_kernel = true;
      known->entry = destination;
    }
  };
  std::set<ServiceKey> taken;
  for (const WantedSection& section : wanted) {
    for (const ServiceKey& key : section.section.keys) {
      DoctorService service;
      service.section = section.section.name;
      service.key = key;
      service.definition = section.section.service;
      service.checks_via_vip = !section.section.checked.empty();
      for (const auto& [name, endpoint] : section.servers)
        service.servers.push_back(
            {name, endpoint, section.section.forward, section.section.tunnel, false, {}});
      if (const auto found = table.find(key); found != table.end()) take(found->second, service);
      taken.insert(key);
      list.push_back(std::move(service));
    }
  }
  for (const auto& [key, entry] : table) {
    if (taken.contains(key) || is_check_mark(key)) continue;
    DoctorService service;
    service.key = key;
    take(entry, service);
    list.push_back(std::move(service));
  }
  return list;
}

std::vector<Finding> diagnose(const DoctorFacts& facts) { return Doctor(facts).run(); }

int report(const DoctorFacts& facts, const std::vector<Finding>& findings, std::ostream& out) {
  std::size_t servers = 0;
  for (const DoctorService& service : facts.services) servers += service.servers.size();
  out << "looked at " << facts.services.size() << (facts.services.size() == 1 ? " service" : " services")
      << " with " << servers << (servers == 1 ? " server\n" : " servers\n");
  if (facts.services.empty() && facts.kernel_error.empty())
    out << "  hint   there is no virtual service; name the configuration with -f\n";
  bool good = true;
  for (const Finding& finding : findings) {
    good = good && finding.kind != Kind::problem;
    out << (finding.kind == Kind::problem ? "  wrong  " : "  hint   ") << finding.text << '\n';
    out << "         " << finding.mend << '\n';
  }
  if (findings.empty() && !facts.services.empty()) out << "  ok     nothing wrong found\n";
  return good ? 0 : 1;
}

}  // namespace evenkeel::lvs
