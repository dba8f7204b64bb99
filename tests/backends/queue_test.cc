#include "backends/queue.h"

#include <atomic>
#include <thread>

#include "tests/backends/live_backend.h"

namespace evenkeel::backends {
namespace {

struct Waiter {
  bool done = false;
  Server* granted = nullptr;
  IoStatus status = IoStatus::ok;
  std::uint32_t position = 0;
  QueueWait* wait = nullptr;
};

Task<void> stand(Worker& worker, Backend& backend, Server* wanted, Millis until, Waiter& waiter,
                 std::vector<int>* order = nullptr, int number = 0, QueueRank rank = {}) {
  QueueWait wait(worker, backend, wanted, until, rank);
  waiter.wait = &wait;
  co_await wait;
  waiter.wait = nullptr;
  waiter.done = true;
  waiter.granted = wait.granted;
  waiter.status = wait.status;
  waiter.position = wait.position;
  if (order != nullptr) order->push_back(number);
}

// Two servers with one slot each, both taken.
class QueueTest : public testing::Test {
 protected:
  QueueTest() {
    for (Server* server : backend_.servers()) EXPECT_TRUE(server->try_take());
    a_ = backend_.find_server("a");
    b_ = backend_.find_server("b");
  }
  ~QueueTest() override {
    EXPECT_EQ(backend_.queued, 0U);
    EXPECT_EQ(backend_.queued_here, 0U);
    EXPECT_EQ(a_->queued, 0U);
    EXPECT_EQ(b_->queued, 0U);
  }
  static std::vector<ServerDef> two() {
    const auto one_slot = [](ServerDef& def) { def.maxconn = 1; };
    return {server_def("a", 1, one_slot), server_def("b", 2, one_slot)};
  }
  Worker worker_{0};
  Backend backend_{backend_def(two()), 1};
  Server* a_ = nullptr;
  Server* b_ = nullptr;
};

TEST_F(QueueTest, GrantsInTheOrderOfArrival) {
  std::vector<int> order;
  std::array<Waiter, 3> waiters;
  for (int i = 0; i < 3; ++i) {
    spawn(stand(worker_, backend_, nullptr, kNever, waiters[static_cast<std::size_t>(i)], &order, i));
  }
  EXPECT_EQ(backend_.queued, 3U);
  EXPECT_EQ(backend_.totals.totals(worker_.now()).queue_max, 3U);
  for (int i = 0; i < 3; ++i) {
    a_->release_slot();
    ASSERT_TRUE(turn_until(worker_, [&] { return order.size() == static_cast<std::size_t>(i) + 1; }));
  }
  EXPECT_EQ(order, (std::vector{0, 1, 2}));
  EXPECT_EQ(waiters[2].position, 2U);
  EXPECT_EQ(waiters[0].granted, a_);
  EXPECT_EQ(a_->served, 1U);  // the last of them holds the slot
}

TEST_F(QueueTest, LowerClassesGoFirstThenEarlierTimes) {
  const std::array<QueueRank, 5> ranks{{{0, 100}, {0, 50}, {1, 0}, {-1, 900}, {0, 100}}};
  std::vector<int> order;
  std::array<Waiter, 5> waiters;
  for (int i = 0; i < 5; ++i) {
    const auto n = static_cast<std::size_t>(i);
    spawn(stand(worker_, backend_, nullptr, kNever, waiters[n], &order, i, ranks[n]));
  }
  EXPECT_EQ(backend_.totals.totals(worker_.now()).queue_max, 5U);
  for (std::size_t i = 1; i <= 5; ++i) {
    a_->release_slot();
    ASSERT_TRUE(turn_until(worker_, [&] { return order.size() == i; }));
  }
  EXPECT_EQ(order, (std::vector{3, 1, 0, 4, 2}));
  EXPECT_EQ(waiters[3].position, 0U);
  EXPECT_EQ(waiters[4].position, 3U);
}

TEST_F(QueueTest, ThoseWhoWantOneServerGetNoOther) {
  Waiter bound;
  Waiter free;
  spawn(stand(worker_, backend_, a_, kNever, bound));
  spawn(stand(worker_, backend_, nullptr, kNever, free));
  EXPECT_EQ(a_->queued, 1U);
  b_->release_slot();
  ASSERT_TRUE(turn_until(worker_, [&] { return free.done; }));
  EXPECT_EQ(free.granted, b_);
  EXPECT_FALSE(bound.done);
  a_->release_slot();
  ASSERT_TRUE(turn_until(worker_, [&] { return bound.done; }));
  EXPECT_EQ(bound.granted, a_);
}

TEST_F(QueueTest, GivesUpWhenTheTimeIsOver) {
  Waiter waiter;
  spawn(stand(worker_, backend_, nullptr, worker_.now() + 5, waiter));
  ASSERT_TRUE(turn_until(worker_, [&] { return waiter.done; }));
  EXPECT_EQ(waiter.status, IoStatus::timeout);
  EXPECT_EQ(waiter.granted, nullptr);
}

TEST_F(QueueTest, GivesUpWhenTold) {
  Waiter waiter;
  spawn(stand(worker_, backend_, nullptr, kNever, waiter));
  waiter.wait->give_up(IoStatus::cancelled);
  EXPECT_FALSE(waiter.done);  // not from within the call
  ASSERT_TRUE(turn_until(worker_, [&] { return waiter.done; }));
  EXPECT_EQ(waiter.status, IoStatus::cancelled);
}

TEST_F(QueueTest, AGrantThatIsOnItsWayCannotBeGivenUp) {
  Waiter waiter;
  spawn(stand(worker_, backend_, nullptr, kNever, waiter));
  a_->release_slot();
  waiter.wait->give_up(IoStatus::timeout);
  ASSERT_TRUE(turn_until(worker_, [&] { return waiter.done; }));
  EXPECT_EQ(waiter.granted, a_);
}

TEST_F(QueueTest, AServerThatGoesDownSendsItsQueueAway) {
  Waiter bound;
  Waiter free;
  spawn(stand(worker_, backend_, a_, kNever, bound));
  spawn(stand(worker_, backend_, nullptr, kNever, free));
  a_->set_running(false, worker_.now());
  EXPECT_EQ(a_->requeued, 1U);
  ASSERT_TRUE(turn_until(worker_, [&] { return bound.done; }));
  EXPECT_EQ(bound.status, IoStatus::failed);
  EXPECT_EQ(bound.granted, nullptr);
  a_->release_slot();  // of a server that is down: nobody may have it
  EXPECT_EQ(a_->served, 0U);
  b_->release_slot();
  ASSERT_TRUE(turn_until(worker_, [&] { return free.done; }));
  EXPECT_EQ(free.granted, b_);
}

TEST_F(QueueTest, NobodyQueuesOnAServerThatHasGoneDown) {
  a_->set_running(false, worker_.now());
  Waiter waiter;
  spawn(stand(worker_, backend_, a_, kNever, waiter));
  EXPECT_TRUE(waiter.done);
  EXPECT_EQ(waiter.status, IoStatus::failed);
}

TEST_F(QueueTest, AServerThatComesUpTakesThoseWhoWait) {
  a_->set_running(false, worker_.now());
  a_->release_slot();
  Waiter waiter;
  spawn(stand(worker_, backend_, nullptr, kNever, waiter));
  EXPECT_FALSE(waiter.done);
  a_->set_running(true, worker_.now());
  ASSERT_TRUE(turn_until(worker_, [&] { return waiter.done; }));
  EXPECT_EQ(waiter.granted, a_);
}

TEST_F(QueueTest, ASlotThatIsFreeByNowIsTakenAtOnce) {
  a_->release_slot();
  Waiter waiter;
  spawn(stand(worker_, backend_, a_, kNever, waiter));
  EXPECT_TRUE(waiter.done);
  EXPECT_EQ(waiter.granted, a_);
}

// Sessions on several threads that all want the only slot: nobody is forgotten, never two at a time.
class Crowd {
 public:
  static constexpr int kThreads = 4;
  static constexpr int kSessions = 8;
  static constexpr int kRounds = 150;

  Crowd() : backend_(backend_def({server_def("a", 1, [](ServerDef& d) { d.maxconn = 1; })}), kThreads) {}

  void run() {
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([this, t] {
        Worker worker(t);
        int running = kSessions;
        // Every second session insists on the server, the others take any.
        for (int s = 0; s < kSessions; ++s) spawn(session(worker, s % 2 == 0, running));
        if (running > 0) worker.run();
        // Its mail must not meet a worker that is gone.
        ended_.fetch_add(1);
        while (ended_.load() < kThreads) std::this_thread::yield();
      });
    }
    for (auto& thread : threads) thread.join();
  }
  std::atomic<int> granted{0};
  std::atomic<int> crowded{0};

 private:
  Task<void> session(Worker& worker, bool bound, int& running) {
    Server* const server = backend_.servers()[0];
    for (int round = 0; round < kRounds; ++round) {
      QueueWait wait(worker, backend_, bound ? server : nullptr, kNever);
      co_await wait;
      if (wait.granted == nullptr) break;
      if (inside_.fetch_add(1) != 0) ++crowded;
      ++granted;
      inside_.fetch_sub(1);
      server->release_slot();
    }
    if (--running == 0) worker.stop();
  }
  Backend backend_;
  std::atomic<int> inside_{0};
  std::atomic<int> ended_{0};
};

TEST(QueueCrowd, ManyThreadsShareOneSlot) {
  Crowd crowd;
  crowd.run();
  EXPECT_EQ(crowd.granted, Crowd::kThreads * Crowd::kSessions * Crowd::kRounds);
  EXPECT_EQ(crowd.crowded, 0);
}

}  // namespace
}  // namespace evenkeel::backends
