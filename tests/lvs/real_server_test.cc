#include "lvs/real_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "simulated_host.h"

namespace evenkeel::lvs {
namespace {

using testing::HasSubstr;
using testing::Not;

Endpoint at(const char* text) { return *parse_endpoint(text); }

struct RealServerTest : testing::Test {
  RealServerTest() {
    host.state.links = {{1, "lo", true, true, 65536, "", ""},
                        {2, "eth0", true, false, 1500, "\x02\0\0\0\0\x01", ""}};
    host.state.addresses = {{1, at("127.0.0.1"), 8}, {2, at("192.168.4.100"), 24}};
    for (const char* who : {"all", "lo"}) {
      host.settings[std::string("net.ipv4.conf.") + who + ".arp_ignore"] = "0";
      host.settings[std::string("net.ipv4.conf.") + who + ".arp_announce"] = "0";
    }
    host.settings["net.ipv4.conf.all.rp_filter"] = "2";
    wish.vip = at("192.168.4.15");
    wish.interface = "lo";
  }
  int check() { return out.str(""), check_real_server(wish, host, out); }
  int apply() { return out.str(""), apply_real_server(wish, host, undo, out); }
  int revert() { return out.str(""), undo_real_server(wish, host, undo, out); }
  void use_nat() {
    wish.forward = Forward::masq;
    wish.interface = "";
    wish.gateway = at("192.168.4.5");
  }
  Route gateway(const char* address) {
    Route route;
    route.destination.family = AF_INET;
    route.gateway = at(address);
    route.link = 2;
    return route;
  }

  SimulatedHost host;
  RealServerWish wish;
  RealServerUndo undo;
  std::ostringstream out;
};

TEST_F(RealServerTest, SaysWhatIsMissingAndHowToMendIt) {
  EXPECT_EQ(check(), 1);
  EXPECT_THAT(out.str(), HasSubstr("wrong  net.ipv4.conf.all.arp_ignore is 0, not 1"));
  EXPECT_THAT(out.str(), HasSubstr("sysctl -w net.ipv4.conf.lo.arp_announce=2"));
  EXPECT_THAT(out.str(), HasSubstr("ip addr add 192.168.4.15/32 dev lo"));
  EXPECT_TRUE(host.done.empty());
}

TEST_F(RealServerTest, SetsTheAddressLastAndPutsAllBack) {
  const auto before = host.settings;
  EXPECT_EQ(apply(), 0) << out.str();
  ASSERT_EQ(host.done.size(), 5U);
  EXPECT_EQ(host.done.back(), "address 192.168.4.15");
  EXPECT_EQ(check(), 0) << out.str();
  EXPECT_EQ(apply(), 0);  // again: nothing to do, nothing forgotten
  EXPECT_EQ(host.done.size(), 5U);
  undo = parse_undo(format_undo(undo));
  EXPECT_EQ(revert(), 0) << out.str();
  EXPECT_EQ(host.settings, before);
  EXPECT_EQ(host.state.holder(wish.vip), nullptr);
  EXPECT_EQ(revert(), 0);
  EXPECT_THAT(out.str(), HasSubstr("nothing has been set"));
  EXPECT_EQ(format_undo(undo), "");
}

TEST_F(RealServerTest, AnAddressThatWasThereBeforeStays) {
  host.state.addresses.push_back({1, wish.vip, 32});
  EXPECT_EQ(apply(), 0);
  EXPECT_EQ(revert(), 0);
  EXPECT_NE(host.state.holder(wish.vip), nullptr);
}

TEST_F(RealServerTest, TheSettingsStayForTheOtherAddress) {
  apply();
  const Endpoint first = wish.vip;
  wish.vip = at("192.168.4.16");
  apply();
  wish.vip = first;
  EXPECT_EQ(revert(), 0);
  EXPECT_EQ(host.settings["net.ipv4.conf.all.arp_ignore"], "1");
  wish.vip = at("192.168.4.16");
  EXPECT_EQ(revert(), 0);
  EXPECT_EQ(host.settings["net.ipv4.conf.all.arp_ignore"], "0");
}

TEST_F(RealServerTest, TheAddressOnTheWrongCardIsSomebodysDecision) {
  host.state.addresses.push_back({2, wish.vip, 24});
  EXPECT_EQ(apply(), 1);
  EXPECT_THAT(out.str(), HasSubstr("192.168.4.15 is on eth0"));
  EXPECT_THAT(out.str(), HasSubstr("ip addr del 192.168.4.15/24 dev eth0"));
}

TEST_F(RealServerTest, AWidePrefixOnLoIsAMistake) {
  host.state.addresses.push_back({1, wish.vip, 24});
  EXPECT_EQ(check(), 1);
  EXPECT_THAT(out.str(), HasSubstr("makes the whole network this machine's own"));
}

TEST_F(RealServerTest, SixHasNoArp) {
  wish.vip = at("[fd00::15]");
  EXPECT_EQ(check(), 1);
  EXPECT_THAT(out.str(), Not(HasSubstr("arp")));
  EXPECT_THAT(out.str(), HasSubstr("ip -6 addr add fd00::15/128 dev lo"));
  EXPECT_EQ(apply(), 0);
}

TEST_F(RealServerTest, MakesTheTunnel) {
  wish.forward = Forward::tunnel;
  wish.interface = "tunl0";
  EXPECT_EQ(check(), 1);
  EXPECT_THAT(out.str(), HasSubstr("there is no tunl0"));
  EXPECT_EQ(apply(), 0) << out.str();
  EXPECT_TRUE(host.state.link("tunl0")->up);
  EXPECT_EQ(host.settings["net.ipv4.conf.tunl0.rp_filter"], "0");
  EXPECT_EQ(host.settings["net.ipv4.conf.all.rp_filter"], "0");
  EXPECT_EQ(check(), 0) << out.str();
  EXPECT_EQ(revert(), 0);
  EXPECT_FALSE(host.state.link("tunl0")->up);
  EXPECT_EQ(host.settings["net.ipv4.conf.all.rp_filter"], "2");
}

TEST_F(RealServerTest, NatNeedsTheDirectorAsGateway) {
  use_nat();
  host.state.routes = {gateway("192.168.4.1")};
  EXPECT_EQ(check(), 1);
  EXPECT_THAT(out.str(), HasSubstr("the default gateway is 192.168.4.1"));
  EXPECT_THAT(out.str(), HasSubstr("ip route replace default via 192.168.4.5"));
  EXPECT_EQ(apply(), 0) << out.str();
  ASSERT_EQ(host.state.routes.size(), 1U);
  EXPECT_EQ(host.state.routes[0].gateway, at("192.168.4.5"));
  EXPECT_EQ(check(), 0);
  undo = parse_undo(format_undo(undo));
  EXPECT_EQ(revert(), 0) << out.str();
  ASSERT_EQ(host.state.routes.size(), 1U);
  EXPECT_EQ(host.state.routes[0].gateway, at("192.168.4.1"));
}

TEST_F(RealServerTest, NatWithoutAGatewayToCompareOnlyLooks) {
  use_nat();
  wish.gateway.reset();
  EXPECT_EQ(check(), 1);
  host.state.routes = {gateway("192.168.4.1")};
  EXPECT_EQ(check(), 0);
  host.state.addresses.push_back({1, wish.vip, 32});
  EXPECT_EQ(check(), 1);
  EXPECT_THAT(out.str(), HasSubstr("only the director has the virtual address"));
}

TEST_F(RealServerTest, WhatTheKernelRefusesIsToldAndNotRemembered) {
  host.broken = EPERM;
  out.str("");
  EXPECT_EQ(apply(), 1);
  EXPECT_THAT(out.str(), HasSubstr("not permitted"));
  EXPECT_TRUE(undo.settings.empty());
}

TEST(RealServer, UndoFilesOfOthersAreNoDanger) {
  EXPECT_EQ(format_undo(parse_undo("vip\nsetting\nroute-before 4 no.address 1 1\n\nx y z\n")), "");
}

TEST(RealServer, WritesWhatTheNextBootNeeds) {
  RealServerWish wish;
  wish.vip = at("192.168.4.15");
  wish.interface = "lo";
  const std::string text = persisting(wish);
  EXPECT_THAT(text, HasSubstr("net.ipv4.conf.lo.arp_announce = 2"));
  EXPECT_THAT(text, HasSubstr("up ip addr add 192.168.4.15/32 dev lo"));
}

}  // namespace
}  // namespace evenkeel::lvs
