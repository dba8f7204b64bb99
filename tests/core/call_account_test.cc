#include "core/call_account.h"

#include <gtest/gtest.h>

#include <memory>

namespace evenkeel {
namespace {

void burn(std::int64_t ns) {
  const std::int64_t until = Profiler::thread_cpu_ns() + ns;
  while (Profiler::thread_cpu_ns() < until) {
  }
}

TEST(CallAccount, CountsTurnsAndTheirTimeForTheirSessionOnly) {
  Profiler profiler;
  CallAccount one(profiler);
  CallAccount other(profiler);
  profiler.woken();
  {
    const Turn turn(one);
    burn(1'000'000);
    EXPECT_GE(one.cpu_ns(), 1'000'000);  // while it lasts, too
  }
  burn(1'000'000);  // nobody's
  {
    const Turn turn(other);
    burn(3'000'000);
  }
  EXPECT_EQ(one.calls(), 1);
  EXPECT_EQ(other.calls(), 1);
  EXPECT_GE(one.cpu_ns(), 1'000'000);
  EXPECT_LT(one.cpu_ns(), other.cpu_ns());
  EXPECT_GE(other.latency_ns(), 2'000'000);  // it waited for the first one
  EXPECT_LT(one.latency_ns(), other.latency_ns());
}

TEST(CallAccount, BeginsAnewWithTheTurnThatBringsARequest) {
  Profiler profiler;
  CallAccount account(profiler);
  {
    const Turn turn(account);
    account.reset();
    EXPECT_EQ(account.calls(), 1);
  }
  account.reset();
  EXPECT_EQ(account.calls(), 0);
  EXPECT_EQ(account.cpu_ns(), 0);
}

TEST(CallAccount, MayEndInItsOwnTurn) {
  Profiler profiler;
  auto account = std::make_unique<CallAccount>(profiler);
  const Turn turn(*account);
  account.reset();
}

}  // namespace
}  // namespace evenkeel
