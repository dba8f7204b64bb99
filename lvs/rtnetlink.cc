#include "lvs/rtnetlink.h"

#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <map>

namespace evenkeel::lvs {
namespace {

// One request as bytes: a header of type T, then attributes, each padded to four bytes.
class Request {
 public:
  template <class Header>
  Request(std::uint16_t type, int flags, const Header& header) {
    nlmsghdr head{};
    head.nlmsg_type = type;
    head.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    append(&head, sizeof head);
    append(&header, sizeof header);
  }

  void put(int type, const void* data, std::size_t size) {
    rtattr attribute{static_cast<unsigned short>(RTA_LENGTH(size)), static_cast<unsigned short>(type)};
    append(&attribute, sizeof attribute);
    append(data, size);
  }
  void put_text(int type, const std::string& text) { put(type, text.c_str(), text.size() + 1); }
  void put_ip(int type, const Endpoint& address) { put(type, address.ip.data(), address.ip_size()); }
  // The attributes put until end() are inside it.
  [[nodiscard]] std::size_t begin(int type) {
    const std::size_t at = bytes_.size();
    put(type, nullptr, 0);
    return at;
  }
  void end(std::size_t at) {
    const auto size = static_cast<unsigned short>(bytes_.size() - at);
    std::memcpy(bytes_.data() + at, &size, sizeof size);
  }

  std::string& finish(std::uint32_t sequence) {
    const auto size = static_cast<std::uint32_t>(bytes_.size());
    std::memcpy(bytes_.data() + offsetof(nlmsghdr, nlmsg_len), &size, sizeof size);
    std::memcpy(bytes_.data() + offsetof(nlmsghdr, nlmsg_seq), &sequence, sizeof sequence);
    return bytes_;
  }

 private:
  void append(const void* data, std::size_t size) {
    if (size > 0) bytes_.append(static_cast<const char*>(data), size);
    bytes_.resize((bytes_.size() + 3) / 4 * 4);
  }
  std::string bytes_;
};

using Attributes = std::map<int, std::string_view>;

Attributes attributes_in(std::string_view bytes) {
  Attributes found;
  while (bytes.size() >= sizeof(rtattr)) {
    rtattr attribute;
    std::memcpy(&attribute, bytes.data(), sizeof attribute);
    if (attribute.rta_len < sizeof attribute || attribute.rta_len > bytes.size()) break;
    found[attribute.rta_type & NLA_TYPE_MASK] =
        bytes.substr(sizeof attribute, attribute.rta_len - sizeof attribute);
    bytes.remove_prefix(std::min(bytes.size(), (attribute.rta_len + std::size_t{3}) / 4 * 4));
  }
  return found;
}

template <class Number>
Number number_in(const Attributes& attributes, int type, Number otherwise = 0) {
  const auto found = attributes.find(type);
  if (found == attributes.end() || found->second.size() < sizeof(Number)) return otherwise;
  Number value;
  std::memcpy(&value, found->second.data(), sizeof value);
  return value;
}

std::string text_in(const Attributes& attributes, int type) {
  const auto found = attributes.find(type);
  if (found == attributes.end()) return "";
  return std::string(found->second.substr(0, found->second.find('\0')));
}

Endpoint ip_in(const Attributes& attributes, int type, std::uint8_t family) {
  Endpoint address;
  const auto found = attributes.find(type);
  if (found == attributes.end()) return address;
  address.family = family;
  if (found->second.size() < address.ip_size()) return Endpoint{};
  std::memcpy(address.ip.data(), found->second.data(), address.ip_size());
  return address;
}

template <class Header>
bool split(std::string_view message, Header& header, Attributes& attributes) {
  constexpr std::size_t kPadded = (sizeof(Header) + 3) / 4 * 4;
  if (message.size() < kPadded) return false;
  std::memcpy(&header, message.data(), sizeof header);
  attributes = attributes_in(message.substr(kPadded));
  return true;
}

class NetlinkHost final : public Host {
 public:
  ~NetlinkHost() override {
    if (fd_ >= 0) close(fd_);
  }
  bool open() {
    fd_ = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    // The kernel answers at once; the limit is for what must never happen.
    const timeval limit{5, 0};
    return fd_ >= 0 && setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0;
  }

  int read_addresses(HostState& state) override {
    state = {};
    const int error = exchange(Request(RTM_GETLINK, NLM_F_DUMP, ifinfomsg{}),
                               [&](std::string_view message) { take_link(message, state); });
    if (error != 0) return error;
    return exchange(Request(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{}),
                    [&](std::string_view message) { take_address(message, state); });
  }

  int look_up(const Endpoint& to, int& link, Endpoint& source) override {
    rtmsg header{};
    header.rtm_family = to.family;
    header.rtm_dst_len = static_cast<std::uint8_t>(to.ip_size() * 8);
    // An answer is followed by no acknowledgement unless one is asked for, and exchange() ends with one.
    Request request(RTM_GETROUTE, NLM_F_ACK, header);
    request.put_ip(RTA_DST, to);
    link = 0;
    const int error = exchange(std::move(request), [&](std::string_view message) {
      rtmsg answer;
      Attributes attributes;
      if (!split(message, answer, attributes)) return;
      source = ip_in(attributes, RTA_PREFSRC, answer.rtm_family);
      const bool usable = answer.rtm_type == RTN_UNICAST || answer.rtm_type == RTN_LOCAL;
      if (usable) link = number_in<std::int32_t>(attributes, RTA_OIF);
    });
    return error != 0 ? error : link == 0 ? ENETUNREACH : 0;
  }

  int read(HostState& state) override {
    int error = read_addresses(state);
    if (error == 0)
      error = exchange(Request(RTM_GETROUTE, NLM_F_DUMP, rtmsg{}),
                       [&](std::string_view message) { take_route(message, state); });
    return error;
  }

  std::optional<std::string> setting(const std::string& name) override {
    const int fd = ::open(path_of(name).c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::nullopt;
    std::array<char, 256> text{};
    const ssize_t size = ::read(fd, text.data(), text.size());
    close(fd);
    if (size < 0) return std::nullopt;
    std::string value(text.data(), static_cast<std::size_t>(size));
    while (!value.empty() && value.back() == '\n') value.pop_back();
    return value;
  }

  int set(const std::string& name, const std::string& value) override {
    const int fd = ::open(path_of(name).c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return errno;
    const bool good = ::write(fd, value.data(), value.size()) == static_cast<ssize_t>(value.size());
    const int error = good ? 0 : errno;
    close(fd);
    return error;
  }

  int add_address(int link, const Endpoint& address, int prefix) override {
    Request request = address_request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, link, address, prefix);
    const int error = exchange(std::move(request), {});
    return error == EEXIST ? 0 : error;
  }
  int remove_address(int link, const Endpoint& address, int prefix) override {
    const int error = exchange(address_request(RTM_DELADDR, 0, link, address, prefix), {});
    return error == EADDRNOTAVAIL ? 0 : error;
  }

  int set_up(int link, bool up) override {
    ifinfomsg header{};
    header.ifi_index = link;
    header.ifi_change = IFF_UP;
    header.ifi_flags = up ? static_cast<unsigned>(IFF_UP) : 0U;
    return exchange(Request(RTM_NEWLINK, NLM_F_ACK, header), {});
  }

  int add_tunnel(const std::string& name, const std::string& kind) override {
    Request request(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
    request.put_text(IFLA_IFNAME, name);
    const std::size_t info = request.begin(IFLA_LINKINFO);
    request.put_text(IFLA_INFO_KIND, kind);
    request.end(info);
    const int error = exchange(std::move(request), {});
    // To ask for one loads the module, and the module makes one of that name by itself.
    return error == EEXIST ? 0 : error;
  }

  int add_default_route(const Route& route) override {
    return exchange(route_request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route), {});
  }
  int remove_default_route(const Route& route) override {
    return exchange(route_request(RTM_DELROUTE, 0, route), {});
  }

 private:
  using OnMessage = std::function<void(std::string_view)>;

  // Dots are the separators of sysctl(8); names of interfaces may have slashes for their dots there.
  static std::string path_of(std::string name) {
    for (char& c : name) c = c == '.' ? '/' : c == '/' ? '.' : c;
    return "/proc/sys/" + name;
  }

  static Request address_request(std::uint16_t type, int flags, int link, const Endpoint& address,
                                 int prefix) {
    ifaddrmsg header{};
    header.ifa_family = address.family;
    header.ifa_prefixlen = static_cast<std::uint8_t>(prefix);
    header.ifa_index = static_cast<unsigned>(link);
    // Several machines have it on purpose: no duplicate detection.
    if (address.family == AF_INET6) header.ifa_flags = IFA_F_NODAD;
    Request request(type, NLM_F_ACK | flags, header);
    request.put_ip(IFA_LOCAL, address);
    request.put_ip(IFA_ADDRESS, address);
    return request;
  }

  static Request route_request(std::uint16_t type, int flags, const Route& route) {
    rtmsg header{};
    header.rtm_family = route.destination.family;
    header.rtm_table = RT_TABLE_MAIN;
    header.rtm_protocol = type == RTM_NEWROUTE ? RTPROT_STATIC : RTPROT_UNSPEC;
    header.rtm_scope = type == RTM_NEWROUTE ? RT_SCOPE_UNIVERSE : RT_SCOPE_NOWHERE;
    header.rtm_type = type == RTM_NEWROUTE ? RTN_UNICAST : RTN_UNSPEC;
    Request request(type, NLM_F_ACK | flags, header);
    if (route.gateway.family != AF_UNSPEC) request.put_ip(RTA_GATEWAY, route.gateway);
    if (route.link != 0) request.put(RTA_OIF, &route.link, sizeof route.link);
    if (route.metric != 0) request.put(RTA_PRIORITY, &route.metric, sizeof route.metric);
    return request;
  }

  static void take_link(std::string_view message, HostState& state) {
    ifinfomsg header;
    Attributes attributes;
    if (!split(message, header, attributes)) return;
    Link link;
    link.index = header.ifi_index;
    link.name = text_in(attributes, IFLA_IFNAME);
    link.up = (header.ifi_flags & IFF_UP) != 0;
    link.loopback = (header.ifi_flags & IFF_LOOPBACK) != 0;
    link.mtu = number_in<std::uint32_t>(attributes, IFLA_MTU);
    if (const auto mac = attributes.find(IFLA_ADDRESS);
        header.ifi_type == ARPHRD_ETHER && mac != attributes.end() && mac->second.size() == 6)
      link.mac = mac->second;
    if (const auto info = attributes.find(IFLA_LINKINFO); info != attributes.end())
      link.kind = text_in(attributes_in(info->second), IFLA_INFO_KIND);
    state.links.push_back(std::move(link));
  }

  static void take_address(std::string_view message, HostState& state) {
    ifaddrmsg header;
    Attributes attributes;
    if (!split(message, header, attributes)) return;
    if (header.ifa_family != AF_INET && header.ifa_family != AF_INET6) return;
    Endpoint address = ip_in(attributes, IFA_LOCAL, header.ifa_family);
    if (address.family == AF_UNSPEC) address = ip_in(attributes, IFA_ADDRESS, header.ifa_family);
    if (address.family != AF_UNSPEC)
      state.addresses.push_back({static_cast<int>(header.ifa_index), address, header.ifa_prefixlen});
  }

  static void take_route(std::string_view message, HostState& state) {
    rtmsg header;
    Attributes attributes;
    if (!split(message, header, attributes)) return;
    const auto table = number_in<std::uint32_t>(attributes, RTA_TABLE, header.rtm_table);
    if (table != RT_TABLE_MAIN || header.rtm_type != RTN_UNICAST) return;
    if (header.rtm_family != AF_INET && header.rtm_family != AF_INET6) return;
    Route route;
    route.destination = ip_in(attributes, RTA_DST, header.rtm_family);
    route.destination.family = header.rtm_family;
    route.prefix = header.rtm_dst_len;
    route.gateway = ip_in(attributes, RTA_GATEWAY, header.rtm_family);
    route.link = number_in<std::int32_t>(attributes, RTA_OIF);
    route.metric = number_in<std::uint32_t>(attributes, RTA_PRIORITY);
    state.routes.push_back(route);
  }

  // Sends, and takes what comes back until the kernel says that it was all. An errno, 0: good.
  int exchange(Request request, const OnMessage& on_message) {
    const std::string& bytes = request.finish(++sequence_);
    if (::send(fd_, bytes.data(), bytes.size(), 0) < 0) return errno;
    std::string buffer(1 << 16, '\0');
    for (;;) {
      const ssize_t size = ::recv(fd_, buffer.data(), buffer.size(), 0);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return errno;
      std::string_view rest(buffer.data(), static_cast<std::size_t>(size));
      while (rest.size() >= sizeof(nlmsghdr)) {
        nlmsghdr head;
        std::memcpy(&head, rest.data(), sizeof head);
        if (head.nlmsg_len < sizeof head || head.nlmsg_len > rest.size()) return EPROTO;
        const std::string_view body = rest.substr(sizeof head, head.nlmsg_len - sizeof head);
        rest.remove_prefix(std::min(rest.size(), (head.nlmsg_len + std::size_t{3}) / 4 * 4));
        if (head.nlmsg_seq != sequence_) continue;
        if (head.nlmsg_type == NLMSG_DONE) return 0;
        if (head.nlmsg_type == NLMSG_ERROR) {
          int error = -EPROTO;
          if (body.size() >= sizeof error) std::memcpy(&error, body.data(), sizeof error);
          return -error;
        }
        if (on_message) on_message(body);
      }
    }
  }

  int fd_ = -1;
  std::uint32_t sequence_ = 0;
};

}  // namespace

std::unique_ptr<Host> open_host(std::string& why) {
  auto host = std::make_unique<NetlinkHost>();
  if (host->open()) return host;
  why = std::string("no route netlink: ") + std::strerror(errno);
  return nullptr;
}

}  // namespace evenkeel::lvs
