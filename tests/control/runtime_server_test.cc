#include "control/runtime_server.h"

#include <gmock/gmock.h>

#include "tests/control/fixture.h"

namespace evenkeel::control {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string version_of(const Lab& lab) {
  const std::string answer = lab.ask("show version");
  return answer.substr(0, answer.find('\n'));
}

TEST(RuntimeServer, AnswersOneLineAndCloses) {
  const Lab lab;
  const std::string version = version_of(lab);
  EXPECT_EQ(lab.ask("show version;show version"), version + "\n\n" + version + "\n\n");
  EXPECT_EQ(lab.raw("show version\r\n"), version + "\n\n");
  EXPECT_EQ(lab.raw("show version"), "");  // no line yet
  EXPECT_EQ(lab.raw("show version\nshow version\n"), version + "\n\n" + version + "\n\n");
}

TEST(RuntimeServer, ClosesWithoutWaitingForTheClient) {
  const Lab lab;
  const int fd = lab.connect();
  Lab::send(fd, "get weight app/s1\n");
  EXPECT_EQ(Lab::read_all(fd), "10 (initial 10)\n\n");
}

TEST(RuntimeServer, PromptsInInteractiveMode) {
  const Lab lab;
  const std::string v = version_of(lab);
  EXPECT_EQ(lab.raw("prompt\n"), "\n> ");
  EXPECT_EQ(lab.raw("prompt;show version\n"), "\n> " + v + "\n\n> ");
  EXPECT_EQ(lab.raw("prompt\nshow version\nprompt\n"), "\n> " + v + "\n\n> \n");
  EXPECT_EQ(lab.raw("prompt\nshow version\nquit\nshow version\n"), "\n> " + v + "\n\n> ");
  EXPECT_EQ(lab.ask("show version;quit;show version"), v + "\n\n");
}

TEST(RuntimeServer, TakesPayloads) {
  const Lab lab;
  const std::string v = version_of(lab);
  EXPECT_EQ(lab.raw("show version <<\nabc\n\n"), v + "\n\n");
  EXPECT_EQ(lab.raw("prompt\nshow version <<\nabc\n\nshow version\n"),
            "\n> + + " + v + "\n\n> " + v + "\n\n> ");
  EXPECT_EQ(lab.raw("show version <<\nabc\n"), "");  // never complete
}

TEST(RuntimeServer, ClosesALineThatIsTooLong) {
  const Lab lab;
  const int fd = lab.connect();
  const std::string line(40'000, 'x');
  (void)!::send(fd, line.data(), line.size(), MSG_NOSIGNAL);
  EXPECT_EQ(Lab::read_all(fd), "");
}

TEST(RuntimeServer, EndsSilentConnections) {
  const Lab lab([](frontends::Config& config, auto&, auto&) { config.global.stats_timeout = 20; });
  EXPECT_EQ(Lab::read_all(lab.connect()), "");
  const int fd = lab.connect();
  Lab::send(fd, "prompt\n");
  EXPECT_EQ(Lab::read_all(fd), "\n> ");
}

TEST(RuntimeServer, LetsOthersWaitWhenItIsFull) {
  const Lab lab([](frontends::Config& config, auto&, auto&) { config.global.stats_maxconn = 1; });
  const int first = lab.connect();
  Lab::send(first, "prompt\n");
  char block[8];
  EXPECT_EQ(::recv(first, block, sizeof block, 0), 3);
  const int second = lab.connect();
  Lab::send(second, "show cli level\n");
  ::close(first);
  EXPECT_EQ(Lab::read_all(second), "admin\n\n");
}

TEST(RuntimeServer, KeepsLevelsApart) {
  const Lab lab([](frontends::Config& config, auto&, auto&) {
    auto& sockets = config.global.stats_sockets;
    sockets.push_back(sockets[0]);
    sockets.push_back(sockets[0]);
    sockets[1].level = "operator";
    sockets[2].level = "user";
  });
  EXPECT_EQ(lab.ask("show cli level", 1), "operator\n\n");
  EXPECT_EQ(lab.ask("show env HOME", 2), "Permission denied\n\n");
  EXPECT_EQ(lab.ask("set weight app/s1 1", 1), "Permission denied\n\n");
  EXPECT_EQ(lab.ask("clear counters;clear counters all", 1), "\nPermission denied\n\n");
  EXPECT_EQ(lab.ask("user;show cli level;operator;show cli level"),
            "\nuser\n\nPermission denied\n\nuser\n\n");
  EXPECT_THAT(lab.ask("show cli sockets"), StartsWith("# socket lvl processes\nipv4@127.0.0.1:"));
  EXPECT_THAT(lab.ask("show cli sockets"), HasSubstr(" user all\n\n"));
}

TEST(RuntimeServer, StopsListeningForTheNextProcess) {
  const Lab lab;
  const int held = lab.connect();
  Lab::send(held, "prompt\n");
  char block[8];
  EXPECT_EQ(::recv(held, block, sizeof block, 0), 3);
  lab.server->stop_listening();
  Lab::send(held, "show cli level\n");
  ::shutdown(held, SHUT_WR);
  EXPECT_EQ(Lab::read_all(held), "admin\n\n> ");
}

}  // namespace
}  // namespace evenkeel::control
