#include "conf/address.h"

#include <netdb.h>

#include <algorithm>
#include <charconv>

namespace evenkeel::conf {
namespace {

using Kind = AddressSpec::Kind;
using Family = AddressSpec::Family;
using Transport = AddressSpec::Transport;
using PortMode = AddressSpec::Port;

struct PrefixRule {
  std::string_view prefix;
  Kind kind;
  Family family;
  Transport transport;
};

constexpr PrefixRule kPrefixes[] = {
    {"ipv4@", Kind::ip, Family::v4, Transport::stream},
    {"ipv6@", Kind::ip, Family::v6, Transport::stream},
    {"tcp@", Kind::ip, Family::any, Transport::stream},
    {"tcp4@", Kind::ip, Family::v4, Transport::stream},
    {"tcp6@", Kind::ip, Family::v6, Transport::stream},
    {"udp@", Kind::ip, Family::any, Transport::datagram},
    {"udp4@", Kind::ip, Family::v4, Transport::datagram},
    {"udp6@", Kind::ip, Family::v6, Transport::datagram},
    {"quic4@", Kind::ip, Family::v4, Transport::quic},
    {"quic6@", Kind::ip, Family::v6, Transport::quic},
    {"mptcp@", Kind::ip, Family::any, Transport::mptcp},
    {"mptcp4@", Kind::ip, Family::v4, Transport::mptcp},
    {"mptcp6@", Kind::ip, Family::v6, Transport::mptcp},
    {"unix@", Kind::unix_path, Family::any, Transport::stream},
    {"uxst@", Kind::unix_path, Family::any, Transport::stream},
    {"uxdg@", Kind::unix_path, Family::any, Transport::datagram},
    {"abns@", Kind::abns, Family::any, Transport::stream},
    {"abnsz@", Kind::abnsz, Family::any, Transport::stream},
    {"fd@", Kind::fd, Family::any, Transport::stream},
    {"sockpair@", Kind::sockpair, Family::any, Transport::stream},
};

std::optional<std::uint16_t> port_of(std::string_view text, std::string& error, const std::string& whole) {
  unsigned long n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || ec == std::errc::invalid_argument ||
      (ec == std::errc() && end != text.data() + text.size())) {
    const std::size_t at =
        ec == std::errc::invalid_argument || text.empty() ? 0 : static_cast<std::size_t>(end - text.data());
    error = text.empty() ? "missing port number in '" + whole + "'"
                         : "invalid character '" + std::string(1, text[at]) + "' in port number '" +
                               std::string(text) + "' in '" + whole + "'";
    return std::nullopt;
  }
  if (ec != std::errc() || n > 65535) {
    error = "invalid port '" + std::string(text) + "' in '" + whole + "', it must be within 1-65535";
    return std::nullopt;
  }
  return static_cast<std::uint16_t>(n);
}

class Parser {
 public:
  Parser(std::string_view text, const AddressRules& rules) : rules_(rules), rest_(text) { spec_.text = text; }

  Parsed<AddressSpec> run() {
    prefixes();
    if (rest_.starts_with('/') && spec_.kind == Kind::ip && !prefixed_ip_) spec_.kind = Kind::unix_path;
    switch (spec_.kind) {
      case Kind::unix_path:
      case Kind::abns:
      case Kind::abnsz:
        local();
        break;
      case Kind::fd:
      case Kind::sockpair:
        descriptor();
        break;
      case Kind::ip:
      case Kind::name:
        internet();
        break;
    }
    if (error_.empty()) check_transport();
    return {std::move(spec_), std::move(error_), {}};
  }

 private:
  void prefixes() {
    bool datagram = false;
    if (rest_.starts_with("stream+"))
      rest_.remove_prefix(7);
    else if (rest_.starts_with("dgram+")) {
      rest_.remove_prefix(6);
      datagram = true;
    }
    for (const PrefixRule& rule : kPrefixes) {
      if (!rest_.starts_with(rule.prefix)) continue;
      rest_.remove_prefix(rule.prefix.size());
      spec_.kind = rule.kind;
      spec_.family = rule.family;
      spec_.transport = rule.transport;
      prefixed_ip_ = rule.kind == Kind::ip;
      break;
    }
    if (datagram && spec_.transport == Transport::stream) spec_.transport = Transport::datagram;
  }

  void local() {
    spec_.host = rest_;
    if (rest_.empty()) return fail("missing path or name in '" + spec_.text + "'");
    spec_.numeric = spec_.kind == Kind::unix_path ? Address::from_unix_path(rest_)
                                                  : Address::from_abstract(rest_, spec_.kind == Kind::abns);
    if (!spec_.numeric) fail("socket path '" + spec_.host + "' is too long (at most 107 bytes)");
  }

  void descriptor() {
    const auto [end, ec] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), spec_.fd);
    if (rest_.empty() || ec != std::errc() || end != rest_.data() + rest_.size() || spec_.fd < 0)
      return fail("file descriptor '" + std::string(rest_) + "' is not a valid integer in '" + spec_.text +
                  "'");
    if (spec_.kind == Kind::sockpair && rules_.sockpair) {
      spec_.numeric = Address::passing_over(spec_.fd);
      return;
    }
    if (!rules_.fd || spec_.kind == Kind::sockpair)
      fail("a file descriptor is not acceptable here in '" + spec_.text + "'");
  }

  void internet() {
    std::string_view port;
    if (!split_port(port)) return;
    host();
    if (error_.empty()) ports(port);
    if (error_.empty() && spec_.numeric && spec_.port_mode == PortMode::absolute)
      spec_.numeric->set_port(spec_.port);
  }

  // The last colon parts host and port, as in HAProxy: "::1:80" is port 80 of ::1. Brackets make it clear.
  bool split_port(std::string_view& port) {
    if (rest_.starts_with('[')) {
      const std::size_t close = rest_.find(']');
      if (close == std::string_view::npos) return bad("missing ']' in address '" + spec_.text + "'");
      const std::string_view behind = rest_.substr(close + 1);
      if (!behind.empty() && behind[0] != ':')
        return bad("unexpected '" + std::string(behind) + "' after ']' in '" + spec_.text + "'");
      if (!behind.empty()) port = behind.substr(1);
      rest_ = rest_.substr(1, close - 1);
      bracketed_ = true;
      return true;
    }
    const std::size_t colon = rest_.rfind(':');
    if (colon == std::string_view::npos) return true;
    port = rest_.substr(colon + 1);
    rest_ = rest_.substr(0, colon);
    return true;
  }

  void host() {
    spec_.host = rest_;
    const bool v6 = spec_.family == Family::v6;
    if (rest_.empty() || rest_ == "*") {
      if (bracketed_) return fail("empty address in '" + spec_.text + "'");
      spec_.numeric = v6 ? Address::any_v6(0) : Address::any_v4(0);
      return;
    }
    spec_.numeric = Address::from_ip(rest_, 0);
    if (spec_.numeric) {
      const bool is_v6 = spec_.numeric->family() == AF_INET6;
      if ((v6 && !is_v6) || (spec_.family == Family::v4 && is_v6) || (bracketed_ && !is_v6))
        fail("invalid address '" + spec_.host + "' in '" + spec_.text + "': not of the family asked for");
      return;
    }
    name();
  }

  void name() {
    spec_.kind = Kind::name;
    const bool valid = !bracketed_ && std::all_of(rest_.begin(), rest_.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
             c == '_' || c == '.' || (static_cast<unsigned char>(c) & 0x80) != 0;
    });
    if (!valid || !rules_.name) return fail("invalid address '" + spec_.host + "' in '" + spec_.text + "'");
    // "127.1", "0" and "01.2.3.4" are numbers to libc, and so to HAProxy.
    if (std::any_of(rest_.begin(), rest_.end(), [](char c) { return (c < '0' || c > '9') && c != '.'; }))
      return;
    addrinfo hints{};
    hints.ai_family = AF_INET;
    hints.ai_flags = AI_NUMERICHOST;
    addrinfo* found = nullptr;
    if (getaddrinfo(spec_.host.c_str(), nullptr, &hints, &found) != 0) return;
    spec_.numeric = Address(found->ai_addr, found->ai_addrlen);
    spec_.kind = Kind::ip;
    freeaddrinfo(found);
  }

  void ports(std::string_view port) {
    if (port.empty()) {
      if (rules_.port_required) fail("missing port specification in '" + spec_.text + "'");
      return;
    }
    if (port[0] == '+' || port[0] == '-') return offset(port);
    const std::size_t dash = port.find('-');
    const auto first = port_of(port.substr(0, dash), error_, spec_.text);
    if (!first) return;
    spec_.port_mode = PortMode::absolute;
    spec_.port = spec_.port_end = *first;
    if (dash != std::string_view::npos) {
      const auto last = port_of(port.substr(dash + 1), error_, spec_.text);
      if (!last) return;
      spec_.port_end = *last;
      if (!rules_.port_range) return fail("port range not permitted here in '" + spec_.text + "'");
      if (*last < *first) return fail("invalid port range '" + std::string(port) + "'");
    }
    if (*first == 0 && !rules_.port_zero) fail("invalid port '0' in '" + spec_.text + "'");
  }

  void offset(std::string_view port) {
    if (!rules_.port_offset) return fail("port offset not permitted here in '" + spec_.text + "'");
    const auto value = port_of(port.substr(1), error_, spec_.text);
    if (!value) return;
    spec_.port_mode = port[0] == '+' ? PortMode::plus : PortMode::minus;
    spec_.port = spec_.port_end = *value;
  }

  void check_transport() {
    const bool datagram = spec_.transport == Transport::datagram;
    if (datagram && !rules_.datagram) fail("dgram-type address not acceptable in '" + spec_.text + "'");
    if (!datagram && !rules_.stream && spec_.text.find('@') != std::string::npos && spec_.kind == Kind::ip &&
        spec_.text.starts_with("tcp"))
      fail("stream-type address not acceptable in '" + spec_.text + "'");
  }

  void fail(std::string message) {
    if (error_.empty()) error_ = std::move(message);
  }
  bool bad(std::string message) {
    fail(std::move(message));
    return false;
  }

  const AddressRules& rules_;
  AddressSpec spec_;
  std::string_view rest_;
  std::string error_;
  bool bracketed_ = false;
  bool prefixed_ip_ = false;
};

}  // namespace

Parsed<AddressSpec> parse_address(std::string_view text, const AddressRules& rules) {
  return Parser(text, rules).run();
}

std::vector<std::string_view> split_addresses(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    if (!part.empty()) parts.push_back(part);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return parts;
}

std::vector<Address> resolve_with_libc(const std::string& host, AddressSpec::Family family) {
  addrinfo hints{};
  hints.ai_family = family == Family::v4 ? AF_INET : family == Family::v6 ? AF_INET6 : AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  std::vector<Address> out;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return out;
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next) out.emplace_back(a->ai_addr, a->ai_addrlen);
  freeaddrinfo(found);
  return out;
}

std::vector<Address> resolve(const AddressSpec& spec, const Resolver& resolver,
                             AddressSpec::Family preferred) {
  if (spec.numeric) return {*spec.numeric};
  if (spec.kind != Kind::name) return {};
  std::vector<Address> out = resolver(spec.host, spec.family);
  if (preferred != Family::any) {
    const int first = preferred == Family::v4 ? AF_INET : AF_INET6;
    std::stable_partition(out.begin(), out.end(), [&](const Address& a) { return a.family() == first; });
  }
  if (spec.port_mode == PortMode::absolute)
    for (Address& a : out) a.set_port(spec.port);
  return out;
}

}  // namespace evenkeel::conf
