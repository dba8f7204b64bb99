// Units, addresses and nearest words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conf/address.h"
#include "conf/nearest.h"
#include "conf/units.h"

namespace evenkeel::conf {
namespace {

using ::testing::HasSubstr;

TEST(Units, Durations) {
  EXPECT_EQ(parse_duration_ms("5").value, 5);
  EXPECT_EQ(parse_duration_ms("5", TimeUnit::s).value, 5000);
  EXPECT_EQ(parse_duration_ms("24d").value, 24 * 86400000LL);
  EXPECT_EQ(parse_duration_ms("1us").value, 1);
  EXPECT_EQ(parse_duration_ms("9999us").value, 10);
  EXPECT_EQ(parse_duration_us("3m").value, 180000000);
  EXPECT_EQ(parse_duration_ms("2147483647").value, 2147483647);
  for (const char* bad : {"", "5x", "1.5s", "-1", "+5", "5S", "25d", "2147483648", "18446744073709551616"})
    EXPECT_FALSE(parse_duration_ms(bad)) << bad;
  EXPECT_EQ(parse_duration_ms("5x").error, "unexpected character 'x'");
  EXPECT_FALSE(parse_duration_ms("5ms3").warning.empty());
}

TEST(Units, SizesIntegersPercentages) {
  EXPECT_EQ(parse_size("10k").value, 10240U);
  EXPECT_EQ(parse_size("1G").value, 1U << 30);
  for (const char* bad : {"", "x", "10x", "10kb", "99999999999g", "-1"}) EXPECT_FALSE(parse_size(bad)) << bad;
  EXPECT_FALSE(parse_size("5g", UINT32_MAX));
  EXPECT_EQ(parse_integer("12", 0, 20).value, 12);
  EXPECT_EQ(parse_integer("-3", -5, 20).value, -3);
  EXPECT_FALSE(parse_integer("21", 0, 20));
  EXPECT_FALSE(parse_integer("x", 0, 20));
  EXPECT_FALSE(parse_integer("", 0, 20));
  EXPECT_FALSE(parse_integer("5x", 0, 20).warning.empty());
  EXPECT_TRUE(parse_percentage("50%").value.percent);
  EXPECT_FALSE(parse_percentage("101%"));
  EXPECT_FALSE(parse_percentage("nan"));
}

std::string bind_error(std::string_view text) { return parse_address(text, AddressRules::bind()).error; }
AddressSpec server(std::string_view text) {
  const auto parsed = parse_address(text, AddressRules::server());
  EXPECT_EQ(parsed.error, "") << text;
  return parsed.value;
}

// Accepted and refused as by HAProxy 2.6 (abnsz, mptcp and quic came later).
TEST(AddressGrammar, Bind) {
  for (const char* good : {":80",
                           "*:80",
                           "[::1]:80",
                           "::1:80",
                           ":::80",
                           "ipv4@:80",
                           "ipv6@:80",
                           "unix@/tmp/x",
                           "/tmp/x",
                           "unix@x",
                           "abns@x",
                           "abnsz@x",
                           "fd@3",
                           "sockpair@3",
                           "tcp@:80",
                           "tcp4@:80",
                           "tcp6@:80",
                           "quic4@:443",
                           ":80-90",
                           "localhost:80",
                           "uxst@/tmp/x",
                           "stream+unix@/tmp/x",
                           "stream+ipv4@:80",
                           "mptcp4@:80",
                           "1.2.3:80",
                           "01.2.3.4:80",
                           "0:80",
                           "127.1:80"})
    EXPECT_EQ(bind_error(good), "") << good;
  for (const char* bad :
       {"80",       "*",          "1.2.3.4",     "1.2.3.4:",        "1.2.3.4:x", "1.2.3.4:0", ":0",
        "::80",     "[::1]",      "ipv4@::1:80", "ipv6@1.2.3.4:80", "fd@x",      "fd@",       "udp@:80",
        "udp4@:80", "quic@:443",  ":90-80",      ":80-65536",       ":65536",    ":+80",      ":-80",
        "a@b:80",   "udp@/tmp/x", "stream@:80",  "dgram@:80",       "[::1]:",    "[::1"})
    EXPECT_NE(bind_error(bad), "") << bad;
  EXPECT_THAT(bind_error("80"), HasSubstr("missing port specification in '80'"));
  EXPECT_THAT(bind_error(":x"), HasSubstr("invalid character 'x' in port number 'x'"));
}

TEST(AddressGrammar, Values) {
  EXPECT_EQ(server("1.2.3.4:80").numeric->to_string(), "1.2.3.4:80");
  EXPECT_EQ(server("[::1]:+5").port_mode, AddressSpec::Port::plus);
  EXPECT_EQ(server("1.2.3.4:-1").port_mode, AddressSpec::Port::minus);
  EXPECT_EQ(server("1.2.3.4").port_mode, AddressSpec::Port::none);
  EXPECT_EQ(server("::1:80").numeric->to_string(), "[::1]:80");
  EXPECT_EQ(server("web.example:80").kind, AddressSpec::Kind::name);
  EXPECT_EQ(server("web.example:80").host, "web.example");
  EXPECT_EQ(server("127.1:80").numeric->to_string(), "127.0.0.1:80");
  EXPECT_FALSE(parse_address("1.2.3.4:80-90", AddressRules::server()));
  EXPECT_FALSE(parse_address("fd@3", AddressRules::server()));
  const auto range = parse_address("*:80-90", AddressRules::bind()).value;
  EXPECT_EQ(range.port, 80);
  EXPECT_EQ(range.port_end, 90);
  EXPECT_EQ(parse_address("fd@7", AddressRules::bind()).value.fd, 7);
  EXPECT_EQ(split_addresses("1.2.3.4:80,:81,").size(), 2U);
}

TEST(AddressGrammar, Resolution) {
  const Resolver resolver = [](const std::string& host, AddressSpec::Family) {
    EXPECT_EQ(host, "web");
    return std::vector<Address>{*Address::from_ip("::1", 0), *Address::from_ip("10.0.0.1", 0)};
  };
  const auto all = resolve(server("web:80"), resolver, AddressSpec::Family::v4);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].to_string(), "10.0.0.1:80");
  EXPECT_EQ(resolve(server("1.2.3.4:5"), nullptr).size(), 1U);
}

TEST(Nearest, Words) {
  const std::vector<std::string_view> words = {"bind", "server", "balance", "option redispatch", "ab"};
  EXPECT_EQ(nearest("bnid", words), "bind");
  EXPECT_EQ(nearest("sever", words), "server");
  EXPECT_EQ(nearest("option redispach", words), "option redispatch");
  EXPECT_EQ(nearest("foo", words), "");
  EXPECT_EQ(nearest("x", words), "");
  EXPECT_EQ(edit_distance("ca", "ac"), 1U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
}

}  // namespace
}  // namespace evenkeel::conf
