#include "app/udp_sections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loading.h"

namespace evenkeel::app {
namespace {

using testing::HasSubstr;

std::unique_ptr<Loaded> load_udp(const std::string& lines) {
  return load("defaults\n timeout client 1s\n timeout server 1s\nlisten dns\n mode udp\n" + lines);
}
std::string errors(const std::string& lines) { return load_udp(lines)->messages(false); }

TEST(UdpSections, ASectionOfDatagramsIsAProxyLikeAnyOther) {
  const auto loaded = load_udp(
      " bind 192.0.2.1:53,udp@[2001:db8::1]:53\n balance source\n server a 10.0.0.1:53\n server b "
      "10.0.0.2\n");
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  EXPECT_EQ(loaded->messages(), "");  // timeout connect is not missed
  EXPECT_TRUE(loaded->frontend().datagram);
  ASSERT_EQ(loaded->frontend().binds.size(), 2U);
  EXPECT_TRUE(loaded->frontend().binds[0].datagram);
  EXPECT_TRUE(loaded->frontend().binds[1].datagram);
}

TEST(UdpSections, TcpAndUdpMayShareAnAddress) {
  const auto loaded = load_udp(
      " bind :53\n server a 10.0.0.1:53\n"
      "listen tcp\n timeout connect 1s\n bind :53\n server a 10.0.0.1:53\n");
  ASSERT_TRUE(loaded->accepted());
  EXPECT_EQ(loaded->messages(), "");
}

TEST(UdpSections, WhatIsAboutConnectionsIsRefused) {
  const std::string server = " server a 10.0.0.1:53\n";
  EXPECT_THAT(errors(" bind :53 accept-proxy\n" + server), HasSubstr("'accept-proxy' reads"));
  EXPECT_THAT(errors(" bind :53 defer-accept\n" + server), HasSubstr("'defer-accept'"));
  EXPECT_THAT(errors(" bind :53 tfo\n" + server), HasSubstr("'tfo'"));
  EXPECT_THAT(errors(" bind :53 mss 1400\n" + server), HasSubstr("'mss'"));
  EXPECT_THAT(errors(" bind :53 tcp-ut 1s\n" + server), HasSubstr("'tcp-ut'"));
  EXPECT_THAT(errors(" bind /run/dns\n" + server), HasSubstr("at IP addresses only"));
  EXPECT_THAT(errors(" bind tcp@:53\n" + server), HasSubstr("a TCP address"));
  EXPECT_THAT(errors(" bind :53\n server a 10.0.0.1:53 send-proxy\n"), HasSubstr("'send-proxy'"));
  EXPECT_THAT(errors(" bind :53\n server a 10.0.0.1:53 maxconn 2 maxqueue 4\n"), HasSubstr("'maxqueue'"));
  EXPECT_THAT(errors(" bind :53\n server a /run/dns\n"), HasSubstr("go to IP addresses only"));
  EXPECT_THAT(errors(" bind :53\n tcp-response content reject\n" + server),
              HasSubstr("'tcp-response content'"));
  EXPECT_THAT(errors(" bind :53\n tcp-request connection expect-proxy layer4\n" + server),
              HasSubstr("expect-proxy' acts on a connection"));
  EXPECT_THAT(load("listen web\n bind udp@:53\n server a 10.0.0.1:53\n")->messages(false),
              HasSubstr("datagrams need a section of 'mode udp'"));
  EXPECT_THAT(
      load("frontend web\n mode udp\n bind :53\n default_backend b\nbackend b\n server a 10.0.0.1:53\n")
          ->messages(false),
      HasSubstr("udp frontend 'web' tries to use incompatible tcp backend 'b'"));
}

TEST(UdpSections, ChecksAreByDatagramsOrNameAPort) {
  const auto with = [](const std::string& option, const std::string& words) {
    return errors(" bind :53\n" + option + " server a 10.0.0.1:53 check" + words + "\n");
  };
  EXPECT_THAT(with("", ""), HasSubstr("would be checked by TCP connections"));
  EXPECT_THAT(with(" option tcp-check\n", ""), HasSubstr("would be checked by TCP connections"));
  EXPECT_EQ(with("", " port 8080"), "");
  EXPECT_EQ(with(" option dns-check\n", ""), "");
  EXPECT_EQ(with(" option udp-check send ping expect string pong\n", ""), "");
  EXPECT_THAT(with(" option udp-check send-binary 0g\n", ""), HasSubstr("hexadecimal"));
  EXPECT_THAT(with(" option udp-check min-reply 9 max-reply 8\n", ""), HasSubstr("'min-reply' is more"));
  EXPECT_THAT(with(" option udp-check recieve x\n", ""), HasSubstr("does not know 'recieve'"));
  EXPECT_THAT(with(" option dns-check type AAAAA\n", ""), HasSubstr("no type of DNS records"));
  EXPECT_THAT(with(" option dns-check name a..b\n", ""), HasSubstr("no domain name"));
}

}  // namespace
}  // namespace evenkeel::app
