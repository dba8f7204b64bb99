#include "stats/log_target.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace evenkeel::stats {
namespace {

class FixedClock final : public Clock {
 public:
  [[nodiscard]] Millis now_ms() const noexcept override { return 0; }
  [[nodiscard]] std::int64_t now_us() const noexcept override { return 0; }
  [[nodiscard]] std::int64_t wall_us() const noexcept override { return 1795221239'835'158; }
};

class LogTargetTest : public ::testing::Test {
 protected:
  LogTargetTest() {
    setenv("TZ", "UTC", 1);
    tzset();
    identity_.tag = "haproxy";
    identity_.pid = 17554;
    Address address = Address::loopback_v4(0);
    server_ = socket(AF_INET, SOCK_DGRAM, 0);
    EXPECT_EQ(bind(server_, address.data(), address.size()), 0);
    def_.address = Address::local_of(server_);
    def_.name = "udp";
    def_.format = SyslogFormat::raw;
    def_.facility = *syslog_facility("local3");
  }
  ~LogTargetTest() override { close(server_); }

  std::string receive() const {
    char data[70000];
    const ssize_t n = recv(server_, data, sizeof data, MSG_DONTWAIT);
    return n < 0 ? "nothing" : std::string(data, static_cast<std::size_t>(n));
  }
  std::string sent(const LogTargetDef& def, int level = 6, std::string_view tag = {}) {
    LogSender sender(identity_, clock_, {});
    sender.send({std::make_shared<LogTarget>(def)}, level, tag, "text");
    return receive();
  }

  FixedClock clock_;
  SyslogIdentity identity_;
  LogTargetDef def_;
  int server_;
};

// As printed by HAProxy 2.6.12.
TEST_F(LogTargetTest, Formats) {
  const auto in = [&](const char* word) {
    def_.format = *syslog_format(word);
    return sent(def_);
  };
  EXPECT_EQ(in("rfc3164"), "<158>Nov 21 00:33:59 localhost haproxy[17554]: text\n");
  EXPECT_EQ(in("rfc5424"), "<158>1 2026-11-21T00:33:59.835158+00:00 - haproxy 17554 - - text\n");
  EXPECT_EQ(in("short"), "<6>text\n");
  EXPECT_EQ(in("raw"), "text\n");
  EXPECT_EQ(in("iso"), "2026-11-21T00:33:59.835158+00:00 text\n");
  EXPECT_EQ(in("timed"), "<6>2026-11-21T00:33:59.835158+00:00 text\n");
  EXPECT_EQ(in("priority"), "<158>text\n");
  EXPECT_EQ(in("local"), "<158>Nov 21 00:33:59 haproxy[17554]: text\n");
  identity_.hostname = "myhost";
  EXPECT_EQ(in("rfc3164"), "<158>Nov 21 00:33:59 myhost haproxy[17554]: text\n");
  EXPECT_EQ(in("rfc5424"), "<158>1 2026-11-21T00:33:59.835158+00:00 myhost haproxy 17554 - - text\n");
  EXPECT_EQ(sent(def_, 6, "mytag"), "<158>1 2026-11-21T00:33:59.835158+00:00 myhost mytag 17554 - - text\n");
}

TEST_F(LogTargetTest, LengthCountsHeaderAndTextButNotTheLineFeed) {
  LogSender sender(identity_, clock_, {});
  def_.max_length = 80;
  sender.send({std::make_shared<LogTarget>(def_)}, 6, {}, std::string(200, 'x'));
  EXPECT_EQ(receive(), std::string(80, 'x') + "\n");
  def_.max_length = 65535;
  sender.send({std::make_shared<LogTarget>(def_)}, 6, {}, std::string(60000, 'x'));
  EXPECT_EQ(receive().size(), 60001U);
}

TEST_F(LogTargetTest, Levels) {
  def_.format = SyslogFormat::short_;
  def_.max_level = *syslog_level("notice");
  EXPECT_EQ(sent(def_, 6), "nothing");
  EXPECT_EQ(sent(def_, 5), "<5>text\n");
  def_.min_level = *syslog_level("err");
  EXPECT_EQ(sent(def_, 0), "<3>text\n");
}

TEST_F(LogTargetTest, Samples) {
  ASSERT_TRUE(parse_sample("1,3-4:5", def_));
  LogSender sender(identity_, clock_, {});
  const LogTargets targets{std::make_shared<LogTarget>(def_)};
  std::string received;
  for (int i = 1; i <= 7; ++i) {
    sender.send(targets, 6, {}, std::to_string(i));
    received += receive() + " ";
  }
  EXPECT_EQ(received, "1\n nothing 3\n 4\n nothing 6\n nothing ");
}

TEST(LogSample, RefusesNonsense) {
  LogTargetDef def;
  for (const char* text : {"", "1", "0:3", "1-:3", "4:3", "3-2:3", "1-2,2:3", "1:0", "1:3x", ",1:3", "a:b"}) {
    EXPECT_FALSE(parse_sample(text, def)) << text;
  }
  EXPECT_TRUE(parse_sample("3,1-2:3", def));
}

TEST_F(LogTargetTest, ASlowPipeQueuesThenDropsThenWarnsOnce) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_NONBLOCK), 0);
  const int capacity = fcntl(ends[1], F_SETPIPE_SZ, 4096);
  ASSERT_GE(capacity, 4096);
  LogTargetDef def;
  def.fd = ends[1];
  def.name = "fd@9";
  def.format = SyslogFormat::raw;
  const LogTargets targets{std::make_shared<LogTarget>(def)};
  int warnings = 0;
  {
    LogSender sender(identity_, clock_, [&](std::string_view) { ++warnings; });
    const std::string text(99, 'x');
    while (!sender.waiting()) sender.send(targets, 6, {}, text);
    for (std::size_t i = 1; i < LogSender::kQueueLines; ++i) sender.send(targets, 6, {}, text);
    EXPECT_EQ(targets[0]->dropped(), 0U);
    for (int i = 0; i < 5; ++i) sender.send(targets, 6, {}, text);
    EXPECT_EQ(targets[0]->dropped(), 5U);
    EXPECT_EQ(warnings, 1);
    char data[65536];
    std::size_t lines = 0;
    while (sender.waiting()) {
      while (true) {
        const ssize_t n = read(ends[0], data, sizeof data);
        if (n <= 0) break;
        lines += static_cast<std::size_t>(std::count(data, data + n, '\n'));
      }
      sender.flush();
    }
    EXPECT_GE(lines + 41, LogSender::kQueueLines);
  }
  close(ends[0]);
  close(ends[1]);
}

TEST_F(LogTargetTest, AMissingUnixSocketOnlyCounts) {
  LogTargetDef def;
  def.address = *Address::from_unix_path("/nonexistent/evenkeel-log");
  def.name = "/nonexistent/evenkeel-log";
  const LogTargets targets{std::make_shared<LogTarget>(def)};
  std::string warning;
  LogSender sender(identity_, clock_, [&](std::string_view text) { warning += text; });
  for (int i = 0; i < 3; ++i) sender.send(targets, 6, {}, "x");
  EXPECT_EQ(targets[0]->dropped(), 3U);
  EXPECT_NE(warning.find("/nonexistent/evenkeel-log"), std::string::npos);
  EXPECT_EQ(warning.find("loses"), warning.rfind("loses"));
}

TEST_F(LogTargetTest, LogsRecords) {
  SessionRecord record;
  record.client = Address::loopback_v4(1);
  record.local = Address::loopback_v4(2);
  record.frontend = "fe";
  record.bytes_in = 1;
  ProxyLogDef def;
  LogSender sender(identity_, clock_, {});
  sender.send({std::make_shared<LogTarget>(def_)}, def, record);
  EXPECT_EQ(receive(), "Connect from 127.0.0.1:1 to 127.0.0.1:2 (fe/TCP)\n");
  def.access.dont_log_normal = true;
  sender.send({std::make_shared<LogTarget>(def_)}, def, record);
  EXPECT_EQ(receive(), "nothing");
}

// Lines that were put aside arrive in their order, all of them, whoever asks for them to be sent.
TEST_F(LogTargetTest, GathersDatagrams) {
  def_.format = SyslogFormat::raw;
  LogTargetDef other = def_;
  other.min_level = 1;
  const LogTargets one{std::make_shared<LogTarget>(def_)};
  const LogTargets two{one[0], std::make_shared<LogTarget>(other)};
  int asked = 0;
  {
    LogSender sender(identity_, clock_, {});
    sender.gather([&] { ++asked; });
    for (const char* text : {"a", "b", "c"}) sender.send(one, 6, {}, text);
    sender.send(two, 6, {}, "d");
    EXPECT_EQ(receive(), "nothing");
    EXPECT_EQ(asked, 1);
    sender.send_gathered();
    for (const char* text : {"a\n", "b\n", "c\n", "d\n", "d\n", "nothing"}) EXPECT_EQ(receive(), text);
    sender.send_gathered();
    EXPECT_EQ(receive(), "nothing");

    for (std::size_t i = 0; i < LogSender::kGathered; ++i) sender.send(one, 6, {}, std::to_string(i));
    EXPECT_EQ(asked, 2);
    for (std::size_t i = 0; i < LogSender::kGathered; ++i) EXPECT_EQ(receive(), std::to_string(i) + "\n");

    sender.send(one, 6, {}, "e");
    sender.flush();
    EXPECT_EQ(receive(), "e\n");
    sender.send(one, 6, {}, "f");
    sender.gather({});
    EXPECT_EQ(receive(), "f\n");
    sender.send(one, 6, {}, "g");
    EXPECT_EQ(receive(), "g\n");
    sender.gather([] {});
    sender.send(one, 6, {}, "h");
  }
  EXPECT_EQ(receive(), "h\n");  // at the end nothing is lost
  EXPECT_EQ(one[0]->dropped() + two[1]->dropped(), 0U);
}

TEST_F(LogTargetTest, GatheredLinesOfALostTargetOnlyCount) {
  LogTargetDef lost;
  lost.address = *Address::from_unix_path("/nonexistent/evenkeel-log");
  lost.name = "/nonexistent/evenkeel-log";
  lost.format = def_.format = SyslogFormat::raw;
  const LogTargets targets{std::make_shared<LogTarget>(lost), std::make_shared<LogTarget>(def_)};
  LogSender sender(identity_, clock_, {});
  sender.gather([] {});
  for (int i = 0; i < 3; ++i) sender.send(targets, 6, {}, std::to_string(i));
  sender.send({targets[0]}, 6, {}, "x");
  sender.send({targets[0]}, 6, {}, "y");
  sender.send_gathered();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(receive(), std::to_string(i) + "\n");
  EXPECT_EQ(targets[0]->dropped(), 5U);
  EXPECT_EQ(targets[1]->dropped(), 0U);
}

}  // namespace
}  // namespace evenkeel::stats
