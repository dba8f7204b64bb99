#include "backends/rdp_persistence.h"

#include <gtest/gtest.h>

namespace evenkeel::backends {
namespace {

std::string read(std::string_view token) {
  const auto address = rdp_token_address(token);
  return address ? address->to_string() : "none";
}

TEST(RdpPersistence, ReadsTokens) {
  EXPECT_EQ(read("16777343.15629.0000"), "127.0.0.1:3389");
  EXPECT_EQ(read("3640205228.15629.0000"), "172.31.249.216:3389");
}

TEST(RdpPersistence, RefusesWhatIsNoToken) {
  for (const char* token :
       {"", "user", "16777343", "16777343.15629", "99999999999.1.0", "1.70000.0", "-1.1.0"}) {
    EXPECT_EQ(read(token), "none") << token;
  }
}

}  // namespace
}  // namespace evenkeel::backends
