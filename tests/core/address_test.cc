#include "core/address.h"

#include <gtest/gtest.h>

namespace evenkeel {
namespace {

TEST(Address, ReadsAndPrintsBothIpFamilies) {
  EXPECT_EQ(Address::from_ip("192.0.2.1", 80)->to_string(), "192.0.2.1:80");
  EXPECT_EQ(Address::from_ip("2001:db8::1", 443)->to_string(), "[2001:db8::1]:443");
  EXPECT_FALSE(Address::from_ip("192.0.2.256", 1));
  EXPECT_FALSE(Address::from_ip("", 1));
  EXPECT_FALSE(Address::from_ip("localhost", 1));
}

TEST(Address, ComparesPortsAndHosts) {
  EXPECT_EQ(Address::loopback_v4(1), *Address::from_ip("127.0.0.1", 1));
  EXPECT_FALSE(Address::loopback_v4(1) == Address::loopback_v4(2));
  EXPECT_FALSE(Address::any_v4(1) == Address::any_v6(1));
}

TEST(Address, KnowsUnixPathsAndAbstractNames) {
  EXPECT_EQ(Address::from_unix_path("/run/x.sock")->to_string(), "unix:/run/x.sock");
  EXPECT_FALSE(Address::from_unix_path(std::string(108, 'a')));
  EXPECT_EQ(Address::from_abstract("name", true)->to_string(), "abns@name");
  EXPECT_EQ(Address::from_abstract("name", true)->size(), sizeof(sockaddr_un));
  EXPECT_LT(Address::from_abstract("name", false)->size(), sizeof(sockaddr_un));
}

TEST(Address, TellsUnspecifiedFromSpecific) {
  EXPECT_TRUE(Address::any_v4(0).is_unspecified_ip());
  EXPECT_TRUE(Address::any_v6(0).is_unspecified_ip());
  EXPECT_FALSE(Address::loopback_v4(0).is_unspecified_ip());
  EXPECT_TRUE(Address::from_ip("::ffff:192.0.2.1", 0)->is_v4_mapped());
}

}  // namespace
}  // namespace evenkeel
