#ifdef EVENKEEL_LVS
#include "lvs/codec.h"

#include <gtest/gtest.h>
#include <linux/ip_vs.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <memory>

namespace evenkeel::lvs {
namespace {

struct Free {
  void operator()(nl_msg* message) const { nlmsg_free(message); }
};
using Message = std::unique_ptr<nl_msg, Free>;

Message message() {
  Message made(nlmsg_alloc());
  nlmsg_put(made.get(), 0, 0, 0, 0, 0);
  return made;
}
nlattr* first(const Message& m) { return nlmsg_attrdata(nlmsg_hdr(m.get()), 0); }

TEST(Codec, AServiceComesBackAsItWas) {
  for (const char* address : {"192.168.4.5:80", "[2001:db8::1]:443"}) {
    const ServiceKey key = service_key(IPPROTO_TCP, *parse_endpoint(address));
    Service service;
    service.scheduler = "wrr";
    service.flags = kPersistent | kSchedulerFlag1;
    service.timeout = 300;
    service.netmask = key.family == AF_INET6 ? 64 : 0xffffff00;
    service.engine = "sip";
    const Message m = message();
    ASSERT_TRUE(put_service(m.get(), key, &service));
    EXPECT_EQ(nla_type(first(m)), IPVS_CMD_ATTR_SERVICE);
    const auto back = get_service(first(m));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->first, key);
    EXPECT_EQ(back->second.definition, service);
  }
}

TEST(Codec, AMarkNeedsNoAddress) {
  const Message m = message();
  ASSERT_TRUE(put_service(m.get(), mark_key(7, AF_INET6)));
  const auto back = get_service(first(m));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->first, mark_key(7, AF_INET6));
}

TEST(Codec, ADestinationComesBackAsItWas) {
  Destination destination;
  destination.forward = Forward::tunnel;
  destination.weight = 100;
  destination.upper = 2000;
  destination.lower = 1000;
  destination.tunnel = Tunnel::gue;
  destination.tunnel_port = 6080;
  destination.tunnel_flags = 1;
  const Endpoint endpoint = *parse_endpoint("[2001:db8::2]:8080");
  const Message m = message();
  ASSERT_TRUE(put_destination(m.get(), endpoint, &destination));
  const auto back = get_destination(first(m), AF_INET);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->first, endpoint);
  EXPECT_EQ(back->second.definition, destination);
}

TEST(Codec, ReadsCountersOfBothWidths) {
  for (const bool wide : {false, true}) {
    const Message m = message();
    nlattr* const nest = nla_nest_start(m.get(), IPVS_CMD_ATTR_DEST);
    const std::uint8_t ip[16] = {10, 0, 0, 1};
    nla_put(m.get(), IPVS_DEST_ATTR_ADDR, 16, ip);
    nla_put_u16(m.get(), IPVS_DEST_ATTR_PORT, htons(80));
    nla_put_u32(m.get(), IPVS_DEST_ATTR_ACTIVE_CONNS, 3);
    nlattr* const stats = nla_nest_start(m.get(), wide ? IPVS_DEST_ATTR_STATS64 : IPVS_DEST_ATTR_STATS);
    if (wide) {
      nla_put_u64(m.get(), IPVS_STATS_ATTR_CONNS, 5'000'000'000ULL);
    } else {
      nla_put_u32(m.get(), IPVS_STATS_ATTR_CONNS, 5);
    }
    nla_put_u64(m.get(), IPVS_STATS_ATTR_INBYTES, 77);
    nla_nest_end(m.get(), stats);
    nla_nest_end(m.get(), nest);
    const auto back = get_destination(first(m), AF_INET);
    ASSERT_TRUE(back);
    EXPECT_EQ(to_string(back->first), "10.0.0.1:80");
    EXPECT_EQ(back->second.active, 3U);
    EXPECT_EQ(back->second.counters.conns, wide ? 5'000'000'000ULL : 5U);
    EXPECT_EQ(back->second.counters.in_bytes, 77U);
  }
}

TEST(Codec, ADaemonComesBackAsItWas) {
  const Daemon daemon{false, "eth0", 51, 1400, *parse_endpoint("239.0.0.81:8848"), 2};
  const Message m = message();
  ASSERT_TRUE(put_daemon(m.get(), daemon, false));
  EXPECT_EQ(get_daemon(first(m)), daemon);
}

TEST(Codec, WhatLacksItsIdentityIsNothing) {
  const Message m = message();
  nlattr* const nest = nla_nest_start(m.get(), IPVS_CMD_ATTR_SERVICE);
  nla_put_u16(m.get(), IPVS_SVC_ATTR_AF, AF_INET);
  nla_nest_end(m.get(), nest);
  EXPECT_FALSE(get_service(first(m)));
  EXPECT_FALSE(get_destination(first(m), AF_INET));
  EXPECT_FALSE(get_service(nullptr));
}

}  // namespace
}  // namespace evenkeel::lvs
#endif
