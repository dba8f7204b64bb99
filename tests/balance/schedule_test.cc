#include "balance/schedule.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace evenkeel::balance {
namespace {

using Order = std::vector<std::uint32_t> (*)(std::span<const std::uint32_t>);

class Orders : public testing::TestWithParam<Order> {};

TEST_P(Orders, GiveEachServerExactlyItsShare) {
  std::mt19937 engine(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::uint32_t> weights(1 + engine() % 12);
    const std::uint32_t unit = engine() % 2 == 0 ? 1 : 16;
    for (std::uint32_t& weight : weights) weight = (1 + engine() % 40) * unit;
    const std::uint32_t divisor = std::accumulate(
        weights.begin(), weights.end(), 0U, [](std::uint32_t a, std::uint32_t b) { return std::gcd(a, b); });
    std::vector<std::uint32_t> turns(weights.size());
    for (const std::uint32_t server : GetParam()(weights)) ++turns[server];
    for (std::size_t i = 0; i < weights.size(); ++i) ASSERT_EQ(turns[i], weights[i] / divisor);
  }
}

TEST_P(Orders, CostNoMoreThanOneSlotEachForEqualWeights) {
  EXPECT_EQ(GetParam()(std::vector<std::uint32_t>(10'000, 4096)).size(), 10'000U);
  EXPECT_TRUE(GetParam()({}).empty());
}

INSTANTIATE_TEST_SUITE_P(Both, Orders, testing::Values(Order{smooth_order}, Order{map_order}));

TEST(SmoothOrder, RoundsWeightsRatherThanGrowWithoutBound) {
  std::vector<std::uint32_t> weights;
  for (std::uint32_t i = 0; i < 3000; ++i) weights.push_back(1 + i % 4096);
  const auto order = smooth_order(weights);
  EXPECT_LE(order.size(), kMaxSlots + weights.size());
  std::vector<std::uint32_t> turns(weights.size());
  for (const std::uint32_t server : order) ++turns[server];
  EXPECT_GT(turns[0], 0U);
  EXPECT_NEAR(turns[2999] / double(turns[299]), 10.0, 0.2);
}

}  // namespace
}  // namespace evenkeel::balance
