#include "frontends/log_backend.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "core/clock.h"
#include "rules/compile_env.h"
#include "rules/expression.h"
#include "stats/syslog.h"

namespace evenkeel::frontends {
namespace {

using backends::ServerDef;

class Syslog {
 public:
  Syslog() : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    const Address any = Address::loopback_v4(0);
    EXPECT_EQ(::bind(fd_, any.data(), any.size()), 0);
  }
  Syslog(const Syslog&) = delete;
  Syslog& operator=(const Syslog&) = delete;
  ~Syslog() { ::close(fd_); }
  [[nodiscard]] Address address() const { return Address::local_of(fd_); }
  // All that has come, each line behind a bar.
  [[nodiscard]] std::string lines() const {
    std::string all;
    char data[2048];
    for (ssize_t n = 0; (n = ::recv(fd_, data, sizeof data, 0)) >= 0;)
      all.append("|").append(data, static_cast<std::size_t>(n));
    return all;
  }

 private:
  int fd_;
};

ServerDef server(std::uint32_t id, const Address& address, bool datagram) {
  ServerDef def;
  def.name = "s" + std::to_string(id);
  def.id = id;
  def.address = address;
  def.datagram = datagram;
  return def;
}

class LogBackendTest : public ::testing::Test {
 protected:
  void make(std::vector<ServerDef> servers, const std::function<void(backends::BackendDef&)>& tune = {}) {
    auto def = std::make_shared<backends::BackendDef>();
    def->name = "logs";
    def->servers = std::move(servers);
    if (tune) tune(*def);
    backend_ = std::make_unique<backends::Backend>(def, 1);
    sink_ = std::make_unique<LogBackend>(*backend_, rings_);
  }
  stats::LogOutcome deliver(const std::string& message) {
    return sink_->deliver(sender_, "<134>" + message + "\n", message);
  }
  static std::string content(const stats::LogRing& ring) {
    std::string text;
    std::uint64_t lost = 0;
    ring.read(0, lost, [&](std::string_view line) {
      text.append("|").append(line);
      return true;
    });
    return text;
  }
  void set_available(std::size_t index, bool available) {
    backends::Server& changed = *backend_->servers().at(index);
    changed.available = available;
    backend_->policy().on_change(changed);
  }

  SystemClock clock_;
  stats::SyslogIdentity identity_;
  stats::LogSender sender_{identity_, clock_, {}};
  std::vector<std::shared_ptr<stats::LogRing>> rings_;
  std::unique_ptr<backends::Backend> backend_;
  std::unique_ptr<LogBackend> sink_;
};

TEST_F(LogBackendTest, DatagramsGoRoundTheServers) {
  const Syslog a;
  const Syslog b;
  make({server(1, a.address(), true), server(2, b.address(), true)});
  EXPECT_TRUE(rings_.empty());
  for (const char* text : {"1", "2", "3", "4"}) EXPECT_EQ(deliver(text), stats::LogOutcome::sent);
  EXPECT_EQ(a.lines(), "|<134>1\n|<134>3\n");
  EXPECT_EQ(b.lines(), "|<134>2\n|<134>4\n");
}

TEST_F(LogBackendTest, LinesForAStreamWaitInARing) {
  make({server(1, Address::loopback_v4(1), false)}, [](backends::BackendDef& def) {
    def.servers[0].log_bufsize = 100;
    def.servers[0].octet_count = true;
    def.timeouts.server = 7000;
  });
  ASSERT_EQ(rings_.size(), 1U);
  const stats::RingDef& ring = rings_[0]->def();
  EXPECT_EQ(ring.name, "logs/s1");
  EXPECT_EQ(ring.size, 100U);
  EXPECT_EQ(ring.connect_timeout, 1000);  // there is none in the backend
  EXPECT_EQ(ring.server_timeout, 7000);
  ASSERT_EQ(ring.servers.size(), 1U);
  EXPECT_TRUE(ring.servers[0].octet_count);
  EXPECT_EQ(deliver("one"), stats::LogOutcome::sent);
  EXPECT_EQ(content(*rings_[0]), "|<134>one");  // the end of the line is the framing's
  // A server that never comes costs the oldest lines, not the newest.
  for (int i = 0; i < 20; ++i) EXPECT_EQ(deliver("line " + std::to_string(i)), stats::LogOutcome::sent);
  EXPECT_TRUE(content(*rings_[0]).ends_with("|<134>line 18|<134>line 19"));
  EXPECT_GT(rings_[0]->first(), 0U);
}

TEST_F(LogBackendTest, HealthDecidesAndNobodyIsAFailure) {
  const Syslog a;
  make({server(1, a.address(), true), server(2, Address::loopback_v4(1), false)});
  ASSERT_EQ(rings_.size(), 1U);
  set_available(0, false);
  EXPECT_EQ(deliver("x"), stats::LogOutcome::sent);
  EXPECT_EQ(deliver("y"), stats::LogOutcome::sent);
  EXPECT_EQ(content(*rings_[0]), "|<134>x|<134>y");
  set_available(1, false);
  errno = 0;
  EXPECT_EQ(deliver("z"), stats::LogOutcome::failed);
  EXPECT_EQ(errno, EHOSTUNREACH);
  set_available(0, true);
  EXPECT_EQ(deliver("w"), stats::LogOutcome::sent);
  EXPECT_EQ(a.lines(), "|<134>w\n");
}

TEST_F(LogBackendTest, EqualMessagesGoToOneServer) {
  const Syslog a;
  const Syslog b;
  rules::CompileEnv env;
  make({server(1, a.address(), true), server(2, b.address(), true)}, [&](backends::BackendDef& def) {
    def.balance.algorithm = balance::Algorithm::hash;
    auto sample = rules::Expression::compile("req.payload(0,0),word(1,:)", env);
    ASSERT_TRUE(sample) << sample.error().message;
    def.hash_sample = std::make_shared<const rules::Expression>(std::move(*sample));
  });
  for (int i = 0; i < 40; ++i) {
    const std::string key = "key" + std::to_string(i % 8);
    EXPECT_EQ(deliver(key + ":" + std::to_string(i)), stats::LogOutcome::sent);
  }
  const std::string to_a = a.lines();
  const std::string to_b = b.lines();
  for (int key = 0; key < 8; ++key) {
    const std::string text = "key" + std::to_string(key) + ":";
    EXPECT_NE(to_a.find(text) == std::string::npos, to_b.find(text) == std::string::npos) << text;
  }
  EXPECT_FALSE(to_a.empty());
  EXPECT_FALSE(to_b.empty());
}

TEST_F(LogBackendTest, StickyMovesOnWhenItsServerGoesDown) {
  const Syslog a;
  const Syslog b;
  const Syslog spare;
  make({server(1, a.address(), true), server(2, b.address(), true), server(3, spare.address(), true)},
       [](backends::BackendDef& def) {
         def.balance.algorithm = balance::Algorithm::sticky;
         def.servers[2].backup = true;
       });
  const auto set_running = [this](const char* name, bool up) {
    backend_->find_server(name)->set_running(up, 0);
  };
  (void)deliver("1");
  (void)deliver("2");
  set_running("s1", false);
  (void)deliver("3");
  set_running("s1", true);
  (void)deliver("4");
  set_running("s1", false);
  set_running("s2", false);
  (void)deliver("5");
  EXPECT_EQ(a.lines(), "|<134>1\n|<134>2\n");
  EXPECT_EQ(b.lines(), "|<134>3\n|<134>4\n");
  EXPECT_EQ(spare.lines(), "|<134>5\n");
}

TEST_F(LogBackendTest, AnOperatorsNewAddressCountsAtOnce) {
  const Syslog a;
  const Syslog b;
  make({server(1, a.address(), true)});
  backend_->find_server("s1")->set_address(b.address());
  (void)deliver("x");
  EXPECT_EQ(a.lines(), "");
  EXPECT_EQ(b.lines(), "|<134>x\n");
}

TEST_F(LogBackendTest, AStreamServerThatCameLaterHasNoRing) {
  make({});
  std::string why;
  backends::Server* const added =
      backend_->add_server(std::make_shared<const ServerDef>(server(9, Address::loopback_v4(1), false)), why);
  ASSERT_NE(added, nullptr) << why;
  added->change_admin(0, backends::kAnyMaint);
  ASSERT_TRUE(added->usable());
  EXPECT_EQ(deliver("x"), stats::LogOutcome::failed);
}

}  // namespace
}  // namespace evenkeel::frontends
