// Every form of address of the configuration (manual, chapter 11 and keyword "bind"), and its resolution.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/units.h"
#include "core/address.h"

namespace evenkeel::conf {

struct AddressSpec {
  // name: a host name that has to be resolved. ip: numeric; any of "*", "" and "0.0.0.0" count as numeric.
  enum class Kind : std::uint8_t { ip, name, unix_path, abns, abnsz, fd, sockpair };
  enum class Port : std::uint8_t { none, absolute, plus, minus };
  enum class Family : std::uint8_t { any, v4, v6 };
  enum class Transport : std::uint8_t { stream, datagram, quic, mptcp };

  Kind kind = Kind::ip;
  Transport transport = Transport::stream;
  Family family = Family::any;  // asked for by a prefix ("ipv4@", "udp6@")
  std::string host;             // host, path or abstract name, without prefix, brackets and port
  std::optional<Address>
      numeric;  // kinds ip, unix_path, abns, abnsz; the port is the (first) absolute one, else 0
  Port port_mode = Port::none;
  std::uint16_t port = 0;      // absolute: first port; plus/minus: the offset
  std::uint16_t port_end = 0;  // last port of a range, == port without one
  int fd = -1;                 // kinds fd, sockpair
  std::string text;            // as written
};

// What a keyword accepts; anything else is an error that names the reason.
struct AddressRules {
  bool port_required = false;
  bool port_range = false;
  bool port_offset = false;
  bool port_zero = false;  // ":0" is fine (tests, "any port")
  bool fd = false;
  bool sockpair = false;
  bool datagram = false;
  bool stream = true;
  bool name = true;

  static AddressRules bind() {
    return {.port_required = true, .port_range = true, .fd = true, .sockpair = true};
  }
  static AddressRules server() { return {.port_offset = true, .port_zero = true, .sockpair = true}; }
  static AddressRules source() { return {.port_range = true, .port_zero = true}; }
};

// One address, prefixes included ("ipv4@", "unix@", "fd@", "udp@", "tcp6@", "quic4@", "stream+ipv4@", ...).
Parsed<AddressSpec> parse_address(std::string_view text, const AddressRules& rules);
// "addr:80,addr2:81": splits at commas, empty parts are skipped.
std::vector<std::string_view> split_addresses(std::string_view text);

// Name -> addresses without ports; injectable, because tests have no DNS.
using Resolver = std::function<std::vector<Address>(const std::string& host, AddressSpec::Family family)>;
// getaddrinfo(3); blocks, so it serves start-up only. Empty when the name does not resolve.
std::vector<Address> resolve_with_libc(const std::string& host, AddressSpec::Family family);
// The addresses of spec with its absolute port (0 for others); the numeric one as it is.
// preferred: taken first among names that have both families; any keeps the resolver's order.
std::vector<Address> resolve(const AddressSpec& spec, const Resolver& resolver,
                             AddressSpec::Family preferred = AddressSpec::Family::any);

}  // namespace evenkeel::conf
