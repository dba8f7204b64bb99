#include "core/netscaler_cip.h"

#include <gtest/gtest.h>

#include <string>

namespace evenkeel {
namespace {

std::string big_endian(std::uint32_t value, int width) {
  std::string text;
  for (int i = width - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i));
  return text;
}

const std::string kTcp =
    big_endian(1111, 2) + big_endian(2222, 2) + std::string(8, '\0') + "\x50" + std::string(7, '\0');
const std::string kIpv4 = "\x45" + std::string(8, '\0') + "\x06" + std::string(2, '\0') +
                          std::string("\x01\x02\x03\x04\x05\x06\x07\x08", 8);
const std::string kIpv6 = "\x60" + std::string(5, '\0') + "\x06@" + "\x20\x01" + std::string(13, '\0') +
                          "\x01" + "\x20\x01" + std::string(13, '\0') + "\x02";

std::string legacy(const std::string& packet) {
  return big_endian(8, 4) + big_endian(static_cast<std::uint32_t>(packet.size()), 4) + packet;
}
std::string standard(const std::string& packet) {
  const auto size = static_cast<std::uint32_t>(packet.size());
  return big_endian(8, 4) + big_endian(size + 12, 4) + big_endian(1, 2) + big_endian(size, 2) + packet;
}

TEST(NetscalerCip, NamesBothEnds) {
  for (const std::string& bytes : {legacy(kIpv4 + kTcp), standard(kIpv4 + kTcp)}) {
    const CipHeader header = parse_netscaler_cip(bytes + "GET /", 8);
    ASSERT_EQ(header.status, CipParse::complete);
    EXPECT_EQ(header.length, bytes.size());
    EXPECT_EQ(header.source.to_string(), "1.2.3.4:1111");
    EXPECT_EQ(header.destination.to_string(), "5.6.7.8:2222");
    for (std::size_t n = 0; n < bytes.size(); ++n)
      EXPECT_EQ(parse_netscaler_cip(std::string_view(bytes).substr(0, n), 8).status, CipParse::need_more)
          << n;
  }
  const CipHeader header = parse_netscaler_cip(standard(kIpv6 + kTcp), 8);
  ASSERT_EQ(header.status, CipParse::complete);
  EXPECT_EQ(header.source.to_string(), "[2001::1]:1111");
  EXPECT_EQ(header.destination.to_string(), "[2001::2]:2222");
}

TEST(NetscalerCip, SkipsOptions) {
  std::string ip = kIpv4 + "abcd";
  ip[0] = '\x46';
  EXPECT_EQ(parse_netscaler_cip(legacy(ip + kTcp), 8).source.to_string(), "1.2.3.4:1111");
  EXPECT_EQ(parse_netscaler_cip(legacy(kIpv4 + kTcp + "opts"), 8).length, 8 + 44U);
}

TEST(NetscalerCip, RefusesWhatItIsNot) {
  EXPECT_EQ(parse_netscaler_cip(legacy(kIpv4 + kTcp), 9).status, CipParse::bad_magic);
  EXPECT_EQ(parse_netscaler_cip("GET / HT", 8).status, CipParse::bad_magic);
  std::string udp = kIpv4;
  udp[9] = 17;
  EXPECT_EQ(parse_netscaler_cip(legacy(udp + kTcp), 8).status, CipParse::bad_protocol);
  std::string version = kIpv4;
  version[0] = '\x55';
  EXPECT_EQ(parse_netscaler_cip(legacy(version + kTcp), 8).status, CipParse::bad_protocol);
  EXPECT_EQ(parse_netscaler_cip(legacy(kIpv4), 8).status, CipParse::bad_protocol);
  EXPECT_EQ(parse_netscaler_cip(big_endian(8, 4) + big_endian(0xffffffff, 4) + kIpv4, 8).status,
            CipParse::bad_protocol);
  EXPECT_EQ(parse_netscaler_cip(standard(""), 8).status, CipParse::bad_protocol);
}

}  // namespace
}  // namespace evenkeel
