#include "vrrp/advert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace evenkeel::vrrp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Bytes = std::vector<std::uint8_t>;

// From 192.168.4.6, virtual router 51, of 192.168.4.80, as keepalived 2.2 sends it with a password.
Bytes version2(std::uint8_t priority = 50) {
  return {0x45, 0xc0, 0,        40, 0, 1, 0, 0, 255, 112, 0, 0,  192, 168, 4,   6,   224, 0, 0, 18,
          0x21, 51,   priority, 1,  1, 1, 0, 0, 192, 168, 4, 80, '1', '1', '1', '1', 0,   0, 0, 0};
}

Bytes version3_of_ipv6() {
  Bytes packet = {0x60, 0, 0, 0, 0, 24, 112, 255, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6};
  packet.insert(packet.end(), {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 18});
  packet.insert(packet.end(), {0x31, 52, 100, 1, 0x00, 0x64, 0, 0});
  packet.insert(packet.end(), {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80});
  return packet;
}

TEST(Advert, OfVersion2) {
  const auto advert = parse_advert(version2());
  ASSERT_TRUE(advert);
  EXPECT_EQ(advert->router, 51);
  EXPECT_EQ(advert->priority, 50);
  EXPECT_EQ(advert->interval_ms, 1000);
  EXPECT_EQ(advert->source, "192.168.4.6");
  EXPECT_THAT(advert->addresses, ElementsAre("192.168.4.80"));
}

TEST(Advert, OfVersion3AndIpv6) {
  const auto advert = parse_advert(version3_of_ipv6());
  ASSERT_TRUE(advert);
  EXPECT_EQ(advert->router, 52);
  EXPECT_EQ(advert->interval_ms, 1000);
  EXPECT_EQ(advert->source, "fe80::6");
  EXPECT_THAT(advert->addresses, ElementsAre("fd00::80"));
}

TEST(Advert, NothingElseIsOne) {
  for (const Bytes& whole : {version2(), version3_of_ipv6()})
    for (std::size_t size = 0; size < whole.size(); ++size)
      EXPECT_FALSE(parse_advert(std::span(whole).first(size))) << size;
  const auto with = [](std::size_t at, std::uint8_t value) {
    Bytes packet = version2();
    packet[at] = value;
    return parse_advert(packet).has_value();
  };
  EXPECT_TRUE(with(1, 0));
  EXPECT_FALSE(with(0, 0x55)) << "neither IPv4 nor IPv6";
  EXPECT_FALSE(with(0, 0x44)) << "a header that is too short";
  EXPECT_FALSE(with(8, 254)) << "it came through a router";
  EXPECT_FALSE(with(9, 6)) << "TCP";
  EXPECT_FALSE(with(20, 0x41)) << "a version that is not known";
  EXPECT_FALSE(with(20, 0x22)) << "not an advertisement";
  EXPECT_FALSE(with(21, 0)) << "no virtual router";
  EXPECT_FALSE(with(23, 9)) << "more addresses than there are";
}

struct Machine {
  std::set<std::string> addresses = {"192.168.4.5"};
  Sightings sightings;
  std::int64_t now_ms = 10'000;
  Sightings::Have have() {
    return [this](const std::string& address) { return addresses.contains(address); };
  }
  std::vector<std::string> hear(int after_ms, std::uint8_t priority = 50) {
    now_ms += after_ms;
    return texts(sightings.apply("eth0", *parse_advert(version2(priority)), have(), now_ms, now_ms / 1000));
  }
  std::vector<std::string> wait(int ms) {
    now_ms += ms;
    return texts(sightings.tick(have(), now_ms));
  }
  static std::vector<std::string> texts(const std::vector<Sightings::News>& news) {
    std::vector<std::string> all;
    for (const auto& one : news) all.push_back((one.warning ? "! " : "") + one.text);
    return all;
  }
};

TEST(Sightings, ABackupThatHearsItsMasterIsWell) {
  Machine machine;
  for (int i = 0; i < 5; ++i) EXPECT_THAT(machine.hear(1000), IsEmpty());
  const auto all = machine.sightings.all();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(stats::sighting_words(all[0]),
            "from 192.168.4.6 on eth0, virtual router 51, priority 50, last 1970-01-01 00:00:15");
}

TEST(Sightings, TwoMastersAreSeenAtTheSecondAdvertisement) {
  Machine machine;
  machine.addresses.insert("192.168.4.80");
  EXPECT_THAT(machine.hear(1000), IsEmpty()) << "the old master has not heard the new one yet";
  EXPECT_THAT(machine.hear(1000),
              ElementsAre("! two machines have 192.168.4.80: this one, and 192.168.4.6 with priority "
                          "50 (virtual router 51 on eth0)"));
  EXPECT_THAT(machine.hear(1000), IsEmpty()) << "said once";
  EXPECT_THAT(stats::sighting_words(machine.sightings.all()[0]),
              HasSubstr("TWO MACHINES HAVE 192.168.4.80 since"));
  EXPECT_THAT(machine.wait(2000), IsEmpty());
  EXPECT_THAT(machine.wait(1500),
              ElementsAre(HasSubstr("no longer on two machines: 192.168.4.80; 192.168.4.6 is silent")));
  EXPECT_THAT(machine.wait(60000), IsEmpty()) << "this machine has it";
}

TEST(Sightings, ThisMachineGivesUp) {
  Machine machine;
  machine.addresses.insert("192.168.4.80");
  machine.hear(1000);
  machine.hear(1000);
  machine.addresses.erase("192.168.4.80");
  EXPECT_THAT(machine.hear(1000), ElementsAre("no longer on two machines: 192.168.4.80"));
}

TEST(Sightings, OneAdvertisementNowAndThenIsNoSecondMaster) {
  Machine machine;
  machine.addresses.insert("192.168.4.80");
  for (int i = 0; i < 5; ++i) EXPECT_THAT(machine.hear(20000), IsEmpty());
  EXPECT_THAT(machine.hear(1000, 0), IsEmpty()) << "it gives the address up";
}

TEST(Sightings, NobodyHasTheAddress) {
  Machine machine;
  machine.hear(1000);
  EXPECT_THAT(machine.wait(4900), IsEmpty());
  EXPECT_THAT(machine.wait(200),
              ElementsAre("! nobody that this machine hears has 192.168.4.80 (virtual router 51 on eth0), "
                          "last heard of was 192.168.4.6"));
  EXPECT_THAT(machine.wait(5000), IsEmpty());
  EXPECT_THAT(stats::sighting_words(machine.sightings.all()[0]), HasSubstr("NOBODY HAS ITS ADDRESS"));
  machine.hear(1000);
  EXPECT_THAT(stats::sighting_words(machine.sightings.all()[0]), testing::Not(HasSubstr("NOBODY")));
}

TEST(Sightings, WhoGivesAnAddressUpWaitsForTheOther) {
  Machine machine;
  machine.hear(1000);
  machine.addresses.insert("192.168.4.80");
  EXPECT_THAT(machine.wait(60000), IsEmpty());
  machine.addresses.erase("192.168.4.80");
  EXPECT_THAT(machine.wait(4900), IsEmpty()) << "the other takes it in this time";
  EXPECT_THAT(machine.wait(200), ElementsAre(HasSubstr("nobody that this machine hears")));
}

TEST(Sightings, OwnAdvertisementsDoNotCount) {
  Machine machine;
  machine.addresses.insert("192.168.4.6");
  EXPECT_THAT(machine.hear(1000), IsEmpty());
  EXPECT_THAT(machine.sightings.all(), IsEmpty());
}

}  // namespace
}  // namespace evenkeel::vrrp
