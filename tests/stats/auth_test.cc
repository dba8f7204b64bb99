#include "stats/auth.h"

#include <gtest/gtest.h>

#include "stats/login_throttle.h"
#include "stats/page_token.h"

namespace evenkeel::stats {
namespace {

TEST(Auth, Basic) {
  const std::vector<Credential> users{{"Aladdin", "open sesame"}, {"bob", "a:b"}, {"empty", ""}};
  EXPECT_EQ(authenticate("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", users), "Aladdin");
  EXPECT_EQ(authenticate("basic  QWxhZGRpbjpvcGVuIHNlc2FtZQ", users), "Aladdin");
  EXPECT_EQ(authenticate("Basic Ym9iOmE6Yg==", users), "bob");
  EXPECT_EQ(authenticate("Basic ZW1wdHk6", users), "empty");
  for (const char* wrong : {"", "Basic", "Basic ", "Basic QWxhZGRpbjpvcGVu", "Bearer Ym9iOmE6Yg==",
                            "Basic !!!!", "Basic Ym9iOmE6Yg==x", "Basic QWxhZGRpbg=="}) {
    EXPECT_EQ(authenticate(wrong, users), std::nullopt) << wrong;
  }
}

TEST(Auth, Credentials) {
  EXPECT_EQ(parse_credential("user:pass:word")->password, "pass:word");
  EXPECT_EQ(parse_credential("user:")->password, "");
  EXPECT_FALSE(parse_credential("user"));
  EXPECT_FALSE(parse_credential(":pass"));
  EXPECT_EQ(basic_challenge("a \"b\" \\"), "Basic realm=\"a \\\"b\\\" \\\\\"");
}

// Whoever comes over a unix socket has no IP: all of them count as one source, and none of the others does.
TEST(LoginThrottle, TakesSourcesWithoutAnIp) {
  ManualClock clock;
  LoginThrottle throttle(clock);
  EXPECT_EQ(throttle.failed(*Address::from_unix_path("/run/a.sock")), 250);
  EXPECT_EQ(throttle.failed(*Address::from_unix_path("/run/b.sock")), 500);
  EXPECT_EQ(throttle.failed(Address()), 250);
  EXPECT_EQ(throttle.failed(*Address::from_ip("0.0.0.0", 1)), 250);
  throttle.succeeded(*Address::from_unix_path("/run/c.sock"));
  EXPECT_EQ(throttle.sources(), 2U);
}

TEST(LoginThrottle, DelaysGrowAndAreForgotten) {
  ManualClock clock;
  LoginThrottle throttle(clock);
  const Address source = *Address::from_ip("192.0.2.1", 1000);
  for (const Millis expected : {250, 500, 1000, 2000, 4000, 8000, 8000})
    EXPECT_EQ(throttle.failed(source), expected);
  EXPECT_EQ(throttle.failed(*Address::from_ip("192.0.2.2", 1000)), 250);
  throttle.succeeded(source);
  EXPECT_EQ(throttle.failed(source), 250);
  EXPECT_EQ(throttle.failed(*Address::from_ip("192.0.2.1", 2000)), 500) << "the port does not matter";
  clock.advance(LoginThrottle::kForgetAfter);
  EXPECT_EQ(throttle.failed(source), 250);
}

TEST(LoginThrottle, Ipv6CountsBySubnet) {
  ManualClock clock;
  LoginThrottle throttle(clock);
  EXPECT_EQ(throttle.failed(*Address::from_ip("2001:db8::1", 1)), 250);
  EXPECT_EQ(throttle.failed(*Address::from_ip("2001:db8::ffff:2", 1)), 500);
  EXPECT_EQ(throttle.failed(*Address::from_ip("2001:db8:0:1::1", 1)), 250);
  EXPECT_EQ(throttle.failed(*Address::from_ip("::ffff:192.0.2.1", 1)), 250);
  EXPECT_EQ(throttle.failed(*Address::from_ip("192.0.2.1", 1)), 500);
}

TEST(LoginThrottle, MemoryIsBounded) {
  ManualClock clock;
  LoginThrottle throttle(clock);
  for (unsigned i = 0; i < LoginThrottle::kMaxSources + 100; ++i) {
    clock.advance(1);
    const std::string ip = "10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256);
    EXPECT_EQ(throttle.failed(*Address::from_ip(ip, 1)), 250);
  }
  EXPECT_EQ(throttle.sources(), LoginThrottle::kMaxSources);
}

TEST(PageTokens, BelongToUserAndHour) {
  const PageTokens tokens;
  const std::string token = tokens.make("bob", 7200);
  EXPECT_EQ(token.size(), 64U);
  EXPECT_TRUE(tokens.valid(token, "bob", 7200));
  EXPECT_TRUE(tokens.valid(token, "bob", 7200 + 3600 + 3599));
  EXPECT_FALSE(tokens.valid(token, "bob", 7200 + 7200));
  EXPECT_FALSE(tokens.valid(token, "eve", 7200));
  EXPECT_FALSE(tokens.valid("", "bob", 7200));
  EXPECT_FALSE(tokens.valid(token.substr(1), "bob", 7200));
  EXPECT_FALSE(PageTokens().valid(token, "bob", 7200));
}

}  // namespace
}  // namespace evenkeel::stats
