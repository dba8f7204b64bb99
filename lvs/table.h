// The kernel's table of virtual services as values: what is configured, what is counted, how it is compared.
//
// Names of fields and their meaning are those of <linux/ip_vs.h> and ipvsadm(8).
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lvs/endpoint.h"

namespace evenkeel::lvs {

// How packets get to a real server (ipvsadm -m, -i, -g). The numbers are the kernel's.
enum class Forward : std::uint8_t { masq = 0, local = 1, tunnel = 2, direct = 3, bypass = 4 };
std::string_view to_string(Forward forward) noexcept;  // "Masq", "Local", "Tunnel", "Route", "Bypass"

enum class Tunnel : std::uint8_t { ipip = 0, gue = 1, gre = 2 };
std::string_view to_string(Tunnel tunnel) noexcept;

// What a service is known by: a firewall mark, or protocol, address and port. Ordered as ipvsadm lists them.
struct ServiceKey {
  std::uint32_t fwmark = 0;  // not 0: the rest but the family does not count
  std::uint8_t family = AF_INET;
  std::uint8_t protocol = 0;  // IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP
  std::array<std::uint8_t, 16> ip{};
  std::uint16_t port = 0;  // 0: every port; needs persistence

  friend auto operator<=>(const ServiceKey&, const ServiceKey&) = default;
};
ServiceKey service_key(std::uint8_t protocol, const Endpoint& address) noexcept;
ServiceKey mark_key(std::uint32_t fwmark, std::uint8_t family) noexcept;
Endpoint endpoint_of(const ServiceKey& key) noexcept;
std::string_view protocol_name(std::uint8_t protocol) noexcept;  // "TCP"
// "TCP 192.0.2.1:80", "FWM 7", "FWM 8 IPv6".
std::string to_string(const ServiceKey& key);

// Service flags that users set; the kernel's numbers.
inline constexpr std::uint32_t kPersistent = 0x01;
inline constexpr std::uint32_t kOnePacket = 0x04;
inline constexpr std::uint32_t kSchedulerFlag1 = 0x08;  // sh-fallback, mh-fallback
inline constexpr std::uint32_t kSchedulerFlag2 = 0x10;  // sh-port, mh-port
inline constexpr std::uint32_t kSchedulerFlag3 = 0x20;
inline constexpr std::uint32_t kSettableFlags = 0x3d;
inline constexpr std::uint32_t kDefaultPersistence = 360;  // seconds, of `persistent` without a number

struct Service {
  std::string scheduler = "wlc";
  std::uint32_t flags = 0;
  std::uint32_t timeout = 0;           // persistence, seconds
  std::uint32_t netmask = 0xffffffff;  // IPv4: the mask as a number; IPv6: the length of the prefix
  std::string engine;                  // persistence engine ("sip"); empty: none

  friend bool operator==(const Service&, const Service&) = default;
};
// The mask that groups no clients.
std::uint32_t full_mask(std::uint8_t family) noexcept;
// Two definitions that the kernel treats alike become equal: masks and times without persistence, flags that
// only the kernel sets.
Service normal(Service service, std::uint8_t family);

struct Destination {
  Forward forward = Forward::direct;
  std::uint32_t weight = 1;
  std::uint32_t upper = 0;  // connections above which it gets no new ones; 0: no limit
  std::uint32_t lower = 0;  // connections below which it gets some again
  Tunnel tunnel = Tunnel::ipip;
  std::uint16_t tunnel_port = 0;   // of gue
  std::uint16_t tunnel_flags = 0;  // 1: checksum, 2: remote checksum offload

  friend bool operator==(const Destination&, const Destination&) = default;
};

struct Counters {
  std::uint64_t conns = 0, in_packets = 0, out_packets = 0, in_bytes = 0, out_bytes = 0;
  // Per second.
  std::uint64_t conn_rate = 0, in_packet_rate = 0, out_packet_rate = 0, in_byte_rate = 0, out_byte_rate = 0;
};

struct DestinationEntry {
  Destination definition;
  std::uint32_t active = 0;
  std::uint32_t inactive = 0;
  std::uint32_t persistent = 0;
  Counters counters;
};

struct ServiceEntry {
  Service definition;
  Counters counters;
  std::map<Endpoint, DestinationEntry> destinations;
};

using Table = std::map<ServiceKey, ServiceEntry>;

// A step from one table to another.
struct Operation {
  enum class Kind : std::uint8_t {
    add_service,
    edit_service,
    delete_service,
    add_destination,
    edit_destination,
    delete_destination,
    clear,  // the whole table
  } kind = Kind::add_service;
  ServiceKey key;
  Service service;          // add_service, edit_service
  Endpoint endpoint;        // of destinations
  Destination destination;  // add_destination, edit_destination
};
// "add service TCP 192.0.2.1:80 wlc", for logs.
std::string to_string(const Operation& operation);

// The schedulers of the kernel (6.x), in the order of ipvsadm(8).
std::span<const std::string_view> schedulers() noexcept;
bool is_scheduler(std::string_view name) noexcept;
// "sh-fallback,sh-port", "flag-1"; empty without flags.
std::string scheduler_flags(const Service& service);
// The flag of one such name; 0 when there is none.
std::uint32_t scheduler_flag(std::string_view name) noexcept;

struct Info {
  std::uint32_t version = 0;     // 0x010201 is 1.2.1
  std::uint32_t table_size = 0;  // of connections
};
struct Timeouts {
  std::uint32_t tcp = 0, tcp_fin = 0, udp = 0;  // seconds
};
struct Daemon {
  bool master = true;
  std::string interface;
  std::uint32_t sync_id = 0;
  std::uint16_t max_length = 0;  // 0: the kernel chooses
  Endpoint group;                // family 0: 224.0.0.81; its port: 0 means 8848
  std::uint8_t ttl = 0;          // 0: 1

  friend bool operator==(const Daemon&, const Daemon&) = default;
};

}  // namespace evenkeel::lvs
