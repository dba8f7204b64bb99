#include "core/proxy_protocol.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace evenkeel {
namespace {

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kFixed = 16;
constexpr std::size_t kUnixPath = 108;

ProxyParseResult bad(std::string_view why) noexcept { return {ProxyParse::bad, 0, why}; }

constexpr std::array<std::uint32_t, 256> make_crc_table() noexcept {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = (c & 1) != 0 ? c >> 1 ^ 0x82F63B78U : c >> 1;
    table[i] = c;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kCrcTable = make_crc_table();

std::uint8_t byte_at(std::string_view s, std::size_t i) noexcept { return static_cast<std::uint8_t>(s[i]); }
std::uint16_t u16_at(std::string_view s, std::size_t i) noexcept {
  return static_cast<std::uint16_t>(byte_at(s, i) << 8 | byte_at(s, i + 1));
}
std::uint32_t u32_at(std::string_view s, std::size_t i) noexcept {
  return static_cast<std::uint32_t>(u16_at(s, i)) << 16 | u16_at(s, i + 2);
}

// The next word of a version 1 line; words are separated by exactly one space.
std::optional<std::string_view> take_word(std::string_view& line) noexcept {
  if (line.empty() || line.front() != ' ') return std::nullopt;
  line.remove_prefix(1);
  const std::size_t n = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, n);
  line.remove_prefix(n);
  if (word.empty()) return std::nullopt;
  return word;
}

// A port in decimal without leading zeros.
std::optional<std::uint16_t> read_port(std::string_view word) noexcept {
  if (word.empty() || word.size() > 5 || (word.size() > 1 && word.front() == '0')) return std::nullopt;
  unsigned port = 0;
  for (const char c : word) {
    if (c < '0' || c > '9') return std::nullopt;
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  if (port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

ProxyParseResult parse_v1(std::string_view bytes, ProxyHeader& out) {
  const std::size_t lf = bytes.substr(0, kMaxProxyV1).find('\n');
  if (lf == std::string_view::npos) {
    return bytes.size() >= kMaxProxyV1 ? bad("PROXY line too long") : ProxyParseResult{};
  }
  if (lf == 0 || bytes[lf - 1] != '\r') return bad("PROXY line does not end with CRLF");
  out.version = 1;
  std::string_view line = bytes.substr(5, lf - 6);
  const ProxyParseResult done{ProxyParse::complete, lf + 1, {}};
  const auto protocol = take_word(line);
  if (!protocol) return bad("malformed PROXY line");
  if (*protocol == "UNKNOWN") return done;
  if (*protocol != "TCP4" && *protocol != "TCP6") return bad("unknown protocol in PROXY line");
  const int family = *protocol == "TCP4" ? AF_INET : AF_INET6;
  const auto source_ip = take_word(line);
  const auto destination_ip = take_word(line);
  const auto source_word = take_word(line);
  const auto destination_word = take_word(line);
  if (!source_ip || !destination_ip || !source_word || !destination_word || !line.empty()) {
    return bad("malformed PROXY line");
  }
  const auto source_port = read_port(*source_word);
  const auto destination_port = read_port(*destination_word);
  if (!source_port || !destination_port) return bad("invalid port in PROXY line");
  const auto source = Address::from_ip(*source_ip, *source_port);
  const auto destination = Address::from_ip(*destination_ip, *destination_port);
  if (!source || !destination || source->family() != family || destination->family() != family) {
    return bad("invalid address in PROXY line");
  }
  out.source = *source;
  out.destination = *destination;
  out.has_addresses = true;
  return done;
}

Address ip_address(std::string_view ip, std::uint16_t port) noexcept {
  Address address = ip.size() == 4 ? Address::any_v4(port) : Address::any_v6(port);
  char* to = ip.size() == 4
                 ? reinterpret_cast<char*>(&reinterpret_cast<sockaddr_in*>(address.data())->sin_addr)
                 : reinterpret_cast<char*>(&reinterpret_cast<sockaddr_in6*>(address.data())->sin6_addr);
  std::memcpy(to, ip.data(), ip.size());
  return address;
}

Address unix_address(std::string_view path) noexcept {
  sockaddr_un un{};
  un.sun_family = AF_UNIX;
  std::memcpy(un.sun_path, path.data(), std::min(path.size(), sizeof un.sun_path));
  std::size_t length = sizeof un;
  const std::size_t end = path.find('\0');
  if (end != 0 && end != std::string_view::npos) length = offsetof(sockaddr_un, sun_path) + end + 1;
  return {reinterpret_cast<sockaddr*>(&un), static_cast<socklen_t>(length)};
}

// Reads the addresses at the start of `rest` and cuts them off. False when they are cut short.
bool take_addresses(std::uint8_t family, std::string_view& rest, ProxyHeader& out) {
  const std::size_t ip = family == 1 ? 4 : 16;
  const std::size_t need = family == 3 ? 2 * kUnixPath : 2 * ip + 4;
  if (rest.size() < need) return false;
  if (family == 3) {
    out.source = unix_address(rest.substr(0, kUnixPath));
    out.destination = unix_address(rest.substr(kUnixPath, kUnixPath));
  } else {
    out.source = ip_address(rest.substr(0, ip), u16_at(rest, 2 * ip));
    out.destination = ip_address(rest.substr(ip, ip), u16_at(rest, 2 * ip + 2));
  }
  out.has_addresses = true;
  rest.remove_prefix(need);
  return true;
}

bool read_ssl(std::string_view value, ProxySsl& ssl) noexcept {
  if (value.size() < 5) return false;
  ssl.present = true;
  ssl.client = byte_at(value, 0);
  ssl.verify = u32_at(value, 1);
  ProxyTlvReader reader(value.substr(5));
  ProxyTlvField field;
  while (reader.next(field)) {
    switch (static_cast<ProxyTlv>(field.type)) {
      case ProxyTlv::ssl_version:
        ssl.version = field.value;
        break;
      case ProxyTlv::ssl_cn:
        ssl.common_name = field.value;
        break;
      case ProxyTlv::ssl_cipher:
        ssl.cipher = field.value;
        break;
      case ProxyTlv::ssl_sig_alg:
        ssl.sig_alg = field.value;
        break;
      case ProxyTlv::ssl_key_alg:
        ssl.key_alg = field.value;
        break;
      default:
        break;
    }
  }
  return reader.intact();
}

// The checksum is computed over the whole header with the field's own four bytes as zeros (section 2.2.3).
bool checksum_holds(std::string_view header, std::string_view field) noexcept {
  if (field.size() != 4) return false;
  const auto at = static_cast<std::size_t>(field.data() - header.data());
  std::uint32_t crc = crc32c(header.substr(0, at));
  crc = crc32c(std::string_view("\0\0\0\0", 4), crc);
  return crc32c(header.substr(at + 4), crc) == u32_at(field, 0);
}

std::string_view read_fields(std::string_view header, ProxyHeader& out) {
  ProxyTlvReader reader(out.tlvs);
  ProxyTlvField field;
  while (reader.next(field)) {
    switch (static_cast<ProxyTlv>(field.type)) {
      case ProxyTlv::alpn:
        out.alpn = field.value;
        break;
      case ProxyTlv::authority:
        out.authority = field.value;
        break;
      case ProxyTlv::unique_id:
        if (field.value.size() > 128) return "PROXY unique ID too long";
        out.unique_id = field.value;
        break;
      case ProxyTlv::netns:
        out.netns = field.value;
        break;
      case ProxyTlv::crc32c:
        if (!checksum_holds(header, field.value)) return "PROXY checksum mismatch";
        break;
      case ProxyTlv::ssl:
        if (!read_ssl(field.value, out.ssl)) return "malformed PROXY SSL field";
        break;
      default:
        break;
    }
  }
  return reader.intact() ? std::string_view() : "malformed PROXY fields";
}

ProxyParseResult parse_v2(std::string_view bytes, ProxyHeader& out) {
  if (bytes.size() < kFixed) return {};
  const std::uint8_t command = byte_at(bytes, 12);
  const std::uint8_t family = byte_at(bytes, 13) >> 4;
  const std::uint8_t transport = byte_at(bytes, 13) & 0xf;
  if (command >> 4 != 2) return bad("unknown version of the PROXY protocol");
  if ((command & 0xf) > 1) return bad("unknown PROXY command");
  const std::size_t length = kFixed + u16_at(bytes, 14);
  if (bytes.size() < length) return {};
  const std::string_view header = bytes.substr(0, length);
  std::string_view rest = header.substr(kFixed);
  out.version = 2;
  out.local = (command & 0xf) == 0;
  const ProxyParseResult done{ProxyParse::complete, length, {}};
  if (out.local) return done;  // everything else must be ignored
  if (family > 3 || transport > 2) return bad("unknown PROXY address family or transport");
  out.stream = transport != 2;
  // Without a family the length of the address block is unknown, so the fields cannot be found, either.
  if (family == 0 || transport == 0) return done;
  if (!take_addresses(family, rest, out)) return bad("PROXY addresses cut short");
  out.tlvs = rest;
  const std::string_view error = read_fields(header, out);
  return error.empty() ? done : bad(error);
}

void put_u16(std::string& out, std::size_t v) {
  out += static_cast<char>(v >> 8);
  out += static_cast<char>(v);
}

// An IPv4 address as IPv6 (::ffff:a.b.c.d).
Address as_v6(const Address& a) {
  if (a.family() != AF_INET) return a;
  std::string ip(16, '\0');
  ip[10] = ip[11] = '\xff';
  ip.replace(12, 4, a.ip_bytes());
  return ip_address(ip, a.port());
}

void put_addresses(std::string& out, const Address& source, const Address& destination) {
  out.append(source.ip_bytes()).append(destination.ip_bytes());
  put_u16(out, source.port());
  put_u16(out, destination.port());
}

void put_unix(std::string& out, const Address& address) {
  const auto* un = reinterpret_cast<const sockaddr_un*>(address.data());
  out.append(un->sun_path, kUnixPath);
}

void put_field(std::string& out, ProxyTlv type, std::string_view value) {
  if (value.empty() || out.size() + 3 + value.size() > kMaxProxyV2) return;
  out += static_cast<char>(type);
  put_u16(out, value.size());
  out.append(value);
}

std::string ssl_value(const ProxySsl& ssl) {
  std::string value;
  value += static_cast<char>(ssl.client);
  put_u16(value, ssl.verify >> 16);
  put_u16(value, ssl.verify & 0xffff);
  put_field(value, ProxyTlv::ssl_version, ssl.version);
  put_field(value, ProxyTlv::ssl_cn, ssl.common_name);
  put_field(value, ProxyTlv::ssl_key_alg, ssl.key_alg);
  put_field(value, ProxyTlv::ssl_sig_alg, ssl.sig_alg);
  put_field(value, ProxyTlv::ssl_cipher, ssl.cipher);
  return value;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc) noexcept {
  crc = ~crc;
  for (const char c : bytes) crc = kCrcTable[(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ crc >> 8;
  return ~crc;
}

bool ProxyTlvReader::next(ProxyTlvField& out) noexcept {
  if (rest_.size() < 3) return false;
  const std::size_t length = u16_at(rest_, 1);
  if (rest_.size() < 3 + length) return false;
  out.type = byte_at(rest_, 0);
  out.value = rest_.substr(3, length);
  rest_.remove_prefix(3 + length);
  return true;
}

ProxyParseResult parse_proxy_header(std::string_view bytes, ProxyHeader& out) {
  out = {};
  constexpr std::string_view kV1 = "PROXY";
  const auto starts = [&](std::string_view magic) {
    const std::size_t n = std::min(bytes.size(), magic.size());
    return bytes.substr(0, n) == magic.substr(0, n);
  };
  if (starts(kV1)) return bytes.size() < kV1.size() ? ProxyParseResult{} : parse_v1(bytes, out);
  if (starts(kSignature)) return parse_v2(bytes, out);
  return bad("no PROXY header");
}

std::string build_proxy_v1(const Address& source, const Address& destination) {
  if (!source.is_ip() || !destination.is_ip()) return "PROXY UNKNOWN\r\n";
  const bool v4 = source.family() == AF_INET && destination.family() == AF_INET;
  const Address from = v4 ? source : as_v6(source);
  const Address to = v4 ? destination : as_v6(destination);
  std::string line = v4 ? "PROXY TCP4 " : "PROXY TCP6 ";
  line.append(from.ip_string()).append(" ").append(to.ip_string());
  line.append(" ")
      .append(std::to_string(from.port()))
      .append(" ")
      .append(std::to_string(to.port()))
      .append("\r\n");
  return line;
}

std::string build_proxy_v2(const Address& source, const Address& destination, const ProxyV2Options& options) {
  std::string out(kSignature);
  out += options.local ? '\x20' : '\x21';
  const bool ip = source.is_ip() && destination.is_ip();
  const bool local_sockets = source.family() == AF_UNIX && destination.family() == AF_UNIX;
  const bool v4 = ip && source.family() == AF_INET && destination.family() == AF_INET;
  const bool known = !options.local && (ip || local_sockets);
  out += !known ? '\0' : v4 ? '\x11' : ip ? '\x21' : '\x31';
  put_u16(out, 0);
  if (known && local_sockets) {
    put_unix(out, source);
    put_unix(out, destination);
  } else if (known) {
    put_addresses(out, v4 ? source : as_v6(source), v4 ? destination : as_v6(destination));
  }
  std::size_t checksum_at = 0;
  if (options.crc32c) {
    put_field(out, ProxyTlv::crc32c, std::string_view("\0\0\0\0", 4));
    checksum_at = out.size() - 4;
  }
  put_field(out, ProxyTlv::alpn, options.alpn);
  put_field(out, ProxyTlv::authority, options.authority);
  put_field(out, ProxyTlv::unique_id, options.unique_id.substr(0, 128));
  if (options.ssl.present) put_field(out, ProxyTlv::ssl, ssl_value(options.ssl));
  put_field(out, ProxyTlv::netns, options.netns);
  for (const ProxyTlvField& field : options.others)
    put_field(out, static_cast<ProxyTlv>(field.type), field.value);
  out[14] = static_cast<char>((out.size() - kFixed) >> 8);
  out[15] = static_cast<char>(out.size() - kFixed);
  if (checksum_at != 0) {
    const std::uint32_t crc = crc32c(out);
    for (int i = 0; i < 4; ++i)
      out[checksum_at + static_cast<std::size_t>(i)] = static_cast<char>(crc >> (24 - 8 * i));
  }
  return out;
}

}  // namespace evenkeel
