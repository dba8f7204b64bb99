#include "vrrp/watch.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "core/log.h"

namespace evenkeel::vrrp {
namespace {

std::int64_t monotonic_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * std::int64_t{1000} + now.tv_nsec / 1'000'000;
}

std::uint16_t protocol_of(int family) {
  return htons(family == AF_INET ? std::uint16_t{ETH_P_IP} : std::uint16_t{ETH_P_IPV6});
}

// Not those of the loopback interface: servers of LVS-DR have the address there and are no second master.
std::vector<std::string> own_addresses() {
  std::vector<std::string> own;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return own;
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_LOOPBACK) != 0) continue;
    std::array<char, INET6_ADDRSTRLEN> text{};
    const void* address = nullptr;
    if (one->ifa_addr->sa_family == AF_INET)
      address = &reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr;
    else if (one->ifa_addr->sa_family == AF_INET6)
      address = &reinterpret_cast<const sockaddr_in6*>(one->ifa_addr)->sin6_addr;
    if (address == nullptr) continue;
    inet_ntop(one->ifa_addr->sa_family, address, text.data(), text.size());
    own.emplace_back(text.data());
  }
  freeifaddrs(list);
  return own;
}

Sightings::Have asking_once() {
  return [own = std::vector<std::string>(), asked = false](const std::string& address) mutable {
    if (!std::exchange(asked, true)) own = own_addresses();
    return std::find(own.begin(), own.end(), address) != own.end();
  };
}

// The kernel throws away all but protocol 112 before it copies anything.
bool filter(int fd, int family) {
  const std::uint32_t where = family == AF_INET ? 9 : 6;
  std::array<sock_filter, 4> program = {{{BPF_LD | BPF_B | BPF_ABS, 0, 0, where},
                                         {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 112},
                                         {BPF_RET | BPF_K, 0, 0, 0xffff},
                                         {BPF_RET | BPF_K, 0, 0, 0}}};
  const sock_fprog code = {program.size(), program.data()};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &code, sizeof code) == 0;
}

void log_all(const std::vector<Sightings::News>& news) {
  for (const auto& one : news)
    one.warning ? log_warning("vrrp: " + one.text) : log_notice("vrrp: " + one.text);
}

}  // namespace

Watch::~Watch() {
  for (const Ear& ear : ears_) ::close(ear.fd);
}

// Again when the interface has been made anew; binding needs no privilege.
bool Watch::attach(Ear& ear) {
  const unsigned index = if_nametoindex(ear.interface.c_str());
  if (index == 0) return false;
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = protocol_of(ear.family);
  address.sll_ifindex = static_cast<int>(index);
  if (bind(ear.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return false;
  ear.index = index;
  // keepalived does the same, but may not run at the moment. An interface without multicast does without.
  packet_mreq group{};
  group.mr_ifindex = static_cast<int>(index);
  group.mr_type = PACKET_MR_MULTICAST;
  group.mr_alen = 6;
  constexpr std::array<unsigned char, 6> kGroup4 = {0x01, 0x00, 0x5e, 0x00, 0x00, 0x12};
  constexpr std::array<unsigned char, 6> kGroup6 = {0x33, 0x33, 0x00, 0x00, 0x00, 0x12};
  std::memcpy(group.mr_address, (ear.family == AF_INET ? kGroup4 : kGroup6).data(), 6);
  if (setsockopt(ear.fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &group, sizeof group) != 0)
    return errno != ENODEV;
  return true;
}

bool Watch::open(const std::vector<std::string>& interfaces, std::string& error) {
  for (const std::string& interface : interfaces) {
    for (const int family : {AF_INET, AF_INET6}) {
      // Protocol 0: nothing comes before the filter is there.
      Ear ear{interface, socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), family};
      const bool made = ear.fd >= 0 && filter(ear.fd, family) && attach(ear);
      const int why = errno;
      if (ear.fd >= 0) ears_.push_back(ear);
      if (made) continue;
      error =
          "vrrp watch " + interface + ": " + std::strerror(why) + (why == EPERM ? ", needs CAP_NET_RAW" : "");
      return false;
    }
  }
  return true;
}

std::vector<int> Watch::sockets() const {
  std::vector<int> all;
  for (const Ear& ear : ears_) all.push_back(ear.fd);
  return all;
}

bool Watch::read(const Ear& ear) {
  bool any = false;
  for (;;) {
    std::array<std::uint8_t, 2048> bytes{};
    sockaddr_ll from{};
    socklen_t length = sizeof from;
    const ssize_t got =
        recvfrom(ear.fd, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return any;  // nothing more, or the interface is down, which look() sees
    const auto advert = parse_advert({bytes.data(), static_cast<std::size_t>(got)});
    if (from.sll_pkttype == PACKET_OUTGOING || !advert) continue;
    any = true;
    log_all(sightings_.apply(ear.interface, *advert, asking_once(), monotonic_ms(), std::time(nullptr)));
  }
}

bool Watch::look() {
  bool any = false;
  for (Ear& ear : ears_) {
    any = read(ear) || any;
    const unsigned index = if_nametoindex(ear.interface.c_str());
    if (index != 0 && index != ear.index && attach(ear))
      log_notice("vrrp: listens on the new " + ear.interface);
  }
  const auto news = sightings_.tick(asking_once(), monotonic_ms());
  log_all(news);
  return any || !news.empty();
}

}  // namespace evenkeel::vrrp
