#include "app/lvs_sections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "health/vip_path.h"
#include "loading.h"
#include "lvs/section_checks.h"

namespace evenkeel::app {
namespace {

using testing::HasSubstr;

std::unique_ptr<Loaded> load_listen(const std::string& lines, const std::string& global = "") {
  return load("global\n" + global +
              "defaults\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n" + "listen web\n" +
              lines);
}

std::unique_ptr<Loaded> load_as_backend(const std::string& frontend, const std::string& backend) {
  return load("defaults\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n" +
              (frontend.empty() ? "" : "frontend web\n" + frontend) + "backend app\n" + backend);
}

std::string errors(const std::string& lines) { return load_listen(lines)->messages(false); }

TEST(LvsSections, ASectionBecomesAServiceForEveryAddress) {
  const auto loaded = load_listen(
      " bind 192.168.4.5:80,192.168.4.6:81\n lvs nat scheduler wrr persistence 5m 255.255.255.0\n"
      " lvs-down remove\n server a 192.168.2.100:8080 weight 3 slowstart 1s\n",
      " lvs-exit drain\n lvs-sync master eth0 syncid 7 mcast 239.1.1.1:9000\n");
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  const lvs::Def& def = *loaded->result.lvs;
  ASSERT_EQ(def.sections.size(), 1U);
  const lvs::SectionDef& section = def.sections[0];
  EXPECT_EQ(section.name, "web");
  EXPECT_EQ(section.forward, lvs::Forward::masq);
  EXPECT_EQ(section.service.scheduler, "wrr");
  EXPECT_EQ(section.service.flags, lvs::kPersistent);
  EXPECT_EQ(section.service.timeout, 300U);
  EXPECT_TRUE(section.mask_given);
  EXPECT_EQ(section.service.netmask, 24U);
  EXPECT_TRUE(section.remove_when_down);
  EXPECT_TRUE(section.slow_starts);
  EXPECT_FALSE(section.fallback_proxy);
  ASSERT_EQ(section.keys.size(), 2U);
  EXPECT_EQ(to_string(section.keys[0]), "TCP 192.168.4.5:80");
  EXPECT_EQ(to_string(section.keys[1]), "TCP 192.168.4.6:81");
  EXPECT_EQ(def.exit, lvs::Exit::drain);
  ASSERT_EQ(def.daemons.size(), 1U);
  EXPECT_EQ(def.daemons[0].sync_id, 7U);
  EXPECT_EQ(lvs::to_string(def.daemons[0].group), "239.1.1.1:9000");
}

TEST(LvsSections, WithoutTheWordNothingIsForTheKernel) {
  EXPECT_EQ(load_listen(" bind 192.168.4.5:80\n server a 192.168.2.100:80\n")->result.lvs, nullptr);
}

TEST(LvsSections, BalanceNamesASchedulerWhereNoneIsNamed) {
  const auto scheduler = [](const std::string& balance) {
    const auto loaded =
        load_listen(" bind 192.168.4.5:80\n lvs nat\n" + balance + " server a 192.168.2.1:80\n");
    return loaded->accepted() ? loaded->result.lvs->sections[0].service.scheduler : loaded->messages(false);
  };
  EXPECT_EQ(scheduler(""), "wlc");
  EXPECT_EQ(scheduler(" balance roundrobin\n"), "wrr");
  EXPECT_EQ(scheduler(" balance leastconn\n"), "wlc");
  EXPECT_EQ(scheduler(" balance source\n"), "sh");
  EXPECT_EQ(scheduler(" balance source\n hash-type consistent\n"), "mh");
  EXPECT_THAT(scheduler(" balance first\n"),
              HasSubstr("no scheduler of the kernel does what this 'balance'"));
}

TEST(LvsSections, MarksAndAllPorts) {
  const auto mark = load_listen(" lvs tun fwmark 7\n server a 192.168.2.1\n");
  ASSERT_TRUE(mark->accepted()) << mark->messages();
  EXPECT_EQ(to_string(mark->result.lvs->sections[0].keys.at(0)), "FWM 7");
  const auto all = load_listen(
      " bind 192.168.4.5:80\n bind 192.168.4.5:443\n"
      " lvs nat all-ports persistence 60\n server a 192.168.2.1\n");
  ASSERT_TRUE(all->accepted()) << all->messages();
  ASSERT_EQ(all->result.lvs->sections[0].keys.size(), 1U);
  EXPECT_EQ(to_string(all->result.lvs->sections[0].keys[0]), "TCP 192.168.4.5:0");
  EXPECT_THAT(errors(" bind 192.168.4.5:80\n lvs nat all-ports\n server a 192.168.2.1\n"),
              HasSubstr("'all-ports' needs 'persistence <time>'"));
}

TEST(LvsSections, DatagramsAreTheKernels) {
  const auto loaded = load_listen(" mode udp\n bind 192.168.4.5:53\n lvs nat\n server a 192.168.2.1:53\n");
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  EXPECT_EQ(to_string(loaded->result.lvs->sections[0].keys.at(0)), "UDP 192.168.4.5:53");
  EXPECT_EQ(errors(" mode udp\n bind 192.168.4.5:53\n lvs nat fallback proxy\n server a 192.168.2.1:53\n"),
            "");
  EXPECT_THAT(errors(" mode udp\n bind 192.168.4.5:53\n lvs nat\n server a 192.168.2.1:53 check\n"),
              HasSubstr("checked by TCP connections"));
  const auto checked = load_listen(
      " mode udp\n bind 192.168.4.5:53\n lvs nat\n option dns-check\n server a 192.168.2.1 check\n");
  ASSERT_TRUE(checked->accepted()) << checked->messages();
  EXPECT_EQ(checked->backend().servers[0].check.port, 53);
}

TEST(LvsSections, ABackendHasTheAddressesOfItsFrontend) {
  const std::string frontend = " bind 192.168.4.5:80\n bind [fd00::5]:80\n default_backend app\n";
  const std::string servers = " lvs tun\n server a 192.168.2.1 check\n";
  const auto loaded = load_as_backend(frontend, servers);
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  const lvs::SectionDef& section = loaded->result.lvs->sections.at(0);
  EXPECT_EQ(section.name, "app");
  EXPECT_EQ(section.frontend, "web");
  ASSERT_EQ(section.keys.size(), 2U);
  EXPECT_EQ(to_string(section.keys[0]), "TCP 192.168.4.5:80");
  EXPECT_EQ(to_string(section.keys[1]), "TCP [fd00::5]:80");
  EXPECT_EQ(loaded->backend().servers[0].check.port, 80);
  const auto errors_of = [](const std::string& front, const std::string& back) {
    return load_as_backend(front, back)->messages(false);
  };
  EXPECT_THAT(errors_of(frontend + " tcp-request connection reject if { src 10.0.0.1 }\n", servers),
              HasSubstr("the rules of frontend 'web' would see nothing"));
  EXPECT_THAT(errors_of(" bind 192.168.4.5:80\n use_backend app if { src 10.0.0.1 }\n", servers),
              HasSubstr("the kernel knows no 'use_backend'"));
  EXPECT_THAT(errors_of(" bind 192.168.4.5:80\n", servers), HasSubstr("needs exactly one frontend"));
  EXPECT_THAT(errors_of(frontend, servers + "frontend more\n bind 192.168.4.6:80\n default_backend app\n"),
              HasSubstr("needs exactly one frontend"));
  EXPECT_TRUE(load_as_backend("", " lvs nat fwmark 3\n server a 192.168.2.1:80\n")->accepted());
  EXPECT_THAT(errors_of(" mode udp\n" + frontend, servers),
              HasSubstr("udp frontend 'web' tries to use incompatible"));
}

TEST(LvsSections, PortZeroMarksAndTheOtherFamily) {
  const auto six = load_listen(
      " mode udp\n bind [fd00::5]:53\n lvs nat all-ports persistence 60 /64\n"
      " server a [fd00::1]\n");
  ASSERT_TRUE(six->accepted()) << six->messages();
  EXPECT_EQ(to_string(six->result.lvs->sections[0].keys.at(0)), "UDP [fd00::5]:0");
  EXPECT_EQ(six->result.lvs->sections[0].service.netmask, 64U);
  const auto mark = load_listen(" lvs dr fwmark 9\n server a [fd00::1]\n");
  ASSERT_TRUE(mark->accepted()) << mark->messages();
  EXPECT_EQ(mark->result.lvs->sections[0].keys.at(0).family, AF_INET6);
  EXPECT_THAT(errors(" bind 192.168.4.5:80\n lvs nat fwmark 0\n server a 192.168.2.1:80\n"),
              HasSubstr("out of range"));
  EXPECT_THAT(
      errors(
          " bind 192.168.4.5:80\n lvs nat all-ports persistence 60 fallback proxy\n server a 192.168.2.1\n"),
      HasSubstr("cannot listen on all ports"));
  EXPECT_THAT(errors(" lvs nat fwmark 5 fallback proxy\n server a 192.168.2.1\n"),
              HasSubstr("'fallback proxy' needs a 'bind'"));
  EXPECT_THAT(errors(" lvs nat fwmark 5\n server a 192.168.2.1\nlisten other\n lvs dr fwmark 5\n server a "
                     "192.168.2.1\n"),
              HasSubstr("only one service for FWM 5"));
  EXPECT_THAT(errors(" bind 192.168.4.5:80\n lvs nat persistence 60 /33\n server a 192.168.2.1:80\n"),
              HasSubstr("too long for TCP 192.168.4.5:80"));
  EXPECT_THAT(errors(" bind 192.168.4.5:80\n lvs tun\n server a 192.168.2.1:81\n"),
              HasSubstr("only 'lvs nat' can change the port"));
  EXPECT_THAT(errors(" bind 192.168.4.5:80\n lvs nat\n server a 192.168.2.1:80 minconn 5\n"),
              HasSubstr("'minconn' needs 'maxconn'"));
}

TEST(LvsSections, BackupsAndThresholdsReachTheTable) {
  const auto loaded = load_listen(
      " bind 192.168.4.5:80\n lvs nat scheduler fo\n option allbackups\n"
      " server a 192.168.2.1:80 maxconn 20 minconn 10\n"
      " server b 192.168.2.2:80 backup\n");
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  EXPECT_TRUE(loaded->result.lvs->sections[0].all_backups);
  EXPECT_EQ(loaded->result.lvs->sections[0].service.scheduler, "fo");
  EXPECT_EQ(loaded->backend().servers[0].maxconn, 20U);
  EXPECT_EQ(loaded->backend().servers[0].minconn, 10U);
  EXPECT_TRUE(loaded->backend().servers[1].backup);
}

TEST(LvsSections, ChecksMayGoToTheVirtualAddressThroughTheServer) {
  const auto marks = [](const std::string& servers) {
    const auto loaded = load_listen(" bind 192.168.4.15:80\n lvs dr\n check-via vip\n" + servers);
    EXPECT_TRUE(loaded->accepted()) << loaded->messages();
    std::map<std::string, std::uint32_t> result;
    const lvs::SectionDef& section = loaded->result.lvs->sections.at(0);
    for (const auto& server : loaded->result.config->backends.at(0)->servers)
      for (const lvs::CheckedServer& checked : section.checked)
        if (checked.name == server.name) {
          EXPECT_EQ(server.check.via, checked.path);
          EXPECT_EQ(checked.path->to().to_string(), "192.168.4.15:80");
          result[server.name] = checked.path->mark();
        }
    return result;
  };
  const auto two = marks(" server a 127.0.0.1 check\n server b 127.0.0.2 check\n server c 127.0.0.3\n");
  ASSERT_EQ(two.size(), 2U);
  EXPECT_NE(two.at("a"), two.at("b"));
  EXPECT_GE(two.at("a"), lvs::kFirstCheckMark);
  // The marks do not depend on who else is there.
  EXPECT_EQ(marks(" server b 127.0.0.2 check\n").at("b"), two.at("b"));
}

TEST(LvsSections, SaysWhereChecksCannotGoToTheVirtualAddress) {
  const std::string head = " bind 192.168.4.15:80\n check-via vip\n";
  const std::string server = " server a 127.0.0.1 check";
  EXPECT_THAT(errors(head + " lvs nat\n" + server + "\n"),
              HasSubstr("servers do not have the virtual address"));
  EXPECT_THAT(errors(head + server + "\n"), HasSubstr("is for sections with 'lvs dr' or 'lvs tun'"));
  EXPECT_THAT(errors(" check-via vip\n lvs dr fwmark 7\n" + server + " port 80\n"),
              HasSubstr("there is no 'bind'"));
  EXPECT_THAT(errors(" bind [fd00::15]:80\n check-via vip\n lvs tun\n server a 127.0.0.1 check\n"),
              HasSubstr("the virtual address' family"));
  EXPECT_EQ(errors(" bind [fd00::15]:80\n check-via vip\n lvs dr\n server a [fd00::1] check\n"), "");
  EXPECT_THAT(errors(head + " lvs dr\n" + server + " addr 127.0.0.9\n"), HasSubstr("'addr' names where"));
  EXPECT_THAT(load_listen(head + " lvs dr\n option external-check\n external-check command /bin/true\n" +
                              server + "\n",
                          " external-check\n")
                  ->messages(false),
              HasSubstr("connects by itself"));
  EXPECT_THAT(errors(" lvs nat fwmark 1162543104\n server a 127.0.0.1:80\n"),
              HasSubstr("are those of checks"));
}

TEST(LvsSections, SaysPlainlyWhatTheKernelCannotDo) {
  const std::string address = " bind 192.168.4.5:80\n";
  const std::string server = " server a 192.168.2.1:80\n";
  EXPECT_THAT(errors(" mode http\n" + address + " lvs nat\n" + server), HasSubstr("needs 'mode tcp'"));
  EXPECT_THAT(errors(address + " lvs dr\n server a 192.168.2.1:8080\n"),
              HasSubstr("only 'lvs nat' can change the port"));
  EXPECT_THAT(errors(" bind :80\n lvs nat\n" + server), HasSubstr("names no single IP address"));
  EXPECT_THAT(errors(" lvs nat\n" + server), HasSubstr("neither a 'bind'"));
  EXPECT_THAT(errors(address + " lvs fullnat\n" + server), HasSubstr("no full NAT"));
  EXPECT_EQ(errors(address + " lvs nat\n check-via server\n" + server), "");
  EXPECT_THAT(errors(address + " lvs nat scheduler wrrr\n" + server), HasSubstr("{did you mean wrr}"));
  EXPECT_THAT(errors(address + " lvs nat flags sh-prot\n" + server), HasSubstr("no such flag: 'sh-prot'"));
  EXPECT_THAT(errors(address + " lvs nat\n server a [fd00::1]:80\n"), HasSubstr("different families"));
  EXPECT_THAT(errors(address + " lvs nat\n server a 192.168.2.1:80 send-proxy\n"), HasSubstr("'send-proxy'"));
  EXPECT_THAT(errors(" bind 192.168.4.5:80 accept-proxy\n lvs nat\n" + server), HasSubstr("'accept-proxy'"));
  EXPECT_THAT(errors(address + " lvs nat\n tcp-request connection reject\n" + server),
              HasSubstr("its rules would see nothing"));
  EXPECT_THAT(errors(address + " lvs nat\n" + server + " server b 192.168.2.1:80\n"),
              HasSubstr("same address as another one"));
  EXPECT_THAT(errors(address + " lvs nat\n server a 192.168.2.1:80 maxconn 10 minconn 10\n"),
              HasSubstr("has to be smaller"));
  EXPECT_THAT(errors(address + " lvs nat persistence 60 255.0.255.0\n" + server), HasSubstr("not in front"));
  EXPECT_THAT(errors(address + " lvs nat persistnce 60\n" + server), HasSubstr("{did you mean persistence}"));
}

TEST(LvsSections, TwoServicesCannotHaveOneAddress) {
  EXPECT_THAT(errors(" bind 192.168.4.5:80\n lvs nat\n server a 192.168.2.1:80\n"
                     "listen other\n bind 192.168.4.5:80\n lvs nat\n server a 192.168.2.1:80\n"),
              HasSubstr("the kernel can have only one service for TCP 192.168.4.5:80"));
}

TEST(LvsSections, DirectRoutingNeedsACommonNetwork) {
  const std::vector<lvs::Network> networks = {{*lvs::parse_endpoint("192.168.4.5"), 24},
                                              {*lvs::parse_endpoint("[fd00:1::5]"), 64}};
  EXPECT_TRUE(lvs::is_connected(networks, *lvs::parse_endpoint("192.168.4.200:80")));
  EXPECT_FALSE(lvs::is_connected(networks, *lvs::parse_endpoint("192.168.5.200:80")));
  EXPECT_TRUE(lvs::is_connected(networks, *lvs::parse_endpoint("[fd00:1::9]:80")));
  EXPECT_FALSE(lvs::is_connected(networks, *lvs::parse_endpoint("[fd00:2::9]:80")));
  const auto loaded = load_listen(" bind 203.0.113.5:80\n lvs dr\n server a 203.0.113.6\n");
  EXPECT_TRUE(loaded->accepted());
  EXPECT_THAT(loaded->messages(), HasSubstr("'lvs dr' cannot pass a router"));
}

}  // namespace
}  // namespace evenkeel::app
