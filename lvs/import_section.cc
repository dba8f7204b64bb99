#include "lvs/import_section.h"

#include <netinet/in.h>

#include <algorithm>

namespace evenkeel::lvs {
namespace {

std::string name_of(const ServiceKey& key) {
  if (key.fwmark != 0) return "mark_" + std::to_string(key.fwmark) + (key.family == AF_INET6 ? "_v6" : "");
  std::string name = ip_string(endpoint_of(key)) + "_" + std::to_string(key.port);
  std::replace(name.begin(), name.end(), ':', '-');
  return (key.protocol == IPPROTO_UDP ? "udp_" : "tcp_") + name;
}

std::string mask_text(std::uint32_t mask, std::uint8_t family) {
  if (family == AF_INET6) return "/" + std::to_string(mask);
  return std::to_string(mask >> 24U) + "." + std::to_string(mask >> 16U & 255U) + "." +
         std::to_string(mask >> 8U & 255U) + "." + std::to_string(mask & 255U);
}

std::string lvs_line(const ImportedSection& section) {
  const ServiceKey& key = section.keys.front();
  const Service& service = section.service;
  std::string line = section.forward == Forward::masq     ? "lvs nat"
                     : section.forward == Forward::tunnel ? "lvs tun"
                                                          : "lvs dr";
  line += " scheduler " + service.scheduler;
  if ((service.flags & kPersistent) != 0) {
    line += " persistence " + std::to_string(service.timeout) + "s";
    if (service.netmask != full_mask(key.family)) line += " " + mask_text(service.netmask, key.family);
  }
  if (key.fwmark != 0) line += " fwmark " + std::to_string(key.fwmark);
  if (key.fwmark == 0 && key.port == 0) line += " all-ports";
  std::string flags = scheduler_flags(service);
  if ((service.flags & kOnePacket) != 0) flags += flags.empty() ? "ops" : ",ops";
  if (!flags.empty()) line += " flags " + flags;
  if (section.forward == Forward::tunnel && section.tunnel == Tunnel::gre) line += " encap gre";
  if (section.forward == Forward::tunnel && section.tunnel == Tunnel::gue)
    line += " encap gue:" + std::to_string(section.tunnel_port);
  return line;
}

std::string server_line(const ImportedSection& section, const ImportedServer& server, std::size_t number) {
  const ServiceKey& key = section.keys.front();
  // Where the port cannot differ it is left to the service.
  const bool port = section.forward == Forward::masq && key.fwmark == 0 && key.port != 0;
  std::string line = "server s" + std::to_string(number) + " ";
  line += port                                 ? to_string(server.endpoint)
          : server.endpoint.family == AF_INET6 ? "[" + ip_string(server.endpoint) + "]"
                                               : ip_string(server.endpoint);
  line += " weight " + std::to_string(std::min(server.definition.weight, 256U));
  if (server.definition.upper != 0) line += " maxconn " + std::to_string(server.definition.upper);
  if (server.definition.lower != 0) line += " minconn " + std::to_string(server.definition.lower);
  return line + server.options;
}

}  // namespace

std::string config_head(std::string_view origin, const std::vector<std::string>& global) {
  std::string text = "# Made from " + std::string(origin) + ".\n";
  if (!global.empty()) text += "global\n";
  for (const std::string& line : global) text += "    " + line + "\n";
  return text +
         "defaults\n    mode tcp\n    timeout connect 5s\n    timeout client 15m\n    timeout server 15m\n";
}

std::string section_name(const ImportedSection& section) { return name_of(section.keys.front()); }

std::string section_text(const ImportedSection& section) {
  const ServiceKey& key = section.keys.front();
  std::string text = "\n";
  if (!section.comment.empty()) text += "# " + section.comment + "\n";
  text += "listen " + name_of(key) + "\n";
  if (key.protocol == IPPROTO_UDP) text += "    mode udp\n";
  for (const ServiceKey& one : section.keys) {
    // A service of all ports listens nowhere; the port only completes the address.
    Endpoint endpoint = endpoint_of(one);
    if (endpoint.port == 0) endpoint.port = 1;
    if (one.fwmark == 0) text += "    bind " + to_string(endpoint) + "\n";
  }
  text += "    " + lvs_line(section) + "\n";
  for (const std::string& line : section.lines) text += "    " + line + "\n";
  std::size_t number = 0;
  for (const ImportedServer& server : section.servers)
    text += "    " + server_line(section, server, ++number) + "\n";
  return text;
}

}  // namespace evenkeel::lvs
