#include "core/timer_wheel.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

namespace evenkeel {
namespace {

struct Probe {
  explicit Probe(TimerWheel& w, const Millis& n)
      : now(n),
        deadline(
            w,
            [](void* self) noexcept {
              auto* probe = static_cast<Probe*>(self);
              ++probe->fired;
              probe->fired_at = probe->now;
            },
            this) {}
  const Millis& now;
  int fired = 0;
  Millis fired_at = 0;
  Deadline deadline;
};

TEST(TimerWheel, FiresEachDeadlineOnceAndInTime) {
  std::mt19937 random(7);
  Millis now = 1'000'003;
  TimerWheel wheel(now);
  std::vector<std::unique_ptr<Probe>> probes;
  std::vector<Millis> due;
  for (int i = 0; i < 2000; ++i) {
    probes.push_back(std::make_unique<Probe>(wheel, now));
    due.push_back(now + 1 + static_cast<Millis>(random() % (i % 2 ? 300 : 200'000)));
    probes.back()->deadline.set(due.back());
  }
  while (wheel.next_due() < kNever) {
    const Millis at = wheel.next_due();
    ASSERT_GT(at, now);
    now = at;
    wheel.advance(now);
  }
  for (std::size_t i = 0; i < due.size(); ++i) {
    EXPECT_EQ(probes[i]->fired, 1);
    EXPECT_EQ(probes[i]->fired_at, due[i]);
  }
}

TEST(TimerWheel, ALaterTimeCostsNoMoveAndAnEarlierOneIsKept) {
  Millis now = 5000;
  TimerWheel wheel(now);
  Probe probe(wheel, now);
  probe.deadline.set(5100);
  probe.deadline.set(9000);
  now = 5100;
  wheel.advance(now);
  EXPECT_EQ(probe.fired, 0);
  probe.deadline.set(5200);
  now = 5200;
  wheel.advance(now);
  EXPECT_EQ(probe.fired, 1);
  now = 20'000;
  wheel.advance(now);
  EXPECT_EQ(probe.fired, 1);
}

TEST(TimerWheel, ClearedAndDestroyedDeadlinesStaySilent) {
  Millis now = 0;
  TimerWheel wheel(now);
  Probe cleared(wheel, now);
  cleared.deadline.set(10);
  cleared.deadline.clear();
  auto gone = std::make_unique<Probe>(wheel, now);
  gone->deadline.set(10);
  gone.reset();
  now = 1000;
  wheel.advance(now);
  EXPECT_EQ(cleared.fired, 0);
}

TEST(TimerWheel, AJumpOverManySlotsFiresEverythingThatIsDue) {
  Millis now = 77;
  TimerWheel wheel(now);
  std::vector<std::unique_ptr<Probe>> probes;
  for (Millis d : {1, 255, 256, 257, 65'535, 65'536, 70'000, 20'000'000}) {
    probes.push_back(std::make_unique<Probe>(wheel, now));
    probes.back()->deadline.set(77 + d);
  }
  now = 77 + 20'000'000;
  wheel.advance(now);
  for (auto& probe : probes) EXPECT_EQ(probe->fired, 1);
}

TEST(TimerWheel, TellsWhenItMustBeWokenEarlier) {
  TimerWheel wheel(0);
  int calls = 0;
  wheel.on_nearer([](void* n) noexcept { ++*static_cast<int*>(n); }, &calls);
  Millis now = 0;
  Probe far(wheel, now);
  Probe near(wheel, now);
  far.deadline.set(200);
  EXPECT_EQ(calls, 1);
  near.deadline.set(250);
  EXPECT_EQ(calls, 1);
  near.deadline.set(20);
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace evenkeel
