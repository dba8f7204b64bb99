#include "lvs/codec.h"

#include <arpa/inet.h>
#include <linux/ip_vs.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

namespace evenkeel::lvs {
namespace {

template <std::size_t N>
using Attributes = std::array<nlattr*, N + 1>;

template <std::size_t N>
bool parse(Attributes<N>& attributes, nlattr* nested) {
  return nla_parse_nested(attributes.data(), static_cast<int>(N), nested, nullptr) == 0;
}

std::uint64_t number(nlattr* attribute) {
  if (attribute == nullptr) return 0;
  const int size = nla_len(attribute);
  if (size >= 8) return nla_get_u64(attribute);
  if (size >= 4) return nla_get_u32(attribute);
  if (size >= 2) return nla_get_u16(attribute);
  return size == 1 ? nla_get_u8(attribute) : 0;
}

std::uint32_t number32(nlattr* attribute) { return static_cast<std::uint32_t>(number(attribute)); }

// A port in network order.
std::uint16_t port_of(nlattr* attribute) { return ntohs(static_cast<std::uint16_t>(number(attribute))); }

std::string text(nlattr* attribute) {
  if (attribute == nullptr) return {};
  const char* const data = static_cast<const char*>(nla_data(attribute));
  return {data, strnlen(data, static_cast<std::size_t>(nla_len(attribute)))};
}

void take_ip(nlattr* attribute, std::array<std::uint8_t, 16>& ip, std::uint8_t family) {
  const std::size_t size = family == AF_INET6 ? 16 : 4;
  if (attribute == nullptr) return;
  std::memcpy(ip.data(), nla_data(attribute), std::min(size, static_cast<std::size_t>(nla_len(attribute))));
}

Counters counters_of(nlattr* wide, nlattr* narrow) {
  Attributes<IPVS_STATS_ATTR_MAX> a{};
  Counters counters;
  nlattr* const nested = wide != nullptr ? wide : narrow;
  if (nested == nullptr || !parse<IPVS_STATS_ATTR_MAX>(a, nested)) return counters;
  counters.conns = number(a[IPVS_STATS_ATTR_CONNS]);
  counters.in_packets = number(a[IPVS_STATS_ATTR_INPKTS]);
  counters.out_packets = number(a[IPVS_STATS_ATTR_OUTPKTS]);
  counters.in_bytes = number(a[IPVS_STATS_ATTR_INBYTES]);
  counters.out_bytes = number(a[IPVS_STATS_ATTR_OUTBYTES]);
  counters.conn_rate = number(a[IPVS_STATS_ATTR_CPS]);
  counters.in_packet_rate = number(a[IPVS_STATS_ATTR_INPPS]);
  counters.out_packet_rate = number(a[IPVS_STATS_ATTR_OUTPPS]);
  counters.in_byte_rate = number(a[IPVS_STATS_ATTR_INBPS]);
  counters.out_byte_rate = number(a[IPVS_STATS_ATTR_OUTBPS]);
  return counters;
}

// The kernel reads 16 bytes for either family.
bool put_ip(nl_msg* message, int attribute, const std::array<std::uint8_t, 16>& ip) {
  return nla_put(message, attribute, static_cast<int>(ip.size()), ip.data()) == 0;
}

bool put_definition(nl_msg* message, const Service& service, std::uint8_t family) {
  const ip_vs_flags flags{service.flags, ~0U};
  // The mask travels as an address does; of IPv6 it is a number of bits.
  const std::uint32_t mask = family == AF_INET6 ? service.netmask : htonl(service.netmask);
  bool good = nla_put_string(message, IPVS_SVC_ATTR_SCHED_NAME, service.scheduler.c_str()) == 0;
  if (!service.engine.empty())
    good = good && nla_put_string(message, IPVS_SVC_ATTR_PE_NAME, service.engine.c_str()) == 0;
  return good && nla_put(message, IPVS_SVC_ATTR_FLAGS, sizeof flags, &flags) == 0 &&
         nla_put_u32(message, IPVS_SVC_ATTR_TIMEOUT, service.timeout) == 0 &&
         nla_put_u32(message, IPVS_SVC_ATTR_NETMASK, mask) == 0;
}

}  // namespace

bool put_service(nl_msg* message, const ServiceKey& key, const Service* definition) {
  nlattr* const nest = nla_nest_start(message, IPVS_CMD_ATTR_SERVICE);
  if (nest == nullptr) return false;
  bool good = nla_put_u16(message, IPVS_SVC_ATTR_AF, key.family) == 0;
  if (key.fwmark != 0) {
    good = good && nla_put_u32(message, IPVS_SVC_ATTR_FWMARK, key.fwmark) == 0;
  } else {
    good = good && nla_put_u16(message, IPVS_SVC_ATTR_PROTOCOL, key.protocol) == 0 &&
           put_ip(message, IPVS_SVC_ATTR_ADDR, key.ip) &&
           nla_put_u16(message, IPVS_SVC_ATTR_PORT, htons(key.port)) == 0;
  }
  if (definition != nullptr) good = good && put_definition(message, *definition, key.family);
  nla_nest_end(message, nest);
  return good;
}

bool put_destination(nl_msg* message, const Endpoint& endpoint, const Destination* definition) {
  nlattr* const nest = nla_nest_start(message, IPVS_CMD_ATTR_DEST);
  if (nest == nullptr) return false;
  bool good = nla_put_u16(message, IPVS_DEST_ATTR_ADDR_FAMILY, endpoint.family) == 0 &&
              put_ip(message, IPVS_DEST_ATTR_ADDR, endpoint.ip) &&
              nla_put_u16(message, IPVS_DEST_ATTR_PORT, htons(endpoint.port)) == 0;
  if (definition != nullptr) {
    good = good &&
           nla_put_u32(message, IPVS_DEST_ATTR_FWD_METHOD, static_cast<std::uint32_t>(definition->forward)) ==
               0 &&
           nla_put_u32(message, IPVS_DEST_ATTR_WEIGHT, definition->weight) == 0 &&
           nla_put_u32(message, IPVS_DEST_ATTR_U_THRESH, definition->upper) == 0 &&
           nla_put_u32(message, IPVS_DEST_ATTR_L_THRESH, definition->lower) == 0;
    if (definition->forward == Forward::tunnel) {
      good =
          good &&
          nla_put_u8(message, IPVS_DEST_ATTR_TUN_TYPE, static_cast<std::uint8_t>(definition->tunnel)) == 0 &&
          nla_put_u16(message, IPVS_DEST_ATTR_TUN_PORT, htons(definition->tunnel_port)) == 0 &&
          nla_put_u16(message, IPVS_DEST_ATTR_TUN_FLAGS, definition->tunnel_flags) == 0;
    }
  }
  nla_nest_end(message, nest);
  return good;
}

bool put_daemon(nl_msg* message, const Daemon& daemon, bool identity_only) {
  nlattr* const nest = nla_nest_start(message, IPVS_CMD_ATTR_DAEMON);
  if (nest == nullptr) return false;
  bool good = nla_put_u32(message, IPVS_DAEMON_ATTR_STATE,
                          daemon.master ? IP_VS_STATE_MASTER : IP_VS_STATE_BACKUP) == 0 &&
              nla_put_string(message, IPVS_DAEMON_ATTR_MCAST_IFN, daemon.interface.c_str()) == 0 &&
              nla_put_u32(message, IPVS_DAEMON_ATTR_SYNC_ID, daemon.sync_id) == 0;
  if (!identity_only) {
    if (daemon.max_length != 0)
      good = good && nla_put_u16(message, IPVS_DAEMON_ATTR_SYNC_MAXLEN, daemon.max_length) == 0;
    if (daemon.group.family == AF_INET)
      good = good && nla_put(message, IPVS_DAEMON_ATTR_MCAST_GROUP, 4, daemon.group.ip.data()) == 0;
    if (daemon.group.family == AF_INET6)
      good = good && put_ip(message, IPVS_DAEMON_ATTR_MCAST_GROUP6, daemon.group.ip);
    if (daemon.group.port != 0)
      good = good && nla_put_u16(message, IPVS_DAEMON_ATTR_MCAST_PORT, daemon.group.port) == 0;
    if (daemon.ttl != 0) good = good && nla_put_u8(message, IPVS_DAEMON_ATTR_MCAST_TTL, daemon.ttl) == 0;
  }
  nla_nest_end(message, nest);
  return good;
}

std::optional<std::pair<ServiceKey, ServiceEntry>> get_service(nlattr* nested) {
  Attributes<IPVS_SVC_ATTR_MAX> a{};
  if (nested == nullptr || !parse<IPVS_SVC_ATTR_MAX>(a, nested) || a[IPVS_SVC_ATTR_AF] == nullptr)
    return std::nullopt;
  ServiceKey key;
  key.family = static_cast<std::uint8_t>(number(a[IPVS_SVC_ATTR_AF]));
  if (a[IPVS_SVC_ATTR_FWMARK] != nullptr) {
    key.fwmark = number32(a[IPVS_SVC_ATTR_FWMARK]);
  } else {
    if (a[IPVS_SVC_ATTR_PROTOCOL] == nullptr || a[IPVS_SVC_ATTR_ADDR] == nullptr) return std::nullopt;
    key.protocol = static_cast<std::uint8_t>(number(a[IPVS_SVC_ATTR_PROTOCOL]));
    take_ip(a[IPVS_SVC_ATTR_ADDR], key.ip, key.family);
    key.port = port_of(a[IPVS_SVC_ATTR_PORT]);
  }
  ServiceEntry entry;
  entry.definition.scheduler = text(a[IPVS_SVC_ATTR_SCHED_NAME]);
  entry.definition.engine = text(a[IPVS_SVC_ATTR_PE_NAME]);
  if (nlattr* const attribute = a[IPVS_SVC_ATTR_FLAGS];
      attribute != nullptr && nla_len(attribute) >= static_cast<int>(sizeof(ip_vs_flags))) {
    ip_vs_flags flags{};
    std::memcpy(&flags, nla_data(attribute), sizeof flags);
    entry.definition.flags = flags.flags & kSettableFlags;
  }
  entry.definition.timeout = number32(a[IPVS_SVC_ATTR_TIMEOUT]);
  const std::uint32_t mask = number32(a[IPVS_SVC_ATTR_NETMASK]);
  entry.definition.netmask = key.family == AF_INET6 ? mask : ntohl(mask);
  entry.counters = counters_of(a[IPVS_SVC_ATTR_STATS64], a[IPVS_SVC_ATTR_STATS]);
  return std::pair(key, std::move(entry));
}

std::optional<std::pair<Endpoint, DestinationEntry>> get_destination(nlattr* nested,
                                                                     std::uint8_t service_family) {
  Attributes<IPVS_DEST_ATTR_MAX> a{};
  if (nested == nullptr || !parse<IPVS_DEST_ATTR_MAX>(a, nested) || a[IPVS_DEST_ATTR_ADDR] == nullptr)
    return std::nullopt;
  Endpoint endpoint;
  endpoint.family = a[IPVS_DEST_ATTR_ADDR_FAMILY] != nullptr
                        ? static_cast<std::uint8_t>(number(a[IPVS_DEST_ATTR_ADDR_FAMILY]))
                        : service_family;
  if (nla_len(a[IPVS_DEST_ATTR_ADDR]) < static_cast<int>(endpoint.ip_size())) return std::nullopt;
  take_ip(a[IPVS_DEST_ATTR_ADDR], endpoint.ip, endpoint.family);
  endpoint.port = port_of(a[IPVS_DEST_ATTR_PORT]);
  DestinationEntry entry;
  Destination& definition = entry.definition;
  definition.forward = static_cast<Forward>(
      std::min<std::uint32_t>(number32(a[IPVS_DEST_ATTR_FWD_METHOD]) & IP_VS_CONN_F_FWD_MASK, 4));
  definition.weight = number32(a[IPVS_DEST_ATTR_WEIGHT]);
  definition.upper = number32(a[IPVS_DEST_ATTR_U_THRESH]);
  definition.lower = number32(a[IPVS_DEST_ATTR_L_THRESH]);
  if (definition.forward == Forward::tunnel) {
    definition.tunnel = static_cast<Tunnel>(std::min<std::uint32_t>(number32(a[IPVS_DEST_ATTR_TUN_TYPE]), 2));
    definition.tunnel_port = port_of(a[IPVS_DEST_ATTR_TUN_PORT]);
    definition.tunnel_flags = static_cast<std::uint16_t>(number(a[IPVS_DEST_ATTR_TUN_FLAGS]));
  }
  entry.active = number32(a[IPVS_DEST_ATTR_ACTIVE_CONNS]);
  entry.inactive = number32(a[IPVS_DEST_ATTR_INACT_CONNS]);
  entry.persistent = number32(a[IPVS_DEST_ATTR_PERSIST_CONNS]);
  entry.counters = counters_of(a[IPVS_DEST_ATTR_STATS64], a[IPVS_DEST_ATTR_STATS]);
  return std::pair(endpoint, entry);
}

std::optional<Daemon> get_daemon(nlattr* nested) {
  Attributes<IPVS_DAEMON_ATTR_MAX> a{};
  if (nested == nullptr || !parse<IPVS_DAEMON_ATTR_MAX>(a, nested)) return std::nullopt;
  Daemon daemon;
  daemon.master = number32(a[IPVS_DAEMON_ATTR_STATE]) == IP_VS_STATE_MASTER;
  daemon.interface = text(a[IPVS_DAEMON_ATTR_MCAST_IFN]);
  daemon.sync_id = number32(a[IPVS_DAEMON_ATTR_SYNC_ID]);
  daemon.max_length = static_cast<std::uint16_t>(number(a[IPVS_DAEMON_ATTR_SYNC_MAXLEN]));
  if (a[IPVS_DAEMON_ATTR_MCAST_GROUP6] != nullptr) {
    daemon.group.family = AF_INET6;
    take_ip(a[IPVS_DAEMON_ATTR_MCAST_GROUP6], daemon.group.ip, AF_INET6);
  } else if (a[IPVS_DAEMON_ATTR_MCAST_GROUP] != nullptr) {
    daemon.group.family = AF_INET;
    take_ip(a[IPVS_DAEMON_ATTR_MCAST_GROUP], daemon.group.ip, AF_INET);
  }
  daemon.group.port = static_cast<std::uint16_t>(number(a[IPVS_DAEMON_ATTR_MCAST_PORT]));
  daemon.ttl = static_cast<std::uint8_t>(number(a[IPVS_DAEMON_ATTR_MCAST_TTL]));
  return daemon;
}

}  // namespace evenkeel::lvs
