#include "control/commands/commands.h"

#include <gmock/gmock.h>

#include "tests/control/fixture.h"

namespace evenkeel::control {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// The line of `show servers state` about that server.
std::string state_of(const Lab& lab, const std::string& server) {
  const std::string all = lab.ask("show servers state app");
  const std::size_t at = all.find(" " + server + " ");
  const std::size_t begin = all.rfind('\n', at) + 1;
  return all.substr(begin, all.find('\n', begin) - begin);
}

TEST(Commands, TellUnknownFromMissingOnes) {
  const Lab lab;
  EXPECT_THAT(lab.ask(""), StartsWith("Unknown command. Please enter one of the following commands only:\n"));
  EXPECT_THAT(lab.ask("show srevers"),
              StartsWith("Unknown command, but maybe one of the following ones is a "
                         "better match:\n  show servers conn [<backend>]           : "));
  EXPECT_EQ(lab.ask("show table"), "'show table' is a known HAProxy command, not supported by Evenkeel yet.\n\n");
}

TEST(Commands, HelpListsWhatMatches) {
  const Lab lab;
  const std::string all = lab.ask("help");
  EXPECT_THAT(all, StartsWith("The following commands are valid at this level:\n"));
  EXPECT_THAT(all, HasSubstr("  set server <bk>/<srv> [opts]            : "));
  const std::string some = lab.ask("help show servers");
  EXPECT_THAT(some, HasSubstr("show servers state"));
  EXPECT_THAT(some, Not(HasSubstr("show stat ")));
  EXPECT_THAT(some, HasSubstr("\n  quit                                    : "));
}

TEST(Commands, SeveritiesComeOnDemand) {
  const Lab lab;
  EXPECT_EQ(lab.ask("set severity-output number;show cli level;set weight app/s1 500"),
            "\n[6]: admin\n\n[3]: Absolute weight can only be between 0 and 256 inclusive.\n\n");
  EXPECT_EQ(lab.ask("set severity-output string;show env NO_SUCH_VARIABLE"),
            "\n[err]: Variable not found\n\n");
  EXPECT_EQ(lab.ask("set severity-output bogus"),
            "one of 'none', 'number', 'string' is a required argument\n\n");
}

TEST(Commands, WeightsChange) {
  const Lab lab;
  EXPECT_EQ(lab.ask("get weight app/s1;set weight app/s1 50%;get weight app/s1"),
            "10 (initial 10)\n\n\n5 (initial 10)\n\n");
  EXPECT_EQ(lab.ask("get weight #3/#1"), "5 (initial 10)\n\n");
  EXPECT_EQ(lab.ask("get weight"), "Require 'backend/server'.\n\n");
  EXPECT_EQ(lab.ask("get weight app/"), "Require 'backend/server'.\n\n");
  EXPECT_EQ(lab.ask("get weight nope/s1"), "No such backend.\n\n");
  EXPECT_EQ(lab.ask("get weight app/nope"), "No such server.\n\n");
  EXPECT_EQ(lab.ask("set weight app/s1 abc"), "Empty weight string empty or preceded by garbage\n");
}

TEST(Commands, StatesShowAsHaproxyWritesThem) {
  const Lab lab;
  EXPECT_EQ(state_of(lab, "s1"), "3 app 1 s1 127.0.0.1 2 0 10 10 0 1 0 2 0 0 0 0 - 1 - 0 0 - - 0");
  EXPECT_EQ(state_of(lab, "s3"), "3 app 3 s3 127.0.0.1 0 5 1 1 0 1 0 0 8 0 0 0 - 3 - 0 0 - - 0");
  EXPECT_EQ(lab.ask("set server app/s3 state ready"), "\n");
  EXPECT_EQ(state_of(lab, "s3"), "3 app 3 s3 127.0.0.1 2 4 1 1 0 1 0 0 8 0 0 0 - 3 - 0 0 - - 0");
  EXPECT_EQ(lab.ask("set server app/s3 state drain"), "\n");
  EXPECT_THAT(state_of(lab, "s3"), StartsWith("3 app 3 s3 127.0.0.1 2 12 "));
  EXPECT_EQ(lab.ask("set server app/s3 state"),
            "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n\n");
  EXPECT_EQ(lab.ask("show servers state nope"), "Can't find backend.\n\n");
}

TEST(Commands, MaintenanceReachesFollowers) {
  const Lab lab;
  EXPECT_EQ(lab.ask("disable server app/s2"), "\n");
  EXPECT_THAT(state_of(lab, "s2"), StartsWith("3 app 2 s2 127.0.0.1 0 1 "));
  EXPECT_THAT(state_of(lab, "s4"), StartsWith("3 app 4 s4 127.0.0.1 0 2 "));
  EXPECT_THAT(lab.ask("show stat"), HasSubstr("MAINT (via app/s2)"));
  EXPECT_EQ(lab.ask("enable server app/s2"), "\n");
  EXPECT_THAT(state_of(lab, "s2"), StartsWith("3 app 2 s2 127.0.0.1 2 0 "));
  EXPECT_THAT(state_of(lab, "s4"), StartsWith("3 app 4 s4 127.0.0.1 2 0 "));
}

TEST(Commands, HealthIsForced) {
  const Lab lab;
  EXPECT_EQ(lab.ask("set server app/s1 health down"), "\n");
  EXPECT_THAT(state_of(lab, "s1"), StartsWith("3 app 1 s1 127.0.0.1 0 0 "));
  EXPECT_EQ(lab.ask("set server app/s1 health stopping"), "\n");
  EXPECT_THAT(state_of(lab, "s1"), StartsWith("3 app 1 s1 127.0.0.1 3 0 "));
  EXPECT_EQ(lab.ask("set server app/s1 health up"), "\n");
  EXPECT_THAT(state_of(lab, "s1"), StartsWith("3 app 1 s1 127.0.0.1 2 0 "));
  EXPECT_EQ(lab.ask("set server app/s4 health up"), "cannot change health on a tracking server.\n\n");
  EXPECT_EQ(lab.ask("set server app/s1 agent up"), "agent checks are not enabled on this server.\n\n");
  EXPECT_EQ(lab.ask("enable health app/s1"),
            "Health check was not configured on this server, cannot enable.\n\n");
  EXPECT_EQ(lab.ask("disable health app/s1"), "\n");
}

TEST(Commands, AddressesChange) {
  const Lab lab;
  EXPECT_EQ(lab.ask("set server app/s1 addr 127.0.0.2"),
            "IP changed from '127.0.0.1' to '127.0.0.2' by 'stats socket command'\n\n");
  EXPECT_EQ(lab.ask("set server app/s1 addr 127.0.0.2 port 99"),
            "no need to change the addr, port changed from '1' to '99' by 'stats socket command'\n\n");
  EXPECT_EQ(
      lab.ask("set server app/s1 addr 127.0.0.2 port abc"),
      "no need to change the addr, problem converting port 'abc' to an int by 'stats socket command'\n\n");
  EXPECT_EQ(lab.ask("set server app/s1 addr bogus"), "Invalid addr 'bogus' by 'stats socket command'\n\n");
  EXPECT_THAT(state_of(lab, "s1"), HasSubstr(" - 99 - "));
  EXPECT_EQ(lab.ask("set server app/s2 check-addr 127.0.0.9 port 7"), "\n");
  EXPECT_EQ(lab.ask("set server app/s2 agent-addr 127.0.0.8 port 6"), "\n");
  EXPECT_THAT(state_of(lab, "s2"), HasSubstr(" 7 127.0.0.9 127.0.0.8 6"));
  EXPECT_EQ(lab.ask("set server app/s2 check-port 70000"), "provided port is invalid\n");
  EXPECT_EQ(lab.ask("set server app/s1 check-port 1"), "health checks are not enabled on this server\n");
  EXPECT_EQ(lab.ask("set server app/s1 fqdn a.example"),
            "set server <b>/<s> fqdn failed because no resolution is configured.\n\n");
}

TEST(Commands, LimitsChange) {
  const Lab lab;
  EXPECT_EQ(lab.ask("set maxconn server app/s1 7"), "\n");
  EXPECT_EQ(lab.engine->find_backend("app")->find_server("s1")->maxconn.load(), 7U);
  EXPECT_EQ(lab.ask("set maxconn server app/s1 5x"), "Trailing garbage in maxconn string\n");
  EXPECT_EQ(lab.ask("set maxconn server app/s1 abc"), "maxconn string empty or preceded by garbage\n");
  EXPECT_EQ(lab.ask("set maxconn frontend web 50"), "\n");
  EXPECT_EQ(lab.engine->find_frontend("web")->maxconn.load(), 50U);
  EXPECT_EQ(lab.ask("set maxconn frontend nope 1"), "No such frontend.\n\n");
  EXPECT_EQ(lab.ask("set maxconn global 500"), "Value out of range.\n\n");
  EXPECT_EQ(lab.ask("set maxconn global 50"), "\n");
  EXPECT_EQ(lab.engine->maxconn.load(), 50U);
  EXPECT_EQ(lab.ask("set maxconn global 0"), "\n");
  EXPECT_EQ(lab.engine->maxconn.load(), 100U);
  EXPECT_EQ(lab.ask("set rate-limit connections global 9;set rate-limit sessions global 8"), "\n\n");
  EXPECT_THAT(lab.ask("show info"), HasSubstr("\nConnRateLimit: 9\n"));
  EXPECT_THAT(lab.ask("show info"), HasSubstr("\nSessRateLimit: 8\n"));
  EXPECT_EQ(lab.ask("set rate-limit connections global"), "Expects an integer value.\n\n");
  EXPECT_THAT(lab.ask("set rate-limit bogus"), StartsWith("'set rate-limit' only supports :\n"));
  EXPECT_EQ(lab.ask("set timeout cli 30s"), "\n");
  EXPECT_EQ(lab.ask("set timeout cli 0"), "Invalid timeout value.\n\n");
}

bool refuses(const Address& target) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool refused = ::connect(fd, target.data(), target.size()) != 0;
  ::close(fd);
  return refused;
}

// A port that nobody uses just now: the kernel takes back one that it chose itself while a socket is paused.
Address free_address() {
  std::string why;
  const int fd = open_listener(Address::loopback_v4(0), {}, why);
  const Address address = Address::local_of(fd);
  ::close(fd);
  return address;
}

TEST(Commands, FrontendsCloseAndOpen) {
  const Address web = free_address();
  const Lab lab([&](auto&, frontends::FrontendDef& fe, auto&) { fe.binds[0].address = web; });
  EXPECT_FALSE(refuses(web));
  EXPECT_EQ(lab.ask("disable frontend web;disable frontend web"), "\nAll sockets are already disabled.\n\n");
  EXPECT_TRUE(refuses(web));
  EXPECT_THAT(lab.ask("show stat web 1 -1"), HasSubstr(",PAUSED,"));
  EXPECT_EQ(lab.ask("enable frontend #2;enable frontend web"), "\nAll sockets are already enabled.\n\n");
  EXPECT_FALSE(refuses(web));
  EXPECT_EQ(lab.ask("shutdown frontend web;shutdown frontend web"), "\nFrontend was already shut down.\n\n");
  EXPECT_TRUE(refuses(web));
  EXPECT_EQ(lab.ask("enable frontend web"), "Frontend was previously shut down, cannot enable.\n\n");
  EXPECT_EQ(lab.ask("disable frontend web"), "Frontend was previously shut down, cannot disable.\n\n");
  EXPECT_EQ(lab.ask("disable frontend"), "A frontend name is expected.\n\n");
}

TEST(Commands, StatIsSelectedAndShaped) {
  const Lab lab;
  const auto lines = [&](const std::string& command) {
    const std::string text = lab.ask(command);
    return std::count(text.begin(), text.end(), '\n') - 1;
  };
  EXPECT_EQ(lines("show stat"), 1 + 6);
  EXPECT_EQ(lines("show stat app 4 -1"), 1 + 4);
  EXPECT_EQ(lines("show stat 3 4 2"), 1 + 1);
  EXPECT_EQ(lines("show stat -1 3 -1"), 1 + 2);
  EXPECT_EQ(lines("show stat up"), 1 + 5);
  EXPECT_EQ(lines("show stat no-maint"), 1 + 5);
  EXPECT_EQ(lab.ask("show stat nope 1 1"), "No such proxy.\n\n");
  EXPECT_EQ(lab.ask("show stat domain dns"), "Invalid statistics domain.\n\n");
  EXPECT_THAT(lab.ask("show stat web 1 -1 typed"), StartsWith("F.2.0.0.pxname.1:KNS:str:web\n"));
  const std::string json = lab.ask("show stat json");
  EXPECT_THAT(json, StartsWith("[[{\"objType\":\"Frontend\""));
  EXPECT_TRUE(json.ends_with("}]]\n\n"));
  EXPECT_THAT(lab.ask("show stat"), HasSubstr("127.0.0.1:1,"));
  EXPECT_THAT(lab.ask("user;show stat"), HasSubstr("127.0.0.1:1,"));
}

TEST(Commands, InfoHasItsForms) {
  const Lab lab;
  EXPECT_THAT(lab.ask("show info"), StartsWith("Name: Evenkeel\nVersion: "));
  EXPECT_THAT(lab.ask("show info typed"), StartsWith("0.Name.1:POS:str:Evenkeel\n"));
  EXPECT_THAT(lab.ask("show info desc"), StartsWith("Name: Evenkeel:\""));
  EXPECT_TRUE(lab.ask("show info json").ends_with("}]\n\n"));
  EXPECT_THAT(lab.ask("show schema json"), StartsWith("{\"$schema\""));
  EXPECT_EQ(lab.ask("show backend"), "# name\napp\n\n");
}

TEST(Commands, ConnectionsShowEachWorker) {
  const Lab lab;
  EXPECT_EQ(lab.ask("show servers conn app").substr(0, 227),
            "# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est unsafe_nb safe_nb "
            "idle_lim "
            "idle_cur idle_per_thr[2]\n"
            "app/s1 3/1 127.0.0.1 1 - 5000 0 0 0 0 0 -1 0 0 0\n"
            "app/s2 3/2 127.0.0.1 2 - 5000 0 0 0 0 0 -1 0 0 0\n");
}

TEST(Commands, SessionsAreListedAndEnded) {
  const Lab lab;
  EXPECT_EQ(lab.ask("show sess"), "\n");
  EXPECT_EQ(lab.ask("show sess 0x123"), "Session not found.\n\n");
  EXPECT_EQ(lab.ask("shutdown session abc"), "Session pointer expected (use 'show sess').\n\n");
  EXPECT_EQ(lab.ask("shutdown session 0x1"), "No such session (use 'show sess').\n\n");
  EXPECT_EQ(lab.ask("shutdown sessions server app/s1"), "\n");
}

TEST(Commands, EnvironmentIsShown) {
  ::setenv("EVENKEEL_CONTROL_TEST", "a b", 1);
  const Lab lab;
  EXPECT_EQ(lab.ask("show env EVENKEEL_CONTROL_TEST"), "EVENKEEL_CONTROL_TEST=a b\n\n");
  EXPECT_THAT(lab.ask("show env"), HasSubstr("EVENKEEL_CONTROL_TEST=a b\n"));
  EXPECT_EQ(lab.ask("show env EVENKEEL_CONTROL_TES"), "Variable not found\n\n");
}

TEST(Commands, ServersComeAndGo) {
  const Lab lab;
  EXPECT_EQ(lab.ask("add server app"), "Require 'backend/server'.\n");
  EXPECT_EQ(lab.ask("add server nope/n 127.0.0.1:9"), "No such backend.\n");
  EXPECT_EQ(lab.ask("add server app/n"), "'server' expects <name> and <addr>[:<port>] as arguments.\n\n");
  EXPECT_EQ(lab.ask("add server app/s1 127.0.0.1:9"),
            "Already exists a server with the same name in backend.\n\n");
  EXPECT_EQ(lab.ask("add server app/n 127.0.0.1:9 cookie a"),
            "'cookie' option is not accepted for dynamic server\n\n");
  EXPECT_EQ(lab.ask("add server app/n 127.0.0.1:9 bogus"), "unknown keyword 'bogus'.\n\n");
  EXPECT_EQ(lab.ask("add server app/n 127.0.0.1:9 id 1"),
            "'id' : custom id 1 already used ('server s1').\n\n");
  EXPECT_EQ(lab.ask("add server app/n 127.0.0.1:9 weight 3 check inter 1h maxconn 5"),
            "New server registered.\n\n");
  EXPECT_EQ(state_of(lab, "n"), "3 app 5 n 127.0.0.1 0 1 3 3 0 1 0 0 2 0 0 0 - 9 - 0 0 - - 0");
  EXPECT_EQ(lab.ask("enable server app/n"), "\n");
  EXPECT_THAT(state_of(lab, "n"), StartsWith("3 app 5 n 127.0.0.1 2 0 3 3 "));
  EXPECT_EQ(lab.ask("del server app/n"), "Only servers in maintenance mode can be deleted.\n");
  EXPECT_EQ(lab.ask("disable server app/n;del server app/n"), "\nServer deleted.\n");
  EXPECT_EQ(lab.ask("get weight app/n"), "No such server.\n\n");
  EXPECT_EQ(lab.ask("del server app/s2"),
            "This server cannot be removed at runtime due to other configuration elements pointing to it.\n");
}

TEST(Commands, NewServersMayFollowOthers) {
  const Lab lab;
  EXPECT_EQ(lab.ask("add server app/n 127.0.0.1:9 track nope/s2"),
            "unable to find required proxy 'nope' for tracking.\n\n");
  EXPECT_EQ(lab.ask("add server app/n 127.0.0.1:9 track app/s2"), "New server registered.\n\n");
  EXPECT_EQ(lab.ask("add server app/m 127.0.0.1:9 track app/n"),
            "unable to use app/n for tracking as it is a dynamic server.\n\n");
  EXPECT_EQ(lab.ask("enable server app/n;disable server app/s2"), "\n\n");
  EXPECT_THAT(state_of(lab, "n"), StartsWith("3 app 5 n 127.0.0.1 0 2 "));
  EXPECT_EQ(lab.ask("disable server app/n;del server app/n;enable server app/s2"), "\nServer deleted.\n\n");
}

TEST(Commands, StaticFarmsTakeNoNewServers) {
  const Lab lab(
      [](auto&, auto&, backends::BackendDef& be) { be.balance.algorithm = balance::Algorithm::static_rr; });
  EXPECT_EQ(lab.ask("add server app/n 127.0.0.1:9"),
            "Backend must use a dynamic load balancing to support dynamic servers.\n");
}

TEST(Commands, ErrorsShowTheMessageAndItsFault) {
  const Lab lab;
  EXPECT_THAT(lab.ask("show errors"), ::testing::MatchesRegex("Total events captured on .* : 0\n\n"));
  EXPECT_EQ(lab.ask("show errors nope"), "No such proxy.\n\n");
  const Address web = Address::local_of(lab.engine->find_frontend("web")->listeners[0]->sockets[0]);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::connect(fd, web.data(), web.size()), 0);
  Lab::send(fd, "GET /a HTTP/1.1\r\nHo\x01st: x\r\n\r\n");
  EXPECT_THAT(Lab::read_all(fd), StartsWith("HTTP/1.1 400 "));
  const std::string shown = lab.ask("show errors");
  EXPECT_THAT(shown,
              HasSubstr("] frontend web (#2): invalid request\n  backend <NONE> (#-1), server <NONE> (#-1), "
                        "event #0, src 127.0.0.1:"));
  EXPECT_THAT(shown, HasSubstr("error at position 19\n  \n  00000  GET /a HTTP/1.1\\r\\n\n  00017  "));
  EXPECT_THAT(shown, HasSubstr("\\x01"));
  EXPECT_THAT(lab.ask("show errors app"), Not(HasSubstr("invalid")));
  EXPECT_THAT(lab.ask("show errors web response"), Not(HasSubstr("invalid")));
}

}  // namespace
}  // namespace evenkeel::control
