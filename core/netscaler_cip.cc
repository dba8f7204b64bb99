#include "core/netscaler_cip.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

namespace evenkeel {
namespace {

constexpr std::size_t kPrefix = 8;    // magic, length
constexpr std::size_t kStandard = 4;  // type, length
constexpr std::size_t kLongest = 4096;
constexpr std::size_t kTcpShortest = 20;
constexpr std::uint8_t kTcp = 6;

std::uint32_t number(std::string_view bytes, std::size_t at, std::size_t width) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

Address ipv4(std::string_view ip, std::uint32_t port) noexcept {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  std::memcpy(&address.sin_addr, ip.data(), sizeof address.sin_addr);
  return {reinterpret_cast<const sockaddr*>(&address), sizeof address};
}

Address ipv6(std::string_view ip, std::uint32_t port) noexcept {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(static_cast<std::uint16_t>(port));
  std::memcpy(&address.sin6_addr, ip.data(), sizeof address.sin6_addr);
  return {reinterpret_cast<const sockaddr*>(&address), sizeof address};
}

// The two ends that an IP header and the TCP header behind it name; false: it is no such thing.
bool read_packet(std::string_view packet, CipHeader& out) noexcept {
  constexpr std::size_t kIpv4 = 20;
  constexpr std::size_t kIpv6 = 40;
  if (packet.size() < kIpv4 + kTcpShortest) return false;
  const unsigned version = static_cast<unsigned char>(packet[0]) >> 4U;
  if (version == 4) {
    const std::size_t ip = 4U * (static_cast<unsigned char>(packet[0]) & 15U);
    if (ip < kIpv4 || packet.size() < ip + kTcpShortest || number(packet, 9, 1) != kTcp) return false;
    out.source = ipv4(packet.substr(12, 4), number(packet, ip, 2));
    out.destination = ipv4(packet.substr(16, 4), number(packet, ip + 2, 2));
    return true;
  }
  if (version != 6 || packet.size() < kIpv6 + kTcpShortest || number(packet, 6, 1) != kTcp) return false;
  out.source = ipv6(packet.substr(8, 16), number(packet, kIpv6, 2));
  out.destination = ipv6(packet.substr(24, 16), number(packet, kIpv6 + 2, 2));
  return true;
}

}  // namespace

CipHeader parse_netscaler_cip(std::string_view bytes, std::uint32_t magic) {
  CipHeader header;
  if (bytes.size() >= 4 && number(bytes, 0, 4) != magic) {
    header.status = CipParse::bad_magic;
    return header;
  }
  if (bytes.size() < kPrefix + 1) return header;
  // The older form goes on with an IP header, the newer one with a type, whose first byte is 0.
  const bool standard = bytes[kPrefix] == 0;
  const std::size_t begin = kPrefix + (standard ? kStandard : 0);
  if (bytes.size() < begin) return header;
  const std::size_t length = standard ? number(bytes, kPrefix + 2, 2) : number(bytes, 4, 4);
  if (length > kLongest) {
    header.status = CipParse::bad_protocol;
    return header;
  }
  if (bytes.size() < begin + length) return header;
  header.status =
      read_packet(bytes.substr(begin, length), header) ? CipParse::complete : CipParse::bad_protocol;
  if (header.status == CipParse::complete) header.length = begin + length;
  return header;
}

}  // namespace evenkeel
