#include "balance/hash.h"

#include <gtest/gtest.h>

#include "balance/hash_function.h"
#include "balance/hash_key.h"
#include "tests/balance/farm.h"

namespace evenkeel::balance {
namespace {

BalanceDef keyed(HashMethod method) { return {.algorithm = Algorithm::hash, .hash_method = method}; }

PickContext key(std::string_view bytes) {
  PickContext context;
  context.sample = bytes;
  return context;
}

TEST(HashFunction, KnowsPublishedValues) {
  EXPECT_EQ(hash_crc32("123456789"), 0xCBF43926U);
  EXPECT_EQ(hash_djb2(""), 5381U);
  EXPECT_EQ(hash_djb2("a"), 177670U);
  EXPECT_EQ(hash_sdbm(""), 0U);
  EXPECT_EQ(hash_none("4711x"), 4711U);
  EXPECT_EQ(hash_none("-1"), 0U);
}

TEST(MapHash, TakesTurnsWithoutAKeyAndMovesOnFromAFailedServer) {
  Farm farm({1, 1, 1});
  MapHash policy(keyed(HashMethod::map_based), farm.set());
  EXPECT_EQ(picks(policy, 4), "0120");
  Member* const named[] = {policy.pick(key("some key"))};
  EXPECT_EQ(policy.pick(key("some key")), named[0]);
  EXPECT_NE(policy.pick({.avoid = named, .sample = "some key"}), named[0]);
  EXPECT_FALSE(policy.dynamic_weights());
}

TEST(RingHash, MovesOnlyWhatBelongedToTheServerThatWent) {
  Farm farm({1, 1, 1, 1, 1});
  RingHash policy(keyed(HashMethod::consistent), farm.set());
  std::vector<Member*> before;
  for (int i = 0; i < 500; ++i) before.push_back(policy.pick(key(std::to_string(i * 7919))));
  farm[2].available = false;
  policy.on_change(farm[2]);
  for (int i = 0; i < 500; ++i) {
    Member* now = policy.pick(key(std::to_string(i * 7919)));
    EXPECT_NE(now, &farm[2]);
    if (before[i] != &farm[2]) {
      EXPECT_EQ(now, before[i]);
    }
  }
}

TEST(RingHash, BoundsTheLoadByTheBalanceFactor) {
  Farm farm({1, 1, 2});
  BalanceDef def = keyed(HashMethod::consistent);
  def.balance_factor = 125;
  RingHash policy(def, farm.set());
  for (std::uint32_t total = 1; total <= 400; ++total) {
    policy.pick(key("one hot key"))->take();
    for (const auto& member : farm.members) {
      const double fair = total * member->weight / 64.0;
      ASSERT_LE(member->served, fair * 1.25 + 2) << member->index << " of " << total;
    }
  }
}

TEST(Hash, AffinityEndsWhereTheConfigurationSays) {
  for (const HashMethod method : {HashMethod::map_based, HashMethod::consistent}) {
    Farm farm({1, 1, 1});
    BalanceDef def = keyed(method);
    const auto policy_for = [&](PreserveAffinity preserve) -> std::unique_ptr<Policy> {
      def.preserve_affinity = preserve;
      if (method == HashMethod::map_based) return std::make_unique<MapHash>(def, farm.set());
      return std::make_unique<RingHash>(def, farm.set());
    };
    const auto always = policy_for(PreserveAffinity::always);
    const auto maxconn = policy_for(PreserveAffinity::maxconn);
    const auto maxqueue = policy_for(PreserveAffinity::maxqueue);
    Member* named = always->pick(key("k"));
    named->maxconn = 1;
    named->maxqueue = 2;
    named->served = 1;
    EXPECT_EQ(always->pick(key("k")), named);
    EXPECT_NE(maxconn->pick(key("k")), named);
    EXPECT_EQ(maxqueue->pick(key("k")), named);
    named->queued = 2;
    EXPECT_EQ(always->pick(key("k")), named);
    EXPECT_NE(maxqueue->pick(key("k")), named);
    for (const auto& member : farm.members) {
      member->maxconn = member->served = 1;
      member->maxqueue = member->queued = 2;
    }
    EXPECT_EQ(maxconn->pick(key("k")), named) << "all are full: it queues where it belongs";
    EXPECT_EQ(maxqueue->pick(key("k")), named);
  }
}

TEST(HashKeyOfServer, AddressesStandTheSameEverywhere) {
  const Address a = *Address::from_ip("192.0.2.1", 80);
  const Address b = *Address::from_ip("192.0.2.1", 81);
  EXPECT_EQ(ring_seed(HashKey::id, 3, a), 3U * 4096);
  EXPECT_EQ(ring_seed(HashKey::addr, 3, a), ring_seed(HashKey::addr, 9, b));
  EXPECT_NE(ring_seed(HashKey::addr_port, 3, a), ring_seed(HashKey::addr_port, 3, b));
  EXPECT_EQ(ring_seed(HashKey::addr, 3, *Address::from_unix_path("/x")), 3U * 4096);
}

}  // namespace
}  // namespace evenkeel::balance
