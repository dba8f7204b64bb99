#include "lvs/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <sstream>

#include "lvs/arp_probe.h"
#include "lvs/gateway_probe.h"

namespace evenkeel::lvs {
namespace {

using testing::HasSubstr;
using Kind = Finding::Kind;

Endpoint at(const char* text) { return *parse_endpoint(text); }

// A director with two cards, one service through NAT, all well.
struct DoctorTest : testing::Test {
  DoctorTest() {
    facts.host.links = {{1, "lo", true, true, 65536, "", ""},
                        {2, "eth0", true, false, 1500, "dirext", ""},
                        {3, "eth1", true, false, 1500, "dirint", ""}};
    facts.host.addresses = {{2, at("192.168.4.5"), 24}, {3, at("192.168.2.5"), 24}};
    facts.host.routes = {route("192.168.4.0", 24, nullptr, 2), route("192.168.2.0", 24, nullptr, 3)};
    facts.settings = {{"net.ipv4.ip_forward", "1"},
                      {"net.ipv4.conf.all.rp_filter", "0"},
                      {"net.ipv4.vs.expire_nodest_conn", "1"},
                      {"net.ipv4.vs.conn_reuse_mode", "1"}};
    DoctorService service;
    service.section = "web";
    service.key = service_key(IPPROTO_TCP, at("192.168.4.5:80"));
    service.in_kernel = true;
    service.servers = {server("web1", "192.168.2.100:80"), server("web2", "192.168.2.200:80")};
    facts.services = {service};
    facts.owned = {service.key};
    facts.owner_alive = true;
  }
  static Route route(const char* network, int prefix, const char* gateway, int link) {
    Route result;
    result.destination = at(network);
    result.prefix = prefix;
    if (gateway != nullptr) result.gateway = at(gateway);
    result.link = link;
    return result;
  }
  static DoctorServer server(const char* name, const char* address) {
    DoctorServer result;
    result.name = name;
    result.endpoint = at(address);
    result.in_kernel = true;
    result.entry.definition.weight = 1;
    return result;
  }
  void use(Forward forward) {
    for (DoctorServer& one : service().servers) one.forward = forward;
  }
  // Everything in one network.
  void use_direct() {
    use(Forward::direct);
    service().key = service_key(IPPROTO_TCP, at("192.168.4.15:80"));
    facts.owned = {service().key};
    facts.host.addresses.push_back({2, at("192.168.4.15"), 32});
    service().servers[0].endpoint = at("192.168.4.100:80");
    service().servers[1].endpoint = at("192.168.4.200:80");
  }
  DoctorService& service() { return facts.services[0]; }
  // Exactly one finding, with these pieces.
  void expect_one(Kind kind, const std::string& text, const std::string& mend) {
    const auto findings = diagnose(facts);
    std::ostringstream all;
    report(facts, findings, all);
    ASSERT_EQ(findings.size(), 1U) << all.str();
    EXPECT_EQ(findings[0].kind, kind);
    EXPECT_THAT(findings[0].text, HasSubstr(text));
    EXPECT_THAT(findings[0].mend, HasSubstr(mend));
  }
  void expect_nothing() {
    const auto findings = diagnose(facts);
    EXPECT_TRUE(findings.empty()) << findings[0].text;
  }

  DoctorFacts facts;
};

TEST_F(DoctorTest, FindsNothingWhereAllIsWell) {
  expect_nothing();
  std::ostringstream out;
  EXPECT_EQ(report(facts, {}, out), 0);
  EXPECT_EQ(out.str(), "looked at 1 service with 2 servers\n  ok     nothing wrong found\n");
}

TEST_F(DoctorTest, NoIpvs) {
  facts.kernel_error = "this kernel has no IPVS (module ip_vs)";
  expect_one(Kind::problem, "cannot be used", "modprobe ip_vs");
  facts.kernel_error = "Permission denied: IPVS needs CAP_NET_ADMIN";
  expect_one(Kind::problem, "cannot be used", "root");
}

TEST_F(DoctorTest, NoForwarding) {
  facts.settings["net.ipv4.ip_forward"] = "0";
  expect_one(Kind::problem, "does not forward", "sysctl -w net.ipv4.ip_forward=1");
}

TEST_F(DoctorTest, DirectRoutingNeedsNoForwarding) {
  use_direct();
  facts.settings["net.ipv4.ip_forward"] = "0";
  expect_nothing();
}

TEST_F(DoctorTest, NoVirtualAddress) {
  facts.host.addresses[0].address = at("192.168.4.6");
  expect_one(Kind::problem, "192.168.4.5 of 'web'", "ip addr add 192.168.4.5/32 dev eth0");
}

TEST_F(DoctorTest, TheVirtualAddressOnACardThatIsDown) {
  facts.host.links[1].up = false;
  expect_one(Kind::problem, "which is down", "ip link set eth0 up");
}

TEST_F(DoctorTest, TheDirectorSetLikeARealServer) {
  facts.host.addresses[0].link = 1;
  facts.settings["net.ipv4.conf.all.arp_ignore"] = "1";
  expect_one(Kind::problem, "does not answer for it", "ip addr add");
}

TEST_F(DoctorTest, AServerWhoseGatewayIsAnother) {
  service().servers[1].entry.counters.in_packets = 12;
  expect_one(Kind::problem, "web2 (192.168.2.200) has been sent 12 packets",
             "--mode nat --vip 192.168.4.5 --gateway 192.168.2.5 --apply");
  service().servers[1].entry.counters.out_packets = 1;
  expect_nothing();
}

TEST_F(DoctorTest, AServerWhoseGatewayIsAnotherIsFoundWithoutTraffic) {
  const auto echo = [&](bool near, bool far) {
    facts.gateways = {{at("192.168.2.100"), at("192.0.2.1"), near, far}};
  };
  echo(true, false);
  expect_one(Kind::problem, "web1 (192.168.2.100) answers this machine, but what it answers to 192.0.2.1",
             "--mode nat --vip 192.168.4.5 --gateway 192.168.2.5 --apply");
  echo(true, true);
  expect_nothing();
  echo(false, false);  // it answers no echo at all
  expect_nothing();
}

TEST_F(DoctorTest, ChecksThroughTheVirtualAddress) {
  use_direct();
  service().checks_via_vip = true;
  facts.settings["net.ipv4.conf.all.accept_local"] = "0";
  facts.settings["net.ipv4.conf.eth0.accept_local"] = "1";
  expect_nothing();
  service().servers.pop_back();
  facts.settings["net.ipv4.conf.eth0.accept_local"] = "0";
  expect_one(Kind::problem, "dropped at eth0: it takes no packets in this machine's own name",
             "sysctl -w net.ipv4.conf.eth0.accept_local=1");
  facts.settings["net.ipv4.conf.eth0.accept_local"] = "1";
  facts.host.addresses.back().link = 3;
  facts.settings["net.ipv4.conf.eth0.rp_filter"] = "1";
  const auto findings = diagnose(facts);
  EXPECT_THAT(findings.at(0).text, HasSubstr("the address is on eth1"));
}

TEST_F(DoctorTest, WhatAKilledProcessHasLeft) {
  facts.owner_alive = false;
  facts.settings["net.ipv4.conf.eth1.accept_local"] = "1";
  std::string all;
  for (const Finding& finding : diagnose(facts)) all += finding.text + "\n";
  EXPECT_THAT(all, HasSubstr("eth1 takes packets that come in this machine's own name"));
}

TEST(GatewayProbe, EchoesAreReadAsTheyAreWritten) {
  std::string packet = echo_request(at("192.0.2.1"), at("192.168.2.100"), 77, 2);
  ASSERT_EQ(packet.size(), 28U);
  Endpoint from;
  std::uint16_t sequence = 0;
  EXPECT_FALSE(parse_echo_reply(packet, 77, from, sequence));  // a request
  packet[20] = 0;
  ASSERT_TRUE(parse_echo_reply(packet, 77, from, sequence));
  EXPECT_EQ(ip_string(from), "192.0.2.1");
  EXPECT_EQ(sequence, 2);
  EXPECT_FALSE(parse_echo_reply(packet, 78, from, sequence));
  packet[0] = '\x4f';  // options that are not there
  EXPECT_FALSE(parse_echo_reply(packet, 77, from, sequence));
  EXPECT_FALSE(parse_echo_reply("", 77, from, sequence));
  HostState host;
  EXPECT_EQ(ip_string(nobodys_address(host)), "192.0.2.1");
  Route route;
  route.destination = at("192.0.2.0");
  route.prefix = 24;
  host.routes = {route};
  EXPECT_EQ(ip_string(nobodys_address(host)), "198.51.100.1");
}

TEST_F(DoctorTest, OneArmedNat) {
  service().servers[0].endpoint = at("192.168.4.100:80");
  service().servers.pop_back();
  facts.settings["net.ipv4.conf.eth0.send_redirects"] = "1";
  const auto findings = diagnose(facts);
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_THAT(findings[0].text, HasSubstr("ICMP redirects"));
  EXPECT_EQ(findings[0].mend,
            "sysctl -w net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0");
  EXPECT_EQ(findings[1].kind, Kind::hint);
  EXPECT_THAT(findings[1].text, HasSubstr("clients of that same network"));
}

TEST_F(DoctorTest, NoWayToAServer) {
  facts.host.routes.pop_back();
  service().servers.pop_back();
  expect_one(Kind::problem, "no way to the server web1", "ip route add 192.168.2.100");
}

TEST_F(DoctorTest, DirectRoutingDoesNotReachBeyondARouter) {
  use_direct();
  service().servers[1].endpoint = at("10.9.9.9:80");
  facts.host.routes.push_back(route("0.0.0.0", 0, "192.168.4.1", 2));
  expect_one(Kind::problem, "behind the router 192.168.4.1", "lvs tun");
}

TEST_F(DoctorTest, ARealServerThatAnswersArp) {
  use_direct();
  facts.arp = {{at("192.168.4.15"), 2, "macof2"}, {at("192.168.4.200"), 2, "macof2"}};
  expect_one(Kind::problem, "web2 (192.168.4.200) (6d:61:63:6f:66:32) answers",
             "evenkeel lvs real-server --vip 192.168.4.15 --apply");
}

TEST_F(DoctorTest, AStrangerThatAnswersArp) {
  use_direct();
  facts.arp = {{at("192.168.4.15"), 2, "unseen"}};
  expect_one(Kind::problem, "another machine", "keepalived");
  // The master of the pair answers, and the backup that asks does not have the address.
  facts.host.addresses.pop_back();
  expect_one(Kind::problem, "is not on this machine", "ip addr add");
}

TEST_F(DoctorTest, RoomInTheTunnel) {
  use_direct();
  use(Forward::tunnel);
  service().servers.pop_back();
  expect_one(Kind::hint, "packets of 1480 bytes, but clients may send 1500", "mtu 1520");
  facts.host.links[1].mtu = 9000;
  facts.host.links.push_back({4, "eth2", true, false, 1500, "", ""});
  facts.host.addresses.back().link = 4;
  expect_nothing();
}

TEST_F(DoctorTest, NobodyMayServe) {
  for (DoctorServer& one : service().servers) one.entry.definition.weight = 0;
  expect_one(Kind::problem, "no server of 'web'", "show servers state");
  service().servers.clear();
  expect_one(Kind::problem, "has no server", "add servers");
}

TEST_F(DoctorTest, AServiceThatTheKernelDoesNotHave) {
  service().in_kernel = false;
  expect_one(Kind::problem, "does not have the service 'web'", "start Evenkeel");
}

TEST_F(DoctorTest, ServicesOfOthersAndOfNobody) {
  facts.owner_alive = false;
  expect_one(Kind::hint, "nobody checks the servers", "start Evenkeel");
  facts.owned.clear();
  expect_one(Kind::hint, "not Evenkeel who made it", "keepalived.conf");
  service().section.clear();
  expect_one(Kind::hint, "is not Evenkeel's", "import ipvsadm");
}

TEST_F(DoctorTest, SettingsOfTheNamespace) {
  facts.settings["net.ipv4.vs.expire_nodest_conn"] = "0";
  expect_one(Kind::hint, "hang until", "net.ipv4.vs.expire_nodest_conn=1");
  facts.settings["net.ipv4.vs.expire_nodest_conn"] = "1";
  facts.settings["net.ipv4.vs.expire_quiescent_template"] = "0";
  expect_nothing();
  service().definition.flags = kPersistent;
  expect_one(Kind::hint, "persistence leads", "expire_quiescent_template=1");
  service().definition.flags = 0;
  facts.settings["net.ipv4.vs.conntrack"] = "0";
  expect_nothing();
  facts.settings["net.netfilter.nf_conntrack_max"] = "65536";
  expect_one(Kind::hint, "do not see what IPVS forwards", "net.ipv4.vs.conntrack=1");
}

TEST_F(DoctorTest, StrictReversePath) {
  facts.settings["net.ipv4.conf.eth1.rp_filter"] = "1";
  expect_one(Kind::hint, "filtering on eth1", "sysctl -w net.ipv4.conf.eth1.rp_filter=2");
  facts.host.links[2].name = "bond0.7";
  facts.settings["net.ipv4.conf.bond0/7.rp_filter"] = "1";
  expect_one(Kind::hint, "filtering on bond0.7", "sysctl -w net.ipv4.conf.bond0/7.rp_filter=2");
  facts.settings["net.ipv4.conf.all.rp_filter"] = "2";
  expect_nothing();
}

TEST_F(DoctorTest, NobodyCouldBeAsked) {
  facts.arp_error = "Operation not permitted";
  expect_one(Kind::hint, "could not be asked", "CAP_NET_RAW");
}

TEST(Doctor, MergesConfigurationAndKernel) {
  WantedSection wanted;
  wanted.section.name = "web";
  wanted.section.forward = Forward::direct;
  wanted.section.keys = {service_key(IPPROTO_TCP, at("10.0.0.1:80"))};
  wanted.servers = {{"a", at("10.0.0.2")}, {"b", at("10.0.0.3")}};
  Table table;
  table[wanted.section.keys[0]].destinations[at("10.0.0.3:80")].definition = {Forward::direct, 5};
  table[wanted.section.keys[0]].destinations[at("10.0.0.4:80")].definition = {Forward::direct, 6};
  table[mark_key(7, AF_INET)].destinations[at("10.0.0.9:0")].definition = {Forward::masq, 1};
  const auto services = merge_services({wanted}, table);
  ASSERT_EQ(services.size(), 2U);
  ASSERT_EQ(services[0].servers.size(), 3U);
  EXPECT_FALSE(services[0].servers[0].in_kernel);
  EXPECT_EQ(services[0].servers[1].entry.definition.weight, 5U);
  EXPECT_EQ(services[0].servers[2].name, "");
  EXPECT_EQ(services[1].key.fwmark, 7U);
}

TEST(ArpProbe, AsksAndUnderstandsAnswers) {
  std::string packet = arp_probe("abcdef", at("192.168.4.15"));
  ASSERT_EQ(packet.size(), 28U);
  Endpoint address;
  std::string mac;
  EXPECT_FALSE(parse_arp_answer(packet, address, mac));  // a question
  packet[7] = 2;
  packet.replace(14, 4, "\xc0\xa8\x04\x0f");
  ASSERT_TRUE(parse_arp_answer(packet + std::string(18, '\0'), address, mac));
  EXPECT_EQ(address, at("192.168.4.15"));
  EXPECT_EQ(mac, "abcdef");
  EXPECT_FALSE(parse_arp_answer(packet.substr(0, 27), address, mac));
}

}  // namespace
}  // namespace evenkeel::lvs
