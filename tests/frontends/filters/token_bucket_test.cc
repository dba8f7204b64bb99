#include "frontends/filters/token_bucket.h"

#include <gtest/gtest.h>

namespace evenkeel::frontends {
namespace {

// Takes `bytes` through the bucket on a clock of its own; how long that takes.
Millis time_of(TokenBucket& bucket, std::size_t bytes, std::size_t piece) {
  Millis now = 0;
  while (bytes > 0) {
    const std::size_t wanted = std::min(bytes, piece);
    const std::size_t allowed = bucket.admit(wanted, now);
    if (allowed == 0) {
      now += bucket.wait(wanted);
      continue;
    }
    bucket.spend(allowed);
    bytes -= allowed;
  }
  return now;
}

TEST(TokenBucket, GivesOnePeriodAtOnceAndTheRestInTime) {
  for (const std::size_t piece :
       {std::size_t{1}, std::size_t{300}, std::size_t{16384}, std::size_t{1} << 20U}) {
    TokenBucket bucket(1000, 1000, 0, 0);
    const Millis taken = time_of(bucket, 5000, piece);
    EXPECT_GE(taken, 3990) << piece;
    EXPECT_LE(taken, 4200) << piece;
  }
}

TEST(TokenBucket, ScalesWithItsPeriod) {
  TokenBucket slow(100, 10'000, 0, 0);
  EXPECT_NEAR(static_cast<double>(time_of(slow, 200, 1000)), 10'000, 200);
  TokenBucket fast(10'000'000, 1000, 0, 0);
  EXPECT_LE(time_of(fast, 10'000'000, 16384), 1);
}

TEST(TokenBucket, SendsNoPiecesBelowItsSize) {
  TokenBucket bucket(1000, 1000, 500, 0);
  bucket.spend(1000);
  EXPECT_EQ(bucket.admit(2000, 400), 0U);
  EXPECT_EQ(bucket.admit(2000, 500), 500U);
  bucket.spend(500);
  EXPECT_EQ(bucket.admit(10, 510), 10U);  // no more than that is there
}

TEST(TokenBucket, WakesNobodyForSingleBytes) {
  TokenBucket bucket(2000, 1000, 0, 0);
  bucket.spend(2000);
  EXPECT_EQ(bucket.admit(5000, 10), 0U);
  EXPECT_EQ(bucket.admit(5000, 50), 100U);
}

TEST(TokenBucket, NeverSavesMoreThanOnePeriod) {
  TokenBucket bucket(1000, 1000, 0, 0);
  EXPECT_EQ(bucket.admit(1'000'000, 3'600'000), 1000U);
}

TEST(TokenBucket, KeepsWhatWasUsedWhenTheLimitChanges) {
  TokenBucket bucket(1000, 1000, 0, 0);
  bucket.change(200, 1000);
  EXPECT_EQ(bucket.admit(1000, 0), 200U);
}

}  // namespace
}  // namespace evenkeel::frontends
