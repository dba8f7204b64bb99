#include "lvs/keeper.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include "lvs/state_file.h"
#include "simulated_kernel.h"

namespace evenkeel::lvs {
namespace {

using Kind = Operation::Kind;

Endpoint at(const char* text) { return *parse_endpoint(text); }

ServerState server(const char* name, const char* address) {
  ServerState state;
  state.name = name;
  state.endpoint = at(address);
  state.port_given = true;
  return state;
}

struct KeeperTest : testing::Test {
  KeeperTest() {
    SectionDef section;
    section.name = "web";
    section.keys = {key};
    section.service.scheduler = "rr";
    def.sections = {section};
  }
  Keeper make() {
    return {def, kernel, [this](const SectionDef&) { return servers; },
            [this](LogLevel, const std::string& text) { log.push_back(text); }};
  }
  DestinationEntry& present(const char* address) { return kernel.table.at(key).destinations.at(at(address)); }
  [[nodiscard]] bool has(const char* address) const {
    return kernel.table.at(key).destinations.contains(at(address));
  }

  const ServiceKey key = service_key(IPPROTO_TCP, at("192.168.4.5:80"));
  Def def;
  SimulatedKernel kernel;
  std::vector<ServerState> servers = {server("a", "10.0.0.1:80"), server("b", "10.0.0.2:80")};
  std::vector<std::string> log;
};

TEST_F(KeeperTest, BuildsTheTableAndThenLeavesItAlone) {
  Keeper keeper = make();
  ASSERT_TRUE(keeper.full_round());
  EXPECT_EQ(kernel.applied.size(), 3U);
  ASSERT_TRUE(keeper.full_round());
  keeper.quick_round();
  EXPECT_EQ(kernel.applied.size(), 3U);
  EXPECT_TRUE(log.empty());
}

TEST_F(KeeperTest, RepairsWhatOthersHaveDoneAndSaysSo) {
  Keeper keeper = make();
  keeper.full_round();
  kernel.table.clear();
  keeper.full_round();
  EXPECT_EQ(kernel.table.size(), 1U);
  ASSERT_EQ(log.size(), 1U);
  EXPECT_EQ(log[0],
            "lvs: somebody else has changed the kernel's table, repaired: add service TCP 192.168.4.5:80 rr; "
            "add server 10.0.0.1:80 of TCP 192.168.4.5:80 weight 1; "
            "add server 10.0.0.2:80 of TCP 192.168.4.5:80 weight 1");
  for (int i = 0; i < 20; ++i) {
    kernel.table.clear();
    keeper.full_round();
  }
  EXPECT_LE(log.size(), Keeper::kMendWords + 1);
}

TEST_F(KeeperTest, AGlanceNoticesThatTheTableIsGone) {
  Keeper keeper = make();
  EXPECT_TRUE(keeper.glance());  // nothing of ours can be missing yet
  keeper.full_round();
  EXPECT_TRUE(keeper.glance());
  EXPECT_TRUE(keeper.look());
  kernel.table.clear();
  EXPECT_FALSE(keeper.glance());
  EXPECT_FALSE(keeper.look());
  keeper.full_round();
  EXPECT_TRUE(keeper.glance());
  EXPECT_TRUE(keeper.look());
  EXPECT_EQ(kernel.reads, 2);
  kernel.table.at(key).definition.scheduler = "sh";
  EXPECT_TRUE(keeper.glance());
  EXPECT_FALSE(keeper.look());
  kernel.broken = ENOMEM;  // what cannot be asked is no reason to repair
  EXPECT_TRUE(keeper.glance());
  EXPECT_TRUE(keeper.look());
}

TEST_F(KeeperTest, GlancesAtOneServiceAfterTheOther) {
  def.sections[0].keys = {service_key(IPPROTO_TCP, at("192.168.4.5:80")),
                          service_key(IPPROTO_TCP, at("192.168.4.5:81"))};
  Keeper keeper = make();
  keeper.full_round();
  for (int i = 0; i < 3; ++i) keeper.glance();
  EXPECT_EQ(kernel.found,
            (std::vector{def.sections[0].keys[0], def.sections[0].keys[1], def.sections[0].keys[0]}));
}

TEST_F(KeeperTest, LeavesTheServicesOfOthersAlone) {
  kernel.table[mark_key(9, AF_INET)];
  Keeper keeper = make();
  keeper.full_round();
  keeper.clear();
  EXPECT_EQ(kernel.table.size(), 1U);
  EXPECT_TRUE(kernel.table.contains(mark_key(9, AF_INET)));
}

TEST_F(KeeperTest, AdoptsWhatIsThereWithoutTouchingIt) {
  make().full_round();
  kernel.applied.clear();
  Keeper next = make();
  next.full_round();
  EXPECT_TRUE(kernel.applied.empty());
  EXPECT_EQ(log,
            std::vector<std::string>{"lvs: found 1 of our services in the kernel and goes on with them"});
}

TEST_F(KeeperTest, TakesAwayWhatAnEarlierProcessLeftAndNobodyWants) {
  const ServiceKey old = service_key(IPPROTO_TCP, at("192.168.4.5:8080"));
  kernel.table[old];
  Keeper keeper = make();
  keeper.inherit({old});
  keeper.full_round();
  EXPECT_FALSE(kernel.table.contains(old));
  EXPECT_EQ(keeper.owned(), std::set<ServiceKey>{key});
}

TEST_F(KeeperTest, AFailingServerIsQuiescedOrRemoved) {
  Keeper keeper = make();
  keeper.full_round();
  servers[1].running = false;
  keeper.quick_round();
  EXPECT_EQ(present("10.0.0.2:80").definition.weight, 0U);
  servers[1].running = true;
  keeper.quick_round();
  EXPECT_EQ(present("10.0.0.2:80").definition.weight, 1U);
  def.sections[0].remove_when_down = true;
  servers[1].running = false;
  keeper.quick_round();
  EXPECT_FALSE(has("10.0.0.2:80"));
}

TEST_F(KeeperTest, ALeavingServerGoesWithItsLastConnection) {
  Keeper keeper = make();
  keeper.full_round();
  servers[0].leaving = true;
  // The last reading knows nothing of the connection that has just begun.
  present("10.0.0.1:80").active = 1;
  keeper.quick_round();
  keeper.quick_round();
  ASSERT_TRUE(has("10.0.0.1:80"));
  EXPECT_EQ(present("10.0.0.1:80").definition.weight, 0U);
  keeper.full_round();
  keeper.full_round();
  ASSERT_TRUE(has("10.0.0.1:80"));
  present("10.0.0.1:80").active = 0;
  keeper.full_round();
  EXPECT_FALSE(has("10.0.0.1:80"));
  servers[0].leaving = false;
  keeper.quick_round();
  EXPECT_TRUE(has("10.0.0.1:80"));
  EXPECT_TRUE(log.empty());
}

TEST_F(KeeperTest, DrainsAndClears) {
  Keeper keeper = make();
  keeper.full_round();
  present("10.0.0.1:80").active = 1;
  EXPECT_FALSE(keeper.drain_round());
  EXPECT_EQ(present("10.0.0.1:80").definition.weight, 0U);
  present("10.0.0.1:80").active = 0;
  EXPECT_TRUE(keeper.drain_round());
  keeper.clear();
  EXPECT_TRUE(kernel.table.empty());
}

TEST_F(KeeperTest, AnErrorIsSaidOnceUntilItChanges) {
  Keeper keeper = make();
  kernel.broken = EPERM;
  EXPECT_FALSE(keeper.full_round());
  EXPECT_FALSE(keeper.full_round());
  EXPECT_EQ(log, std::vector<std::string>{"lvs: the kernel's table cannot be read: "
                                          "Permission denied: IPVS needs CAP_NET_ADMIN"});
  kernel.broken = 0;
  EXPECT_TRUE(keeper.full_round());
  EXPECT_EQ(kernel.table.size(), 1U);
}

TEST_F(KeeperTest, SamplesAreWhatHasHappenedSinceTheLast) {
  Keeper keeper = make();
  keeper.full_round();
  keeper.take_samples();
  kernel.table.at(key).counters.conns = 10;
  present("10.0.0.1:80").counters.conns = 7;
  present("10.0.0.1:80").active = 2;
  keeper.full_round();
  auto samples = keeper.take_samples();
  ASSERT_EQ(samples.size(), 1U);
  EXPECT_EQ(samples[0].since.conns, 10U);
  EXPECT_EQ(samples[0].active, 2U);
  EXPECT_EQ(samples[0].servers.at(0).since.conns, 7U);
  kernel.table.at(key).counters.conns = 3;  // somebody's ipvsadm -Z
  keeper.full_round();
  EXPECT_EQ(keeper.take_samples()[0].since.conns, 3U);
}

TEST(Wanted, WeightsAndSlowStarts) {
  EXPECT_EQ(kernel_weight(16, false), 1U);
  EXPECT_EQ(kernel_weight(4, false), 1U);
  EXPECT_EQ(kernel_weight(0, false), 0U);
  EXPECT_EQ(kernel_weight(4096, false), 256U);
  EXPECT_EQ(kernel_weight(4, true), 4U);
}

TEST(Wanted, BackupsServeWhenNobodyElseCan) {
  SectionDef section;
  const ServiceKey key = service_key(IPPROTO_TCP, at("192.168.4.5:80"));
  std::vector<ServerState> servers = {server("a", "10.0.0.1:80"), server("b", "10.0.0.2:80"),
                                      server("c", "10.0.0.3:80")};
  servers[1].backup = servers[2].backup = true;
  const auto weights = [&] {
    std::string text;
    for (const auto& [endpoint, entry] : wanted_service(section, key, servers, nullptr).destinations)
      text += std::to_string(entry.definition.weight);
    return text;
  };
  EXPECT_EQ(weights(), "100");
  servers[0].running = false;
  EXPECT_EQ(weights(), "010");
  section.all_backups = true;
  EXPECT_EQ(weights(), "011");
}

TEST(Wanted, PortsByTheModeOfForwarding) {
  SectionDef section;
  const ServiceKey key = service_key(IPPROTO_TCP, at("192.168.4.5:80"));
  ServerState state = server("a", "10.0.0.1:8080");
  EXPECT_EQ(destination_of(state, section, key).port, 8080);
  state.port_given = false;
  state.port_offset = 1000;
  EXPECT_EQ(destination_of(state, section, key).port, 1080);
  section.forward = Forward::direct;
  EXPECT_EQ(destination_of(state, section, key).port, 80);
  EXPECT_EQ(destination_of(state, section, mark_key(1, AF_INET)).port, 0);
}

TEST(StateFile, ComesBackAsItWas) {
  State state;
  state.owner = 1234;
  state.services = {service_key(IPPROTO_TCP, at("192.168.4.5:80")),
                    service_key(IPPROTO_UDP, at("[fd00::1]:53")), mark_key(7, AF_INET),
                    mark_key(7, AF_INET6)};
  state.sysctls["expire_nodest_conn"] = "0";
  const State back = parse_state(format_state(state) + "nonsense\nservice x y\n");
  EXPECT_EQ(back.owner, 1234);
  EXPECT_EQ(back.services, state.services);
  EXPECT_EQ(back.sysctls, state.sysctls);
}

}  // namespace
}  // namespace evenkeel::lvs
