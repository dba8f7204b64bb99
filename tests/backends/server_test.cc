#include "backends/server.h"

#include "tests/backends/live_backend.h"

namespace evenkeel::backends {
namespace {

class ServerTest : public testing::Test {
 protected:
  Backend& make(std::vector<ServerDef> servers) {
    backend_ = std::make_unique<Backend>(backend_def(std::move(servers)), 1);
    backend_->kill_sessions = [this](Server& server, Cause why) {
      killed_ += server.name + static_cast<char>(why);
    };
    return *backend_;
  }
  Server& operator[](std::string_view name) { return *backend_->find_server(name); }
  Worker worker_{0};
  std::unique_ptr<Backend> backend_;
  std::string killed_;
};

TEST_F(ServerTest, ClimbsInASlowStart) {
  make({server_def("a", 1, [](ServerDef& d) {
    d.weight = 100;
    d.slowstart = 60'000;
  })});
  Server& a = (*this)["a"];
  const Millis now = worker_.now();
  a.set_running(false, now);
  EXPECT_FALSE(a.usable());
  a.set_running(true, now - 15'000);  // a quarter of the climb has passed
  EXPECT_EQ(a.weight, 25 * balance::kWeightScale);
  a.set_running(false, now);
  a.set_running(true, now);
  EXPECT_EQ(a.weight, 1U);  // never nothing, else nobody would see whether it works
  a.set_running(false, now);
  a.set_running(true, now - 60'000);
  EXPECT_EQ(a.weight, 100 * balance::kWeightScale);
}

TEST_F(ServerTest, KeepsAccountOfItsDowntime) {
  make({server_def("a", 1)});
  Server& a = (*this)["a"];
  a.set_running(false, 1'000);
  a.set_running(false, 1'500);  // nothing new
  a.set_running(true, 4'000);
  EXPECT_EQ(a.down_time, 3'000);
  EXPECT_EQ(a.last_change, 4'000);
  EXPECT_EQ(a.totals.totals(worker_.now()).down_transitions, 1U);
}

TEST_F(ServerTest, EndsSessionsWhenItsDefinitionSaysSo) {
  make({server_def("a", 1, [](ServerDef& d) { d.on_marked_down_shutdown = true; }),
        server_def("b", 2, [](ServerDef& d) { d.on_marked_up_shutdown_backup = true; }),
        server_def("c", 3, [](ServerDef& d) { d.backup = true; })});
  (*this)["b"].set_running(false, 1);
  EXPECT_EQ(killed_, "");
  (*this)["a"].set_running(false, 1);
  EXPECT_EQ(killed_, "aD");
  (*this)["b"].set_running(true, 1);
  EXPECT_EQ(killed_, "aDcU");
  (*this)["a"].set_running(true, 1);
  (*this)["a"].change_admin(kForcedMaint, 0);
  EXPECT_EQ(killed_, "aDcUaD");
}

TEST_F(ServerTest, FollowersDoAsTheOneTheyTrack) {
  make({server_def("a", 1), server_def("b", 2), server_def("c", 3)});
  (*this)["a"].add_follower((*this)["b"]);
  (*this)["b"].add_follower((*this)["c"]);
  (*this)["a"].set_running(false, 1);
  EXPECT_FALSE((*this)["c"].usable());
  (*this)["a"].set_running(true, 1);
  EXPECT_TRUE((*this)["c"].usable());
  (*this)["a"].change_admin(kForcedMaint, 0);
  EXPECT_TRUE((*this)["c"].in_maintenance());
  EXPECT_EQ((*this)["c"].admin(), kInheritedMaint);
  (*this)["a"].change_admin(kForcedDrain, kForcedMaint);
  EXPECT_FALSE((*this)["c"].in_maintenance());
  EXPECT_TRUE((*this)["c"].draining());
  (*this)["a"].change_admin(0, kForcedDrain);
  EXPECT_EQ((*this)["c"].admin(), 0U);
  (*this)["a"].set_stopping(true);
  EXPECT_TRUE((*this)["c"].stopping());
}

TEST_F(ServerTest, DrainingTakesNoNewSessionsButServesItsOwn) {
  make({server_def("a", 1)});
  Server& a = (*this)["a"];
  a.change_admin(kForcedDrain, 0);
  EXPECT_FALSE(a.usable());
  EXPECT_TRUE(a.can_serve());
  EXPECT_EQ(backend_->pick({}), nullptr);
  EXPECT_FALSE(backend_->is_up());
  EXPECT_FALSE(a.change_admin(kForcedDrain, 0));  // nothing new
  a.change_admin(0, kForcedDrain);
  EXPECT_EQ(backend_->pick({}), &a);
}

TEST_F(ServerTest, AnAddressEndsTheMaintenanceThatLackedOne) {
  make({server_def("a", 1, [](ServerDef& d) { d.address = {}; })});
  Server& a = (*this)["a"];
  EXPECT_TRUE(a.in_maintenance());
  a.set_address(Address::loopback_v4(80));
  EXPECT_TRUE(a.usable());
  EXPECT_EQ(a.address().port(), 80);
}

TEST_F(ServerTest, ItsLimitClimbsWithTheLoadOfTheBackend) {
  auto def = backend_def({server_def("a", 1, [](ServerDef& d) {
    d.maxconn = 100;
    d.minconn = 10;
  })});
  def->fullconn = 1'000;
  Backend backend(def, 1);
  Server& a = *backend.servers()[0];
  EXPECT_EQ(a.maxconn, 10U);
  backend.current_sessions = 500;
  a.refresh();
  EXPECT_EQ(a.maxconn, 50U);
  backend.current_sessions = 5'000;
  a.refresh();
  EXPECT_EQ(a.maxconn, 100U);
}

}  // namespace
}  // namespace evenkeel::backends
