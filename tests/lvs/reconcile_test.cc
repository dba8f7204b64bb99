#include "lvs/reconcile.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <chrono>

#include "simulated_kernel.h"

namespace evenkeel::lvs {
namespace {

using Kind = Operation::Kind;

Endpoint at(const char* text) { return *parse_endpoint(text); }
ServiceKey tcp(const char* text) { return service_key(IPPROTO_TCP, at(text)); }

ServiceEntry web() {
  ServiceEntry service;
  service.definition.scheduler = "rr";
  service.destinations[at("192.168.2.100:80")].definition.forward = Forward::masq;
  service.destinations[at("192.168.2.200:80")].definition.forward = Forward::masq;
  return service;
}

std::vector<Kind> kinds(const std::vector<Operation>& steps) {
  std::vector<Kind> list;
  for (const Operation& step : steps) list.push_back(step.kind);
  return list;
}

TEST(Reconcile, BuildsFromNothing) {
  const Table wanted{{tcp("192.168.4.5:80"), web()}};
  const auto steps = reconcile(wanted, {}, {});
  EXPECT_EQ(kinds(steps), (std::vector{Kind::add_service, Kind::add_destination, Kind::add_destination}));
  EXPECT_EQ(to_string(steps[0]), "add service TCP 192.168.4.5:80 rr");
  EXPECT_EQ(to_string(steps[1]), "add server 192.168.2.100:80 of TCP 192.168.4.5:80 weight 1");
}

TEST(Reconcile, LeavesAloneWhatIsRight) {
  Table wanted{{tcp("192.168.4.5:80"), web()}};
  Table actual = wanted;
  // Counters and what the kernel alone sets are no difference.
  actual.begin()->second.counters.conns = 7;
  actual.begin()->second.destinations.begin()->second.active = 3;
  actual.begin()->second.definition.flags |= 0x02;
  actual.begin()->second.definition.netmask = 0;
  EXPECT_TRUE(reconcile(wanted, actual, {}).empty());
}

TEST(Reconcile, ChangesOnlyWhatDiffers) {
  Table wanted{{tcp("192.168.4.5:80"), web()}};
  const Table actual = wanted;
  wanted.begin()->second.destinations.begin()->second.definition.weight = 0;
  EXPECT_EQ(kinds(reconcile(wanted, actual, {})), std::vector{Kind::edit_destination});
  wanted = actual;
  wanted.begin()->second.definition.scheduler = "wrr";
  EXPECT_EQ(kinds(reconcile(wanted, actual, {})), std::vector{Kind::edit_service});
}

TEST(Reconcile, AddsServersBeforeItRemovesOthers) {
  Table wanted{{tcp("192.168.4.5:80"), web()}};
  const Table actual = wanted;
  auto& servers = wanted.begin()->second.destinations;
  servers.erase(at("192.168.2.100:80"));
  servers[at("192.168.2.201:80")].definition.forward = Forward::masq;
  EXPECT_EQ(kinds(reconcile(wanted, actual, {})),
            (std::vector{Kind::add_destination, Kind::delete_destination}));
}

TEST(Reconcile, TouchesNothingOfOthers) {
  Table actual;
  actual[tcp("10.0.0.1:80")] = web();
  actual[tcp("10.0.0.2:80")] = web();
  EXPECT_TRUE(reconcile({}, actual, {}).empty());
  const auto steps = reconcile({}, actual, {tcp("10.0.0.2:80"), tcp("10.0.0.3:80")});
  ASSERT_EQ(kinds(steps), std::vector{Kind::delete_service});
  EXPECT_EQ(steps[0].key, tcp("10.0.0.2:80"));
}

TEST(Reconcile, PersistenceCountsOnlyWhereItIsOn) {
  Table wanted{{tcp("192.168.4.5:80"), web()}};
  Table actual = wanted;
  actual.begin()->second.definition.timeout = 300;
  EXPECT_TRUE(reconcile(wanted, actual, {}).empty());
  wanted.begin()->second.definition.flags = kPersistent;
  wanted.begin()->second.definition.timeout = 60;
  EXPECT_EQ(kinds(reconcile(wanted, actual, {})), std::vector{Kind::edit_service});
}

TEST(Reconcile, EveryDifferenceIsClosedByItsSteps) {
  SimulatedKernel kernel;
  for (unsigned seed = 0; seed < 200; ++seed) {
    Table wanted;
    std::set<ServiceKey> owned;
    unsigned state = seed * 2654435761U + 1;
    const auto next = [&state](unsigned n) {
      state = state * 1664525U + 1013904223U;
      return (state >> 16U) % n;
    };
    for (int s = 0; s < 4; ++s) {
      const ServiceKey key =
          next(3) == 0
              ? mark_key(1 + next(2), AF_INET)
              : service_key(IPPROTO_TCP, {AF_INET, {10, 0, 0, static_cast<std::uint8_t>(next(5))}, 80});
      ServiceEntry& service = wanted[key];
      service.definition.scheduler = schedulers()[next(13)];
      for (unsigned d = next(4); d > 0; --d) {
        auto& entry = service.destinations[{AF_INET, {10, 0, 1, static_cast<std::uint8_t>(next(4))}, 80}];
        entry.definition.weight = next(3);
        entry.definition.forward = Forward::masq;
      }
    }
    for (const auto& [key, entry] : kernel.table) owned.insert(key);
    for (const Operation& step : reconcile(wanted, kernel.table, owned))
      ASSERT_FALSE(kernel.apply(step)) << to_string(step);
    EXPECT_TRUE(reconcile(wanted, kernel.table, owned).empty());
    EXPECT_EQ(wanted.size(), kernel.table.size());
  }
}

TEST(Reconcile, AThousandServicesOfTenServersTakeWellUnderASecond) {
  Table wanted;
  for (unsigned s = 0; s < 1000; ++s) {
    ServiceEntry& service = wanted[service_key(
        IPPROTO_TCP,
        {AF_INET, {10, 1, static_cast<std::uint8_t>(s >> 8U), static_cast<std::uint8_t>(s)}, 80})];
    for (std::uint8_t d = 0; d < 10; ++d) service.destinations[{AF_INET, {10, 2, 0, d}, 80}];
  }
  SimulatedKernel kernel;
  const auto began = std::chrono::steady_clock::now();
  const auto steps = reconcile(wanted, {}, {});
  for (const Operation& step : steps) kernel.apply(step);
  EXPECT_TRUE(reconcile(wanted, kernel.table, {}).empty());
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_EQ(steps.size(), 11000U);
  EXPECT_LT(std::chrono::duration_cast<std::chrono::milliseconds>(took).count(), 500);
}

}  // namespace
}  // namespace evenkeel::lvs
