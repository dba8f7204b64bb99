#include "health/monitor.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/fd_stream.h"
#include "health/protocol/http.h"
#include "health/protocol/redis.h"
#include "health/protocol/tcp.h"

namespace evenkeel::health {
namespace {

constexpr Millis kPatience = 20'000;  // only a broken test waits this long

// A listener on a free port of loopback, on the same worker as the monitor under test.
class Origin {
 public:
  explicit Origin(Worker& worker) : worker_(worker) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const Address any = Address::loopback_v4(0);
    EXPECT_EQ(::bind(fd, any.data(), any.size()), 0);
    address_ = Address::local_of(fd);
    listener_ = std::make_shared<FdStream>(worker, fd);
  }
  ~Origin() { listener_->cancel(IoStatus::cancelled); }

  [[nodiscard]] const Address& address() const { return address_; }
  // Answers each connection with `answer`, then closes; silent ones stay open.
  void serve(std::string answer, bool silent = false) {
    ASSERT_EQ(::listen(listener_->fd(), 100), 0);
    spawn(accept_loop(*this, listener_, std::move(answer), silent));
  }
  int accepted = 0;
  std::string heard;

 private:
  static Task<void> accept_loop(Origin& self, std::shared_ptr<FdStream> listener, std::string answer,
                                bool silent) {
    for (;;) {
      const IoResult ready = co_await listener->readable();
      if (!ready.ok()) co_return;
      const int fd = ::accept4(listener->fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) {
        listener->exhausted_read();
        continue;
      }
      ++self.accepted;
      spawn(talk(self, listener, std::make_unique<FdStream>(self.worker_, fd), answer, silent));
    }
  }
  static Task<void> talk(Origin& self, std::shared_ptr<FdStream> alive, std::unique_ptr<FdStream> stream,
                         std::string answer, bool silent) {
    char bytes[1024];
    if (!answer.empty() || silent) {
      const IoResult got = co_await stream->read(bytes);
      if (alive.use_count() > 1 && got.ok()) self.heard.append(bytes, got.bytes);
    }
    if (!answer.empty()) co_await stream->write(answer);
    while (silent && (co_await stream->read(bytes)).ok()) {
    }
  }

  Worker& worker_;
  Address address_;
  std::shared_ptr<FdStream> listener_;
};

struct Recorder : CheckListener {
  struct Seen {
    std::string server;
    CheckKind kind;
    Verdict verdict;
    HealthChange change;
    std::string state;
    bool noteworthy;
    std::string line;
    std::optional<AgentReply> agent;
  };
  void on_outcome(const MonitorTarget& target, const CheckOutcome& o) override {
    seen.push_back({target.server, o.kind, o.verdict, o.change, status_text(*o.health, o.nolb), o.noteworthy,
                    check_log_line(o.kind, target.backend + "/" + target.server, o.verdict, 0, *o.health,
                                   o.health->up() ? "UP" : "DOWN"),
                    o.agent != nullptr ? std::optional(*o.agent) : std::nullopt});
    if (then) then();
  }
  void on_start(const MonitorTarget&, CheckKind) override { ++starts; }
  std::vector<Seen> seen;
  int starts = 0;
  std::function<void()> then;
};

class MonitorTest : public ::testing::Test {
 protected:
  MonitorTest() {
    def.enabled = true;
    def.intervals.inter = 20;
    check.steps = tcp_steps();
  }
  ~MonitorTest() override {
    monitor.reset();
    worker.run_for(20);  // the frames of what was aborted
  }
  MonitorTarget target(const std::string& name, const Address& address) {
    MonitorTarget t;
    t.backend = "be";
    t.server = name;
    t.def = &def;
    t.check = &check;
    t.address = address;
    return t;
  }
  // Turns the loop until `enough` says so.
  bool turn_until(const std::function<bool()>& enough) {
    for (Millis waited = 0; waited < kPatience && !enough(); waited += 5) worker.run_for(5);
    return enough();
  }
  bool turn_until_seen(std::size_t count) {
    return turn_until([&] { return recorder.seen.size() >= count; });
  }
  Address refused_address() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const Address any = Address::loopback_v4(0);
    EXPECT_EQ(::bind(fd, any.data(), any.size()), 0);
    held.push_back(fd);  // bound, never listening: nobody else gets the port
    return Address::local_of(fd);
  }
  void TearDown() override {
    for (const int fd : held) ::close(fd);
  }

  Worker worker{0};
  CheckDef def;
  BackendCheck check;
  Recorder recorder;
  std::vector<int> held;
  std::unique_ptr<Monitor> monitor = std::make_unique<Monitor>(worker, recorder, MonitorOptions{});
};

TEST_F(MonitorTest, ConnectsAndReportsAsHaproxyDoes) {
  Origin origin(worker);
  origin.serve("");
  monitor->add(target("s1", origin.address()));
  monitor->start();
  ASSERT_TRUE(turn_until_seen(2));
  EXPECT_EQ(recorder.seen[0].line,
            "Health check for server be/s1 succeeded, reason: Layer4 check passed, check duration: 0ms, "
            "status: 3/3 UP.");
  EXPECT_TRUE(recorder.seen[0].noteworthy);
  EXPECT_EQ(recorder.seen[0].change, HealthChange::recovered);
  EXPECT_FALSE(recorder.seen[1].noteworthy);
  EXPECT_EQ(recorder.seen[1].state, "UP");
}

TEST_F(MonitorTest, ARefusedConnectionTakesANewServerDownAtOnce) {
  monitor->add(target("s1", refused_address()));
  monitor->start();
  ASSERT_TRUE(turn_until_seen(1));
  EXPECT_EQ(recorder.seen[0].change, HealthChange::went_down);
  EXPECT_EQ(recorder.seen[0].line,
            "Health check for server be/s1 failed, reason: Layer4 connection problem, info: \"Connection "
            "refused\", "
            "check duration: 0ms, status: 0/2 DOWN.");
}

TEST_F(MonitorTest, RisesAgainWhenTheServerComesBack) {
  Origin origin(worker);
  monitor->add(target("s1", origin.address()));
  monitor->start();
  ASSERT_TRUE(turn_until_seen(1));
  EXPECT_EQ(recorder.seen[0].state, "DOWN");
  origin.serve("");
  ASSERT_TRUE(turn_until([&] { return recorder.seen.back().change == HealthChange::went_up; }));
  EXPECT_EQ(recorder.seen[recorder.seen.size() - 2].state, "DOWN 1/2");
}

TEST_F(MonitorTest, SpeaksAProtocol) {
  Origin origin(worker);
  origin.serve("HTTP/1.0 404 Not Found\r\n\r\n");
  check.protocol = CheckProtocol::http;
  check.steps = http_steps({}, {}, false);
  monitor->add(target("s1", origin.address()));
  monitor->start();
  ASSERT_TRUE(turn_until_seen(1));
  EXPECT_EQ(origin.heard, "OPTIONS / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(recorder.seen[0].verdict.status, CheckStatus::l7_sts);
  EXPECT_EQ(recorder.seen[0].verdict.code, 404);
  EXPECT_EQ(recorder.seen[0].verdict.text, "Not Found");
}

TEST_F(MonitorTest, ConditionalPassesTakeOutOfLoadBalancing) {
  Origin origin(worker);
  origin.serve("HTTP/1.0 404 Not Found\r\n\r\n");
  check.protocol = CheckProtocol::http;
  check.steps = http_steps({}, {}, false);
  check.disable_on_404 = true;
  monitor->add(target("s1", origin.address()));
  monitor->start();
  ASSERT_TRUE(turn_until_seen(1));
  EXPECT_EQ(recorder.seen[0].state, "NOLB");
}

TEST_F(MonitorTest, GivesUpOnASilentServer) {
  Origin origin(worker);
  origin.serve("", true);
  check.protocol = CheckProtocol::redis;
  check.steps = redis_steps();
  monitor->add(target("s1", origin.address()));
  monitor->start();
  ASSERT_TRUE(turn_until_seen(1));
  EXPECT_EQ(recorder.seen[0].verdict.status, CheckStatus::l7_tout);
  EXPECT_EQ(monitor->running(), 0u);
}

TEST_F(MonitorTest, SendsProxyHeaders) {
  Origin origin(worker);
  origin.serve("x");
  def.send_proxy = true;
  monitor->add(target("s1", origin.address()));
  monitor->start();
  ASSERT_TRUE(turn_until([&] { return !origin.heard.empty(); }));
  EXPECT_TRUE(origin.heard.starts_with("PROXY TCP4 127.0.0.1 127.0.0.1 ")) << origin.heard;
}

TEST_F(MonitorTest, BoundsHowManyChecksRunAtATime) {
  Origin origin(worker);
  origin.serve("", true);
  check.protocol = CheckProtocol::redis;
  check.steps = redis_steps();
  def.intervals.inter = 30;
  MonitorOptions options;
  options.max_running = 2;
  options.max_spread = 1;
  monitor = std::make_unique<Monitor>(worker, recorder, options);
  for (int i = 0; i < 8; ++i) monitor->add(target("s" + std::to_string(i), origin.address()));
  std::size_t most = 0;
  recorder.then = [&] { most = std::max(most, monitor->running()); };
  monitor->start();
  ASSERT_TRUE(turn_until_seen(16));
  EXPECT_LE(most, 2u);
}

TEST_F(MonitorTest, HundredsOfImmediateFailuresDoNotNest) {
  const Address nobody = refused_address();
  MonitorOptions options;
  options.max_running = 1;
  options.max_spread = 1;
  monitor = std::make_unique<Monitor>(worker, recorder, options);
  for (int i = 0; i < 2000; ++i) monitor->add(target("s", nobody));
  monitor->start();
  ASSERT_TRUE(turn_until_seen(2000));
}

TEST_F(MonitorTest, StandsStillWhileDisabled) {
  Origin origin(worker);
  origin.serve("");
  const CheckId id = monitor->add(target("s1", origin.address()));
  monitor->set_enabled(id, CheckKind::health, false);
  monitor->start();
  worker.run_for(50);
  EXPECT_TRUE(recorder.seen.empty());
  monitor->set_enabled(id, CheckKind::health, true);
  EXPECT_TRUE(turn_until_seen(1));
}

TEST_F(MonitorTest, IsForcedAndMoved) {
  Origin origin(worker);
  origin.serve("");
  def.intervals.inter = 60'000;
  const CheckId id = monitor->add(target("s1", refused_address()));
  monitor->force(id, CheckKind::health, false);
  ASSERT_EQ(recorder.seen.size(), 1u);
  EXPECT_EQ(recorder.seen[0].change, HealthChange::went_down);
  monitor->set_check_address(id, std::nullopt, origin.address().port());
  monitor->start();
  ASSERT_TRUE(turn_until_seen(2));
  EXPECT_EQ(recorder.seen[1].state, "DOWN 1/2");
  monitor->restart(id);
  ASSERT_TRUE(turn_until_seen(3));
  EXPECT_EQ(recorder.seen[2].state, "UP");
}

TEST_F(MonitorTest, TrafficErrorsCountAsFailedChecks) {
  Origin origin(worker);
  origin.serve("");
  def.intervals = {60'000, 10, 0};
  def.on_error = OnError::mark_down;
  const CheckId id = monitor->add(target("s1", origin.address()));
  monitor->start();
  ASSERT_TRUE(turn_until_seen(1));
  monitor->on_traffic_errors(id, "Detected 10 consecutive errors");
  ASSERT_EQ(recorder.seen.size(), 2u);
  EXPECT_EQ(recorder.seen[1].verdict.status, CheckStatus::observed);
  EXPECT_EQ(recorder.seen[1].change, HealthChange::went_down);
  // fastinter is forced: the server is soon found well again.
  EXPECT_TRUE(turn_until([&] { return recorder.seen.back().change == HealthChange::went_up; }));
}

TEST_F(MonitorTest, SurvivesRemovalFromItsOwnReport) {
  Origin origin(worker);
  origin.serve("");
  const CheckId id = monitor->add(target("s1", origin.address()));
  recorder.then = [&] { monitor->remove(id); };
  monitor->start();
  ASSERT_TRUE(turn_until_seen(1));
  worker.run_for(60);
  EXPECT_EQ(recorder.seen.size(), 1u);
  EXPECT_EQ(monitor->size(), 0u);
}

TEST_F(MonitorTest, MayBeDestroyedInTheMiddleOfAnExchange) {
  Origin origin(worker);
  origin.serve("", true);
  check.protocol = CheckProtocol::redis;
  check.steps = redis_steps();
  def.intervals.inter = 60'000;
  monitor->add(target("s1", origin.address()));
  monitor->start();
  ASSERT_TRUE(turn_until([&] { return origin.accepted == 1; }));
  EXPECT_EQ(monitor->running(), 1u);
  monitor.reset();
  worker.run_for(20);
  EXPECT_TRUE(recorder.seen.empty());
}

TEST_F(MonitorTest, KeepsACounterOverAReload) {
  def.intervals.inter = 60'000;
  MonitorTarget t = target("s1", refused_address());
  t.initial_health = 4;
  monitor->add(t);
  monitor->start();
  ASSERT_TRUE(turn_until_seen(1));
  EXPECT_EQ(recorder.seen[0].state, "UP 2/3");
}

TEST_F(MonitorTest, HearsAnAgent) {
  Origin agent(worker);
  agent.serve("down#x\n");
  def.enabled = false;
  def.agent.enabled = true;
  def.agent.inter = 20;
  def.agent.port = agent.address().port();
  def.agent.send = "hello\n";
  monitor->add(target("s1", refused_address()));
  monitor->start();
  ASSERT_TRUE(turn_until_seen(1));
  EXPECT_EQ(agent.heard.substr(0, 6), "hello\n");
  EXPECT_EQ(recorder.seen[0].kind, CheckKind::agent);
  EXPECT_EQ(recorder.seen[0].verdict.status, CheckStatus::checked);
  ASSERT_TRUE(recorder.seen[0].agent.has_value());
  EXPECT_EQ(recorder.seen[0].agent->error, "agent reports an error : down#x");
}

TEST_F(MonitorTest, AnUnreachableAgentChangesNothing) {
  def.enabled = false;
  def.agent.enabled = true;
  def.agent.port = refused_address().port();
  monitor->add(target("s1", Address::loopback_v4(1)));
  monitor->start();
  ASSERT_TRUE(turn_until_seen(1));
  EXPECT_EQ(recorder.seen[0].verdict.status, CheckStatus::l4_con);
  EXPECT_EQ(recorder.seen[0].state, "UP");
  EXPECT_EQ(
      recorder.seen[0].line,
      "Agent check for server be/s1 failed, reason: Layer4 connection problem, info: \"Connection refused\", "
      "check duration: 0ms, status: 1/1 UP.");
}

TEST_F(MonitorTest, RunsExternalCommands) {
  check.protocol = CheckProtocol::external;
  check.steps.clear();
  check.external_command = "/bin/false";
  MonitorTarget t = target("s1", Address::loopback_v4(1));
  def.intervals.inter = 10'000;
  t.external = [] { return ExternalTarget{}; };
  monitor->add(t);
  monitor->start();
  ASSERT_TRUE(turn_until_seen(1));
  EXPECT_EQ(recorder.seen[0].verdict.status, CheckStatus::proc_err);
  EXPECT_EQ(recorder.seen[0].verdict.code, 1);

  check.external_command = "true";
  check.external_path = "/nonexistent:/usr/bin:/bin";
  monitor->add(t);
  ASSERT_TRUE(turn_until_seen(2));
  EXPECT_EQ(recorder.seen[1].verdict.status, CheckStatus::proc_ok);

  check.external_command = "/nonexistent";
  monitor->add(t);
  ASSERT_TRUE(turn_until_seen(3));
  EXPECT_EQ(recorder.seen[2].verdict.status, CheckStatus::proc_err);
  EXPECT_EQ(recorder.seen[2].verdict.code, 255);
}

// The command is given five words of ours; a script is the only way to make it wait.
TEST_F(MonitorTest, KillsExternalCommandsThatTakeTooLong) {
  std::string path = ::testing::TempDir() + "evenkeel_check_XXXXXX";
  const int fd = ::mkstemp(path.data());
  ASSERT_GE(fd, 0);
  const std::string script = "#!/bin/sh\n/bin/sleep 60 &\nwait\n";
  ASSERT_EQ(::write(fd, script.data(), script.size()), static_cast<ssize_t>(script.size()));
  ASSERT_EQ(::fchmod(fd, 0700), 0);
  ::close(fd);
  check.protocol = CheckProtocol::external;
  check.steps.clear();
  check.external_command = path;
  check.timeout_check = 30;
  def.intervals.inter = 60'000;
  monitor->add(target("s1", Address::loopback_v4(1)));
  monitor->start();
  EXPECT_TRUE(turn_until_seen(1));
  ::unlink(path.c_str());
  EXPECT_EQ(recorder.seen.at(0).verdict.status, CheckStatus::proc_tout);
}

}  // namespace
}  // namespace evenkeel::health
