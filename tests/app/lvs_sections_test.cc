#include "app/lvs_sections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

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
  EXPECT_THAT(errors(" mode udp\n bind 192.168.4.5:53\n server a 192.168.2.1:53\n"),
              HasSubstr("datagrams are forwarded by the kernel only so far"));
  EXPECT_THAT(errors(" mode udp\n bind 192.168.4.5:53\n lvs nat fallback proxy\n server a 192.168.2.1:53\n"),
              HasSubstr("datagrams are forwarded by the kernel only so far"));
  EXPECT_THAT(
      load_listen(" mode udp\n bind 192.168.4.5:53\n lvs nat\n server a 192.168.2.1:53 check\n")->messages(),
      HasSubstr("checked by TCP connections"));
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
