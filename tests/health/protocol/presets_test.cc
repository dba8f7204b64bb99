// Every row was observed at HAProxy 2.6.12 with a scripted server; the few that differ on purpose say so.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "health/protocol/ldap.h"
#include "health/protocol/mysql.h"
#include "health/protocol/pgsql.h"
#include "health/protocol/redis.h"
#include "health/protocol/smtp.h"
#include "health/protocol/spop.h"
#include "health/protocol/ssl_hello.h"
#include "health/protocol/tcp.h"
#include "tests/health/script_player.h"

namespace evenkeel::health {
namespace {

using namespace std::string_literals;

struct Case {
  const char* name;
  std::vector<std::string> chunks;
  bool closes;
  std::string shown;
};

void expect_all(const BackendCheck& check, const std::vector<Case>& cases) {
  for (const Case& c : cases) EXPECT_EQ(play(check, c.chunks, c.closes).shown(), c.shown) << c.name;
}

std::string bytes(std::string_view digits) {
  std::string out;
  EXPECT_TRUE(unhex(digits, out)) << digits;
  return out;
}

BackendCheck check_of(CheckProtocol protocol, std::vector<CheckStep> steps) {
  BackendCheck check;
  check.protocol = protocol;
  check.steps = std::move(steps);
  return check;
}

TEST(TcpCheck, ConnectsAndIsContent) {
  const Played played = play(check_of(CheckProtocol::tcp, tcp_steps()), {});
  EXPECT_EQ(played.shown(), "L4OK");
  EXPECT_EQ(played.connects, 1);
  EXPECT_EQ(played.sent, "");
}

// ---- mysql
// ----------------------------------------------------------------------------------------------------------

std::string greeting(std::size_t pad = 60) {
  const std::string body = "\x0a"s + "5.5.5\0"s + std::string(pad, 'x');
  return std::string(1, static_cast<char>(body.size())) + "\0\0\0"s + body;
}
const std::string kMysqlOk = bytes("0700000200000002000000");
std::string mysql_error(char sequence, const std::string& text) {
  const std::string body = "\xff\x15\x04"s + text;
  return std::string(1, static_cast<char>(body.size())) + "\0\0"s + sequence + body;
}

TEST(MysqlCheck, SendsWhatHaproxySends) {
  const auto post = check_of(CheckProtocol::mysql, mysql_steps("bob", false));
  EXPECT_EQ(play(post, {}).sent,
            "%\0\0\x01\0\x82\0\0\0\x80\0\x01!"s + std::string(23, '\0') + "bob\0\0\x01\0\0\0\x01"s);
  const auto pre = check_of(CheckProtocol::mysql, mysql_steps("bob", true));
  EXPECT_EQ(play(pre, {}).sent, "\n\0\0\x01\0\x80\0\0\x01"s + "bob\0\0\x01\0\0\0\x01"s);
  EXPECT_EQ(play(check_of(CheckProtocol::mysql, mysql_steps("", false)), {}).sent, "");
}

TEST(MysqlCheck, JudgesWithAUser) {
  expect_all(check_of(CheckProtocol::mysql, mysql_steps("bob", false)),
             {
                 {"silent", {}, false, "L7TOUT"},
                 {"greeting only", {greeting()}, false, "L7TOUT"},
                 {"greeting, then closed", {greeting()}, true, "L7RSP"},
                 {"all at once", {greeting() + kMysqlOk}, false, "L7OK 0"},
                 {"in two", {greeting(), kMysqlOk}, false, "L7OK 0"},
                 {"in pieces", {greeting().substr(0, 7), greeting().substr(7), kMysqlOk}, false, "L7OK 0"},
                 {"denied",
                  {greeting(), mysql_error(2, "#28000Access denied for user")},
                  false,
                  "L7STS 1045 | #28000Access denied for user"},
                 {"blocked", {mysql_error(0, "Host blocked")}, false, "L7STS 1045 | Host blocked"},
                 {"short", {"\x05\0\0\0\x0a"s}, false, "L7TOUT"},
                 {"short, closed", {"\x05\0\0\0\x0a"s}, true, "L7RSP"},
                 {"junk", {"SSH-2.0-foo\r\n"}, false, "L7TOUT"},
                 {"junk, closed", {"SSH-2.0-foo\r\n"}, true, "L7RSP"},
                 {"eof packet", {greeting(), bytes("01000002fe")}, false, "L7OK 0"},
                 {"empty payload byte", {greeting(), bytes("0000000200")}, false, "L7OK 0"},
             });
}

TEST(MysqlCheck, JudgesTheGreetingAlone) {
  expect_all(check_of(CheckProtocol::mysql, mysql_steps("", false)),
             {
                 {"ok", {greeting()}, false, "L7OK 0"},
                 {"error",
                  {mysql_error(0, "#HY000Host blocked, long text")},
                  false,
                  "L7STS 1045 | #HY000Host blocked, long text"},
                 {"junk, closed", {"hello there world\r\n"}, true, "L7RSP"},
                 {"empty packet", {"\0\0\0\0"s}, false, "L7OK 0"},
                 {"cut", {greeting().substr(0, 30)}, true, "L7RSP"},
                 {"cut in the header", {greeting().substr(0, 3)}, true, "L7RSP"},
                 {"closed at once", {}, true, "L7RSP | TCPCHK got an empty response at step 2"},
             });
}

// ---- pgsql
// ----------------------------------------------------------------------------------------------------------

std::string pg(char type, const std::string& body) {
  return type + "\0\0\0"s + static_cast<char>(body.size() + 4) + body;
}

TEST(PgsqlCheck, SendsAStartupMessage) {
  EXPECT_EQ(play(check_of(CheckProtocol::pgsql, pgsql_steps("bob")), {}).sent,
            "\0\0\0\x12\0\x03\0\0user\0bob\0\0"s);
}

TEST(PgsqlCheck, Judges) {
  const std::string ok = "L7OK 0 | PostgreSQL server is ok";
  const std::string unknown = "L7STS 0 | PostgreSQL unknown error";
  std::vector<Case> cases = {
      {"error", {pg('E', "SFATAL\0C28000\0Mno pg_hba.conf entry\0\0"s)}, false, "L7RSP | FATAL"},
      {"junk", {"hello world foo"}, false, unknown},
      {"one byte", {"R"}, false, "L7TOUT"},
      {"one byte, closed", {"R"}, true, unknown},
      {"eight bytes", {"R\0\0\0\x08\0\0\0"s}, false, "L7TOUT"},
      {"length does not matter", {"R\0\0\0\x07\0\0\0\0"s}, false, ok},
      {"length too big", {"R\x01\0\0\x08\0\0\0\0"s}, false, unknown},
      {"closed", {}, true, "L7RSP | TCPCHK got an empty response at step 3"},
      {"notice", {pg('N', "\0\0\0\0"s)}, false, unknown},
      {"method above a byte", {pg('R', "\0\0\x01\0"s)}, false, unknown},
      {"lone E", {"E"}, false, "L7TOUT"},
      {"five bytes, closed", {"hello"}, true, unknown},
      {"silent", {}, false, "L7TOUT"},
  };
  for (const int method : {0, 2, 3, 4, 5, 6, 7, 9, 10}) {
    cases.push_back({"method", {pg('R', "\0\0\0"s + static_cast<char>(method))}, false, ok});
  }
  for (const int method : {1, 8, 11, 12, 13, 20, 255}) {
    cases.push_back({"bad method", {pg('R', "\0\0\0"s + static_cast<char>(method))}, false, unknown});
  }
  expect_all(check_of(CheckProtocol::pgsql, pgsql_steps("bob")), cases);
}

// ---- redis
// ----------------------------------------------------------------------------------------------------------

TEST(RedisCheck, Judges) {
  const auto check = check_of(CheckProtocol::redis, redis_steps());
  EXPECT_EQ(play(check, {}).sent, "*1\r\n$4\r\nPING\r\n");
  expect_all(check, {
                        {"ok", {"+PONG\r\n"}, false, "L7OK 0 | Redis server is ok"},
                        {"in pieces", {"+PO", "NG\r\n"}, false, "L7OK 0 | Redis server is ok"},
                        {"no line end", {"+PONG"}, false, "L7TOUT"},
                        {"no line end, closed", {"+PONG"}, true, "L7STS 0 | +PONG"},
                        {"error", {"-ERR blah\r\n"}, false, "L7TOUT"},
                        {"error, closed", {"-NO\r\n"}, true, "L7STS 0 | -NO"},
                        {"after something", {"xx+PONG\r\n"}, false, "L7OK 0 | Redis server is ok"},
                        {"closed", {}, true, "L7STS 0 | TCPCHK got an empty response at step 2"},
                    });
}

// ---- smtp
// -----------------------------------------------------------------------------------------------------------

TEST(SmtpCheck, Talks) {
  EXPECT_EQ(
      play(check_of(CheckProtocol::smtp, smtp_steps("HELO", "localhost")), {"220 hi\r\n", "250 ok\r\n"}).sent,
      "HELO localhost\r\nQUIT\r\n");
  EXPECT_EQ(play(check_of(CheckProtocol::smtp, smtp_steps("EHLO", "d.org")), {"220 hi\r\n"}).sent,
            "EHLO d.org\r\n");
  EXPECT_EQ(play(check_of(CheckProtocol::smtp, smtp_steps("XELO", "d.org")), {"220 hi\r\n"}).sent,
            "HELO d.org\r\n");
}

TEST(SmtpCheck, Judges) {
  expect_all(
      check_of(CheckProtocol::smtp, smtp_steps("HELO", "localhost")),
      {
          {"ok", {"220 hi\r\n", "250 ok\r\n", "221 bye\r\n"}, false, "L7OK 221 | bye"},
          {"refused", {"554 go away\r\n"}, false, "L7STS 554 | go away"},
          {"closed after greeting", {"220 hi\r\n"}, true, "L7STS 0 | TCPCHK got an empty response at step 5"},
          {"hello refused", {"220 hi\r\n", "500 no such\r\n"}, false, "L7TOUT"},
          {"hello refused, closed", {"220 hi\r\n", "502 x\r\n"}, true, "L7STS 502 | x"},
          {"multi-line greeting", {"220-hi\r\n220 there\r\n"}, false, "L7RSP | 220-hi"},
          {"multi-line hello",
           {"220 hi\r\n", "250-a\r\n250-b\r\n250 c\r\n", "221 b\r\n"},
           false,
           "L7OK 221 | b"},
          {"unfinished hello", {"220 hi\r\n", "250-a\r\n"}, false, "L7TOUT"},
          {"broken hello", {"220 hi\r\n", "250-a\r\nfoo\r\n250 x\r\n"}, false, "L7TOUT"},
          {"junk", {"hello\r\n"}, false, "L7RSP | hello"},
          {"nearly", {"22x\r\n"}, false, "L7RSP | 22x"},
          {"no line end", {"220 hi"}, false, "L7TOUT"},
          {"quit refused", {"220 hi\r\n", "250 ok\r\n", "500 err\r\n"}, false, "L7STS 500 | err"},
          {"quit closed",
           {"220 hi\r\n", "250 ok\r\n"},
           true,
           "L7STS 0 | TCPCHK got an empty response at step 7"},
          {"quit continued", {"220 hi\r\n", "250 ok\r\n", "221-b\r\n"}, false, "L7OK 221 | b"},
          {"quit cut", {"220 hi\r\n", "250 ok\r\n", "22"}, false, "L7TOUT"},
          {"354", {"354 hi\r\n"}, false, "L7STS 354 | hi"},
          {"one digit", {"2\r\n"}, false, "L7TOUT"},
          {"no texts", {"220\r\n", "250\r\n", "221\r\n"}, false, "L7OK 221"},
          {"closed at once", {}, true, "L7RSP | TCPCHK got an empty response at step 2"},
          {"four digits", {"2201 x\r\n"}, false, "L7RSP | 2201 x"},
          {"all at once", {"220 x\r\n250 ok\r\n221 bye\r\n"}, false, "L7TOUT"},
          {"junk hello, closed", {"220 hi\r\n", "hello\r\n"}, true, "L7STS 0 | o"},
      });
}

// ---- ldap
// -----------------------------------------------------------------------------------------------------------

TEST(LdapCheck, Judges) {
  const auto check = check_of(CheckProtocol::ldap, ldap_steps());
  EXPECT_EQ(play(check, {}).sent, bytes("300c020101600702010304008000"));
  const std::string not_ldap = "L7RSP | Not LDAPv3 protocol";
  expect_all(check,
             {
                 {"ok", {bytes("300c02010161070a010004000400")}, false, "L7OK 0"},
                 {"long lengths",
                  {bytes("308400000010020101618400000007"
                         "0a010004000400")},
                  false,
                  "L7OK 0"},
                 {"failure",
                  {bytes("300c02010161070a013104000400")},
                  false,
                  "L7STS 49 | See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9"},
                 {"not a bind response", {bytes("300c02010165070a010004000400")}, false, not_ldap},
                 {"message 2", {bytes("300c02010261070a010004000400")}, false, not_ldap},
                 {"short", {bytes("300c020101")}, false, "L7TOUT"},
                 {"short, closed", {bytes("300c020101")}, true, "L7RSP"},
                 {"junk", {"hello world, junk!"}, false, not_ldap},
                 {"no enumerated", {bytes("300c020101610702010004000400")}, false, not_ldap},
                 {"set instead of sequence", {bytes("310c02010161070a010004000400")}, false, not_ldap},
                 {"closed", {}, true, "L7RSP | TCPCHK got an empty response at step 2"},
                 {"cut", {bytes("300c02010161070a0100")}, false, "L7TOUT"},
                 {"longer than it says", {bytes("307f02010161070a010004000400")}, false, "L7TOUT"},
                 // HAProxy 2.6 knows one- and five-byte lengths only; RFC 4511, 5.1 allows this form as well.
                 {"two-byte lengths",
                  {bytes("30810d020101618107"
                         "0a010004000400")},
                  false,
                  "L7OK 0"},
             });
}

// ---- ssl
// ------------------------------------------------------------------------------------------------------------

TEST(SslHelloCheck, SendsAClientHello) {
  const std::string sent = play(check_of(CheckProtocol::ssl_hello, ssl_hello_steps()), {}).sent;
  ASSERT_EQ(sent.size(), 126u);
  EXPECT_EQ(sent.substr(0, 11), bytes("1603000079010000750300"));
}

TEST(SslHelloCheck, Judges) {
  expect_all(check_of(CheckProtocol::ssl_hello, ssl_hello_steps()),
             {
                 {"hello", {bytes("160300004a02")}, false, "L6OK"},
                 {"alert", {bytes("15030000020228")}, false, "L6OK"},
                 {"junk", {"hello world"}, false, "L6RSP"},
                 {"two bytes", {bytes("1603")}, false, "L6TOUT"},
                 {"two bytes, closed", {bytes("1603")}, true, "L6OK"},
                 {"four bytes", {bytes("16030000")}, false, "L6TOUT"},
                 {"five bytes", {bytes("1603000002")}, false, "L6OK"},
                 {"closed", {}, true, "L6RSP | TCPCHK got an empty response at step 2"},
             });
}

// ---- spop
// -----------------------------------------------------------------------------------------------------------

std::string text(const std::string& s) { return static_cast<char>(s.size()) + s; }
std::string spop_frame(unsigned char type, const std::string& items, char flags = 1) {
  const std::string frame = static_cast<char>(type) + "\0\0\0"s + flags + "\0\0"s + items;
  return "\0\0\0"s + static_cast<char>(frame.size()) + frame;
}
const std::string kVersion = text("version") + "\x08" + text("2.0");
const std::string kSize = text("max-frame-size") + "\x03\xfc\xf0\x06";
const std::string kCapabilities = text("capabilities") + "\x08" + text("");
const std::string kAgentHello = kVersion + kSize + kCapabilities;

TEST(SpopCheck, SendsAHello) {
  EXPECT_EQ(play(check_of(CheckProtocol::spop, spop_steps()), {}).sent,
            "\0\0\0N\x01\0\0\0\x01\0\0\x12supported-versions\x08\x03"
            "2.0\x0emax-frame-size\x03\xfc\xf0\x06\x0c"
            "capabilities\x08\0\x0bhealthcheck\x11"s);
}

TEST(SpopCheck, Judges) {
  const std::string invalid = "L7RSP | invalid frame received";
  const std::string status = text("status-code") + "\x03";
  const std::string frame = spop_frame(101, kAgentHello);
  expect_all(
      check_of(CheckProtocol::spop, spop_steps()),
      {
          {"ok", {frame}, false, "L7OK 0"},
          {"in pieces", {frame.substr(0, 3), frame.substr(3, 20), frame.substr(23)}, false, "L7OK 0"},
          {"old version",
           {spop_frame(101, text("version") + "\x08" + text("1.0") + kSize)},
           false,
           "L7RSP | unsupported version"},
          {"no version", {spop_frame(101, kSize + kCapabilities)}, false, "L7RSP | version value not found"},
          {"no size",
           {spop_frame(101, kVersion + kCapabilities)},
           false,
           "L7RSP | max-frame-size value not found"},
          {"no capabilities", {spop_frame(101, kVersion + kSize)}, false, "L7OK 0"},
          {"too big",
           {spop_frame(101, kVersion + text("max-frame-size") + "\x03\xfc\xf0\x7f")},
           false,
           "L7RSP | max-frame-size too big or too small"},
          {"too small",
           {spop_frame(101, kVersion + text("max-frame-size") + "\x03\x10")},
           false,
           "L7RSP | max-frame-size too big or too small"},
          {"an ack", {spop_frame(103, kAgentHello)}, false, invalid},
          {"junk", {"hello world blah"}, false, "L7TOUT"},
          {"junk, closed", {"hello world blah"}, true, invalid},
          {"cut", {frame.substr(0, 20)}, false, "L7TOUT"},
          {"cut, closed", {frame.substr(0, 20)}, true, invalid},
          {"fragment", {spop_frame(101, kAgentHello, 0)}, false, "L7RSP | fragmentation not supported"},
          {"unknown item",
           {spop_frame(101, kAgentHello + text("foo") + "\x08" + text("bar"))},
           false,
           "L7OK 0"},
          {"version is a number",
           {spop_frame(101, text("version") + "\x03\x03" + "2.0" + kSize)},
           false,
           invalid},
          {"length 0", {"\0\0\0\0"s}, false, invalid},
          {"length 3", {"\0\0\0\3abc"s}, false, invalid},
          {"closed", {}, true, "L7RSP | TCPCHK got an empty response at step 2"},
          {"disconnect",
           {spop_frame(102, status + "\x02" + text("message") + "\x08" + text("m"))},
           false,
           "L7RSP | a timeout occurred"},
          {"disconnect 0", {spop_frame(102, status + "\0"s)}, false, "L7RSP | normal"},
          {"disconnect, no code", {spop_frame(102, "")}, false, "L7RSP | normal"},
          {"disconnect 200", {spop_frame(102, status + "\xc8")}, false, "L7RSP | an unknown error occurred"},
      });
}

}  // namespace
}  // namespace evenkeel::health
