#include "lvs/check_paths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "health/vip_path.h"
#include "lvs/keeper.h"
#include "lvs/state_file.h"
#include "simulated_host.h"
#include "simulated_kernel.h"

namespace evenkeel::lvs {
namespace {

using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

Endpoint at(const char* text) { return *parse_endpoint(text); }

// A director with one card to the servers and one to elsewhere.
struct CheckPathsTest : testing::Test {
  CheckPathsTest() {
    SectionDef section;
    section.name = "web";
    section.forward = Forward::direct;
    section.service.scheduler = "wlc";
    section.keys = {service_key(IPPROTO_TCP, at("192.168.4.15:80"))};
    path = std::make_shared<health::VipPath>(address_of(at("192.168.4.15:80")), kFirstCheckMark + 5);
    section.checked = {{"web1", path}};
    def.sections = {section};
    auto owned = std::make_unique<SimulatedHost>();
    host = owned.get();
    host->state.links = {{1, "lo", true, true, 65536, "", ""},
                         {2, "eth0", true, false, 1500, "", ""},
                         {3, "eth1.7", true, false, 1500, "", ""}};
    host->state.addresses = {
        {2, at("192.168.4.15"), 32}, {2, at("192.168.4.5"), 24}, {3, at("10.0.0.1"), 24}};
    host->state.routes = {route("192.168.4.0", 24, 2), route("10.0.0.0", 24, 3)};
    host->settings = {{"net.ipv4.conf.all.accept_local", "0"},
                      {"net.ipv4.conf.eth0.accept_local", "0"},
                      {"net.ipv4.conf.all.rp_filter", "1"},
                      {"net.ipv4.conf.eth0.rp_filter", "0"},
                      {"net.ipv4.conf.eth1/7.rp_filter", "0"}};
    paths = std::make_unique<CheckPaths>(def, std::move(owned),
                                         [this](LogLevel, const std::string& text) { log.push_back(text); });
    helper("192.168.4.100");
  }
  static Route route(const char* network, int prefix, int link) {
    Route result;
    result.destination = at(network);
    result.prefix = prefix;
    result.link = link;
    return result;
  }
  void helper(const char* server) {
    present.clear();
    present[check_key(def.sections[0].checked[0])].destinations[at(server)];
  }
  bool keep() { return paths->keep(present, before, now += std::chrono::seconds(5)); }
  [[nodiscard]] std::string why() const {
    std::string text;
    const ConnectAttempt attempt = path->connect(80, false, text);
    if (attempt.fd >= 0) close(attempt.fd);
    return text;
  }

  Def def;
  std::shared_ptr<health::VipPath> path;
  SimulatedHost* host = nullptr;
  std::unique_ptr<CheckPaths> paths;
  Table present;
  CheckPaths::Settings before;
  Clock::time_point now{};
  std::vector<std::string> log;
};

TEST_F(CheckPathsTest, ClosedUntilTheKernelHasTheService) {
  EXPECT_THAT(why(), HasSubstr("not prepared yet"));
  present.clear();
  EXPECT_FALSE(keep());
  EXPECT_THAT(why(), HasSubstr("the kernel does not have the service"));
  helper("192.168.9.9");
  keep();
  EXPECT_THAT(why(), HasSubstr("no route to 192.168.9.9"));
}

TEST_F(CheckPathsTest, TheInterfaceToTheServerAcceptsOwnAddressesUntilTheEnd) {
  EXPECT_TRUE(keep());
  EXPECT_EQ(host->settings["net.ipv4.conf.eth0.accept_local"], "1");
  EXPECT_EQ(host->settings["net.ipv4.conf.eth0.rp_filter"], "0");  // the address is on that very interface
  EXPECT_FALSE(keep());
  host->settings["net.ipv4.conf.eth0.accept_local"] = "0";  // somebody's sysctl -p
  keep();
  EXPECT_EQ(host->settings["net.ipv4.conf.eth0.accept_local"], "1");
  paths->end(before);
  EXPECT_EQ(host->settings["net.ipv4.conf.eth0.accept_local"], "0");
  EXPECT_TRUE(before.empty());
  EXPECT_THAT(why(), HasSubstr("stopping"));
}

TEST_F(CheckPathsTest, StrictFilteringIsLoosenedWhereTheAddressIsElsewhere) {
  helper("10.0.0.9");
  EXPECT_TRUE(keep());
  EXPECT_EQ(host->settings["net.ipv4.conf.eth1/7.rp_filter"], "2");
  EXPECT_FALSE(keep());
  EXPECT_EQ(host->settings["net.ipv4.conf.eth1/7.rp_filter"], "2");
  EXPECT_EQ(before.at("net.ipv4.conf.eth1/7.rp_filter"), "0");
  helper("192.168.4.100");  // the server has moved
  EXPECT_TRUE(keep());
  EXPECT_EQ(host->settings["net.ipv4.conf.eth1/7.rp_filter"], "0");
}

TEST_F(CheckPathsTest, NothingIsSetForIpv6) {
  path = std::make_shared<health::VipPath>(address_of(at("[fd04::15]:80")), kFirstCheckMark);
  def.sections[0].keys = {service_key(IPPROTO_TCP, at("[fd04::15]:80"))};
  def.sections[0].checked = {{"web1", path}};
  auto owned = std::make_unique<SimulatedHost>();
  owned->state.links = host->state.links;
  owned->state.addresses = {{2, at("[fe80::1]"), 64}, {2, at("[fd04::15]"), 128}};
  owned->state.routes = {route("[fd04::]", 64, 2)};
  owned->settings = host->settings;
  host = owned.get();
  paths = std::make_unique<CheckPaths>(def, std::move(owned), [](LogLevel, const std::string&) {});
  helper("[fd04::100]");
  EXPECT_FALSE(keep());
  EXPECT_THAT(why(),
              HasSubstr("no address on eth0 beside the virtual ones"));  // nor is a link's own one any use
  host->state.addresses.push_back({2, at("[fd04::5]"), 64});
  EXPECT_FALSE(keep());
  EXPECT_THAT(why(), testing::Not(HasSubstr("no way")));
  EXPECT_TRUE(host->done.empty());
}

TEST_F(CheckPathsTest, AVirtualAddressIsNoSource) {
  host->state.addresses = {{2, at("192.168.4.15"), 32}};
  keep();
  EXPECT_THAT(why(), HasSubstr("no address on eth0 beside the virtual ones"));
}

TEST_F(CheckPathsTest, WhatCannotBeSetIsSaidOnce) {
  host->broken = 0;
  keep();
  host->settings["net.ipv4.conf.eth0.accept_local"] = "0";
  const auto refuse = [&] {
    host->broken = EACCES;
    paths->keep(present, before, now);  // what was looked up is remembered
  };
  refuse();
  refuse();
  ASSERT_EQ(log.size(), 1U);
  EXPECT_THAT(log[0], HasSubstr("net.ipv4.conf.eth0.accept_local 1, which cannot be set"));
}

TEST_F(CheckPathsTest, TheHelpersAreKeptAndGoWithTheChecks) {
  SimulatedKernel kernel;
  ServerState server;
  server.name = "web1";
  server.endpoint = at("192.168.4.100:80");
  Keeper keeper(
      def, kernel, [&](const SectionDef&) { return std::vector{server}; },
      [](LogLevel, const std::string&) {});
  keeper.full_round();
  const ServiceKey key = check_key(def.sections[0].checked[0]);
  ASSERT_TRUE(kernel.table.contains(key));
  ASSERT_EQ(kernel.table[key].destinations.size(), 1U);
  EXPECT_EQ(kernel.table[key].destinations.begin()->first, at("192.168.4.100"));
  EXPECT_EQ(kernel.table[key].destinations.begin()->second.definition.forward, Forward::direct);
  EXPECT_TRUE(keeper.owned().contains(key));
  ASSERT_EQ(keeper.take_samples().size(), 1U);
  // A server that fails its checks is checked on.
  server.running = false;
  keeper.full_round();
  EXPECT_EQ(kernel.table[key].destinations.begin()->second.definition.weight, 1U);
  keeper.clear_checks();
  EXPECT_FALSE(kernel.table.contains(key));
  EXPECT_TRUE(kernel.table.contains(def.sections[0].keys[0]));
  EXPECT_FALSE(keeper.owned().contains(key));
}

TEST(VipPathTest, GoesByTheInterfaceWithTheMark) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in bound{};
  bound.sin_family = AF_INET;
  bound.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof bound;
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&bound), size), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&bound), &size), 0);
  health::VipPath path(Address(reinterpret_cast<sockaddr*>(&bound), size), kFirstCheckMark);
  std::uint32_t asked = 0;
  path.set_marker(std::make_shared<const health::VipPath::Marker>([&](int, std::uint32_t mark) {
    asked = mark;
    return true;
  }));
  path.open(address_of(at("127.0.0.1")), "lo");
  std::string why;
  const ConnectAttempt attempt = path.connect(ntohs(bound.sin_port), false, why);
  ASSERT_GE(attempt.fd, 0) << why;
  std::uint32_t mark = 0;
  size = sizeof mark;
  getsockopt(attempt.fd, SOL_SOCKET, SO_MARK, &mark, &size);
  EXPECT_TRUE(mark == kFirstCheckMark || asked == kFirstCheckMark);  // with the right to it, or without
  close(attempt.fd);
  path.open(address_of(at("127.0.0.1")), "no-such-card");
  EXPECT_EQ(path.connect(80, false, why).fd, -1);
  EXPECT_THAT(why, HasSubstr("interface"));
  close(listener);
}

TEST(StateFile, InterfacesAreRememberedBesideTheKernelsOwn) {
  State state;
  state.sysctls["conn_reuse_mode"] = "0";
  state.interfaces["net.ipv4.conf.eth0/7.accept_local"] = "0";
  const State back = parse_state(format_state(state));
  EXPECT_EQ(back.sysctls, state.sysctls);
  EXPECT_EQ(back.interfaces, state.interfaces);
}

}  // namespace
}  // namespace evenkeel::lvs
