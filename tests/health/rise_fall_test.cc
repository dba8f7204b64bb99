#include "health/rise_fall.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::health {
namespace {

// Plays outcomes ('+' passed, '-' failed) and returns what the status column showed after each.
std::string play(HealthCounter health, std::string_view outcomes) {
  std::string shown = status_text(health, false);
  for (const char c : outcomes) {
    if (c == '+') {
      health.on_success();
    } else {
      health.on_failure();
    }
    shown += ", " + status_text(health, false);
  }
  return shown;
}

TEST(HealthCounter, WalksAsTheStatusColumnOfHaproxy) {
  EXPECT_EQ(play({2, 3}, "+"), "UP 1/3, UP");
  EXPECT_EQ(play({2, 3}, "-"), "UP 1/3, DOWN");
  EXPECT_EQ(play({2, 3}, "+---"), "UP 1/3, UP, UP 2/3, UP 1/3, DOWN");
  EXPECT_EQ(play({2, 3}, "+--+---"), "UP 1/3, UP, UP 2/3, UP 1/3, UP, UP 2/3, UP 1/3, DOWN");
  EXPECT_EQ(play({2, 3}, "-++"), "UP 1/3, DOWN, DOWN 1/2, UP");
  EXPECT_EQ(play({2, 3}, "-+-++"), "UP 1/3, DOWN, DOWN 1/2, DOWN, DOWN 1/2, UP");
  EXPECT_EQ(play({1, 1}, "+-+"), "UP, UP, DOWN, UP");
  EXPECT_EQ(play({3, 1}, "-+++"), "UP, DOWN, DOWN 1/3, DOWN 2/3, UP");
}

TEST(HealthCounter, BeginsWhereInitStateSays) {
  EXPECT_EQ(play({2, 3, InitState::fully_up}, "---"), "UP, UP 2/3, UP 1/3, DOWN");
  EXPECT_EQ(play({2, 3, InitState::up}, "-"), "UP 1/3, DOWN");
  EXPECT_EQ(play({2, 3, InitState::down}, "+"), "DOWN 1/2, UP");
  EXPECT_EQ(play({2, 3, InitState::fully_down}, "++"), "DOWN, DOWN 1/2, UP");
  EXPECT_EQ(play({1, 1, InitState::down}, "+"), "DOWN, UP");
}

// Every state of every small rise/fall pair: the invariants hold and each event reports what it did.
TEST(HealthCounter, HoldsItsInvariantsInEveryState) {
  for (int rise = 1; rise <= 5; ++rise) {
    for (int fall = 1; fall <= 5; ++fall) {
      for (int value = 0; value < rise + fall; ++value) {
        HealthCounter start(rise, fall);
        start.restore(value);
        ASSERT_EQ(start.value(), value);
        ASSERT_EQ(start.up(), value >= rise);

        HealthCounter good = start;
        const HealthChange gained = good.on_success();
        ASSERT_GE(good.value(), value);
        ASSERT_LE(good.value(), good.max());
        ASSERT_EQ(gained == HealthChange::went_up, !start.up() && good.up());
        ASSERT_EQ(gained == HealthChange::none, good.value() == value);
        ASSERT_TRUE(!good.up() || good.fully_up());

        HealthCounter bad = start;
        const HealthChange lost = bad.on_failure();
        ASSERT_LE(bad.value(), value);
        ASSERT_GE(bad.value(), 0);
        ASSERT_EQ(lost == HealthChange::went_down, start.up() && !bad.up());
        ASSERT_EQ(lost == HealthChange::none, bad.value() == value);
        ASSERT_TRUE(bad.up() || bad.fully_down());
      }
    }
  }
}

TEST(HealthCounter, NeedsExactlyRiseAndFallOutcomes) {
  for (int rise = 1; rise <= 4; ++rise) {
    for (int fall = 1; fall <= 4; ++fall) {
      HealthCounter health(rise, fall, InitState::fully_up);
      for (int i = 1; i < fall; ++i) EXPECT_EQ(health.on_failure(), HealthChange::weakened);
      EXPECT_EQ(health.on_failure(), HealthChange::went_down);
      EXPECT_EQ(health.on_failure(), HealthChange::none);
      for (int i = 1; i < rise; ++i) EXPECT_EQ(health.on_success(), HealthChange::climbing);
      EXPECT_EQ(health.on_success(), HealthChange::went_up);
      EXPECT_EQ(health.on_success(), HealthChange::none);
    }
  }
}

TEST(HealthCounter, ObeysTheOperator) {
  HealthCounter health(2, 3);
  EXPECT_EQ(health.force(false), HealthChange::went_down);
  EXPECT_EQ(health.value(), 0);
  EXPECT_EQ(health.force(false), HealthChange::none);
  EXPECT_EQ(health.force(true), HealthChange::went_up);
  EXPECT_EQ(health.value(), 4);
}

TEST(HealthCounter, KeepsItsSideWhenThresholdsChange) {
  for (int value = 0; value < 5; ++value) {
    for (int rise = 1; rise <= 6; ++rise) {
      for (int fall = 1; fall <= 6; ++fall) {
        HealthCounter health(2, 3);
        health.restore(value);
        const bool was_up = health.up();
        const bool was_full = health.fully_up();
        health.resize(rise, fall);
        ASSERT_EQ(health.up(), was_up);
        ASSERT_LE(health.value(), health.max());
        ASSERT_GE(health.value(), 0);
        if (was_full) {
          ASSERT_TRUE(health.fully_up());
        }
      }
    }
  }
}

TEST(HealthCounter, TakesNonsenseThresholdsAsOne) {
  const HealthCounter health(0, -3);
  EXPECT_EQ(health.rise(), 1);
  EXPECT_EQ(health.fall(), 1);
}

TEST(StatusText, ShowsNolbOnlyWhileUp) {
  HealthCounter health(2, 3, InitState::fully_up);
  EXPECT_EQ(status_text(health, true), "NOLB");
  health.on_failure();
  EXPECT_EQ(status_text(health, true), "NOLB 2/3");
  health.force(false);
  EXPECT_EQ(status_text(health, true), "DOWN");
}

TEST(Interval, FollowsTheTableOfTheManual) {
  const CheckIntervals all{2000, 500, 5000};
  const CheckIntervals plain{2000, 0, 0};
  HealthCounter health(2, 3, InitState::fully_up);
  EXPECT_EQ(interval_for(all, health, true), 2000);
  EXPECT_EQ(interval_for(all, health, false), 500);  // yet unchecked
  EXPECT_EQ(interval_for(plain, health, false), 2000);
  health.on_failure();
  EXPECT_EQ(interval_for(all, health, true), 500);
  EXPECT_EQ(interval_for(plain, health, true), 2000);
  health.force(false);
  EXPECT_EQ(interval_for(all, health, true), 5000);
  EXPECT_EQ(interval_for(plain, health, true), 2000);
  health.on_success();
  EXPECT_EQ(interval_for(all, health, true), 500);
}

TEST(Interval, JittersWithinItsPercentage) {
  EXPECT_EQ(with_jitter(2000, 0, 0.9), 2000);
  EXPECT_EQ(with_jitter(2000, 5, 0.0), 1900);
  EXPECT_EQ(with_jitter(2000, 5, 0.5), 2000);
  EXPECT_EQ(with_jitter(2000, 50, 0.999999), 2999);
  EXPECT_EQ(with_jitter(1, 50, 0.0), 1);
}

TEST(Interval, SpreadsTheFirstChecks) {
  EXPECT_EQ(start_offset(0, 4, 2000, 0), 0);
  EXPECT_EQ(start_offset(1, 4, 2000, 0), 500);
  EXPECT_EQ(start_offset(3, 4, 2000, 0), 1500);
  EXPECT_EQ(start_offset(3, 4, 60'000, 400), 300);
  EXPECT_EQ(start_offset(3, 4, 200, 400), 150);
  EXPECT_EQ(start_offset(0, 0, 200, 400), 0);
}

TEST(Timeouts, AreThoseOfTimeoutCheckInTheManual) {
  EXPECT_EQ(check_timeouts(2000, 5000, 0).connect, 2000);
  EXPECT_EQ(check_timeouts(2000, 5000, 0).data, 0);
  EXPECT_EQ(check_timeouts(2000, 5000, 300).connect, 2000);
  EXPECT_EQ(check_timeouts(2000, 700, 300).connect, 700);
  EXPECT_EQ(check_timeouts(2000, 0, 300).connect, 2000);
  EXPECT_EQ(check_timeouts(2000, 700, 300).data, 300);
}

TEST(ErrorObserver, CountsOnlyConsecutiveErrors) {
  ErrorObserver seen;
  EXPECT_FALSE(seen.note(false, 3));
  EXPECT_FALSE(seen.note(false, 3));
  EXPECT_FALSE(seen.note(true, 3));
  EXPECT_EQ(seen.consecutive(), 0);
  EXPECT_FALSE(seen.note(false, 3));
  EXPECT_FALSE(seen.note(false, 3));
  EXPECT_TRUE(seen.note(false, 3));
  EXPECT_EQ(seen.consecutive(), 0);
  EXPECT_TRUE(seen.note(false, 1));
}

TEST(OnErrorMode, ActsOnTheCounter) {
  HealthCounter health(2, 5, InitState::fully_up);
  EXPECT_EQ(apply_on_error(OnError::fastinter, health), HealthChange::none);
  EXPECT_EQ(health.shown(), 5);
  EXPECT_EQ(apply_on_error(OnError::fail_check, health), HealthChange::weakened);
  EXPECT_EQ(health.shown(), 4);
  EXPECT_EQ(apply_on_error(OnError::sudden_death, health), HealthChange::weakened);
  EXPECT_EQ(health.shown(), 1);
  EXPECT_EQ(health.on_failure(), HealthChange::went_down);
  health.force(true);
  EXPECT_EQ(apply_on_error(OnError::mark_down, health), HealthChange::went_down);
  EXPECT_EQ(health.value(), 0);
}

TEST(OnErrorMode, BringsTheNextCheckForwardButNeverPutsItOff) {
  const CheckIntervals fast{2000, 100, 0};
  EXPECT_EQ(sooner_check(5000, 4000, fast), 4100);
  EXPECT_EQ(sooner_check(4050, 4000, fast), 4050);
  EXPECT_EQ(sooner_check(5000, 4000, {2000, 0, 0}), 5000);
}

}  // namespace
}  // namespace evenkeel::health
