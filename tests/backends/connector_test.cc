#include "backends/connector.h"

#include <algorithm>

#include "tests/backends/live_backend.h"

namespace evenkeel::backends {
namespace {

class ConnectorTest : public testing::Test {
 protected:
  ~ConnectorTest() override {
    lease_.release();
    if (!backend_) return;
    EXPECT_EQ(backend_->queued, 0U);
    for (Server* server : backend_->servers()) {
      server->pool(0).clear();
      EXPECT_EQ(server->served, 0U) << server->name;
      EXPECT_EQ(server->current_sessions, 0U) << server->name;
      EXPECT_EQ(server->pool_used, 0U) << server->name;
      EXPECT_EQ(server->idle_connections(), 0U) << server->name;
    }
  }
  void make(std::vector<ServerDef> servers, int retries = 1) {
    auto def = backend_def(std::move(servers));
    def->retries = retries;
    def_ = def;
    backend_ = std::make_unique<Backend>(def, 1);
    connector_.emplace(worker_, *backend_, record_);
    demand_.def = def.get();
    demand_.retries = retries;
    demand_.connect_timeout = 20;  // also the time between two attempts
    demand_.queue_timeout = 5'000;
  }
  ServerDef listening(std::string name, std::uint32_t id, const TuneServer& tune = {}) {
    return server_def(std::move(name), id, [&](ServerDef& def) {
      def.address = port_.address();
      if (tune) tune(def);
    });
  }
  void begin() {
    done_ = false;
    spawn([](ConnectorTest& t) -> Task<void> {
      t.outcome_ = co_await t.connector_->run(t.demand_, t.lease_);
      t.done_ = true;
    }(*this));
  }
  bool finish() {
    return turn_until(worker_, [&] { return done_; });
  }
  bool run() {
    begin();
    return finish() && outcome_.ok;
  }
  Worker worker_{0};
  Port port_;
  stats::SessionRecord record_;
  std::shared_ptr<const BackendDef> def_;
  std::unique_ptr<Backend> backend_;
  std::optional<Connector> connector_;
  Demand demand_;
  Lease lease_;
  ConnectOutcome outcome_;
  bool done_ = false;
};

TEST_F(ConnectorTest, ConnectsAndCountsUntilTheLeaseGoes) {
  make({listening("a", 1)});
  ASSERT_TRUE(run());
  Server& a = *backend_->servers()[0];
  EXPECT_EQ(lease_.server, &a);
  EXPECT_EQ(a.served, 1U);
  EXPECT_EQ(a.current_sessions, 1U);
  EXPECT_EQ(a.pool_used, 1U);
  EXPECT_EQ(record_.server, "a");
  Lease moved = std::move(lease_);
  EXPECT_FALSE(lease_.held());
  EXPECT_EQ(a.served, 1U);
}

TEST_F(ConnectorTest, TriesTheSameServerAgainAfterAPause) {
  make({server_def("a", 1)}, 2);
  const Millis before = worker_.now();
  EXPECT_FALSE(run());
  EXPECT_EQ(outcome_.cause, Cause::server_abort);
  EXPECT_EQ(outcome_.phase, Phase::connect);
  EXPECT_EQ(outcome_.status, 503);
  EXPECT_EQ(record_.retries, 2U);
  EXPECT_FALSE(record_.redispatched);
  EXPECT_GE(worker_.now() - before, 40);  // two turn-arounds
  const stats::Counters& be = backend_->counters(0);
  EXPECT_EQ(be.retries.get(), 2U);
  EXPECT_EQ(be.failed_conns.get(), 1U);
}

TEST_F(ConnectorTest, MovesToAnotherServerAtOnce) {
  make({server_def("a", 1), listening("b", 2)});
  demand_.connect_timeout = 60'000;  // a turn-around would be noticed
  ASSERT_TRUE(run());
  ASSERT_TRUE(lease_.held());
  EXPECT_EQ(lease_.server->name, "b");
  EXPECT_EQ(record_.retries, 1U);
  EXPECT_TRUE(record_.redispatched);
}

TEST_F(ConnectorTest, APersistentSessionMovesOnlyWithRedispatch) {
  make({server_def("a", 1), listening("b", 2)}, 1);
  demand_.wanted = backend_->find_server("a");
  EXPECT_FALSE(run());
  EXPECT_FALSE(record_.redispatched);
  auto def = std::make_shared<BackendDef>(*def_);
  def->redispatch = true;
  demand_.def = def.get();
  ASSERT_TRUE(run());
  EXPECT_EQ(lease_.server->name, "b");
}

TEST_F(ConnectorTest, FailsAtOnceWhenNobodyIsUp) {
  make({server_def("a", 1)});
  backend_->servers()[0]->set_running(false, worker_.now());
  begin();
  EXPECT_TRUE(done_);
  EXPECT_FALSE(outcome_.ok);
  EXPECT_EQ(outcome_.phase, Phase::connect);
}

TEST_F(ConnectorTest, WaitsInTheQueueAndTellsItsPlace) {
  make({listening("a", 1, [](ServerDef& d) { d.maxconn = 1; })});
  Server& a = *backend_->servers()[0];
  ASSERT_TRUE(a.try_take());
  begin();
  EXPECT_FALSE(done_);
  EXPECT_EQ(backend_->queued, 1U);
  a.release_slot();
  ASSERT_TRUE(finish());
  EXPECT_TRUE(outcome_.ok);
}

TEST_F(ConnectorTest, LeavesTheQueueWhenItsTimeIsOver) {
  make({listening("a", 1, [](ServerDef& d) { d.maxconn = 1; })});
  Server& a = *backend_->servers()[0];
  ASSERT_TRUE(a.try_take());
  demand_.queue_timeout = 5;
  EXPECT_FALSE(run());
  EXPECT_EQ(outcome_.cause, Cause::server_timeout);
  EXPECT_EQ(outcome_.phase, Phase::queue);
  a.release_slot();
}

TEST_F(ConnectorTest, TurnsAwayWhoMeetsAFullQueue) {
  make({listening("a", 1, [](ServerDef& d) {
    d.maxconn = 1;
    d.maxqueue = 1;
  })});
  Server& a = *backend_->servers()[0];
  ASSERT_TRUE(a.try_take());
  a.queued = 1;
  demand_.wanted = &a;
  begin();
  EXPECT_TRUE(done_);
  EXPECT_EQ(outcome_.phase, Phase::queue);
  a.queued = 0;
  a.release_slot();
}

TEST_F(ConnectorTest, AbortEndsTheWaitInTheQueue) {
  make({listening("a", 1, [](ServerDef& d) { d.maxconn = 1; })});
  Server& a = *backend_->servers()[0];
  ASSERT_TRUE(a.try_take());
  begin();
  connector_->abort(Cause::client_abort);
  ASSERT_TRUE(finish());
  EXPECT_EQ(outcome_.cause, Cause::client_abort);
  EXPECT_EQ(outcome_.phase, Phase::queue);
  a.release_slot();
}

TEST_F(ConnectorTest, AbortCutsThePauseShort) {
  make({server_def("a", 1)}, 3);
  demand_.connect_timeout = 60'000;  // the pause: a second
  begin();
  ASSERT_TRUE(turn_until(worker_, [&] { return record_.retries == 1; }));
  const Millis before = worker_.now();
  connector_->abort(Cause::killed_admin);
  ASSERT_TRUE(finish());
  EXPECT_LT(worker_.now() - before, 900);
  EXPECT_EQ(outcome_.cause, Cause::killed_admin);
}

TEST_F(ConnectorTest, AbortBesideAGrantGivesTheSlotBack) {
  make({listening("a", 1, [](ServerDef& d) { d.maxconn = 1; })});
  Server& a = *backend_->servers()[0];
  ASSERT_TRUE(a.try_take());
  begin();
  a.release_slot();  // the grant is on its way
  connector_->abort(Cause::killed_admin);
  ASSERT_TRUE(finish());
  EXPECT_FALSE(outcome_.ok);
  EXPECT_EQ(outcome_.cause, Cause::killed_admin);
  EXPECT_FALSE(lease_.held());
}

TEST_F(ConnectorTest, ParksAConnectionAndUsesItAgain) {
  make({listening("a", 1)});
  ASSERT_TRUE(run());
  Server& a = *backend_->servers()[0];
  lease_.park(worker_, std::nullopt);
  EXPECT_FALSE(lease_.held());
  EXPECT_EQ(a.served, 0U);
  EXPECT_EQ(a.pool_used, 0U);
  EXPECT_EQ(a.idle_connections(), 1U);
  demand_.allow_reuse = true;
  begin();
  EXPECT_TRUE(done_);  // nothing to wait for
  EXPECT_TRUE(lease_.reused);
  EXPECT_EQ(lease_.connection->requests, 1U);
  EXPECT_EQ(a.counters(0).reuse.get(), 1U);
  EXPECT_EQ(a.idle_connections(), 0U);
}

TEST_F(ConnectorTest, ParksNoMoreThanTheLimit) {
  make({listening("a", 1)});
  ASSERT_TRUE(run());
  lease_.park(worker_, 0U);
  EXPECT_EQ(backend_->servers()[0]->idle_connections(), 0U);
  EXPECT_EQ(backend_->servers()[0]->pool_used, 0U);
}

TEST_F(ConnectorTest, AFullPersistentServerWithoutRoomInItsQueueIsLeftWithRedispatch) {
  make({listening("a", 1,
                  [](ServerDef& d) {
                    d.maxconn = 1;
                    d.maxqueue = 1;
                  }),
        listening("b", 2)});
  Server& a = *backend_->find_server("a");
  ASSERT_TRUE(a.try_take());
  a.queued = 1;
  auto def = std::make_shared<BackendDef>(*def_);
  def->redispatch = true;
  demand_.def = def.get();
  demand_.wanted = &a;
  ASSERT_TRUE(run());
  EXPECT_EQ(lease_.server->name, "b");
  a.queued = 0;
  a.release_slot();
}

}  // namespace
}  // namespace evenkeel::backends
