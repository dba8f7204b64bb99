// Every row was observed at HAProxy 2.6.12 with a scripted server.
#include "health/script.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "health/protocol/http.h"
#include "health/protocol/tcp.h"
#include "tests/health/script_player.h"

namespace evenkeel::health {
namespace {

using namespace std::string_literals;

BackendCheck tcp(std::vector<CheckStep> rules) {
  BackendCheck check;
  check.protocol = CheckProtocol::tcp_check;
  check.steps = with_connect(std::move(rules));
  return check;
}

BackendCheck http(std::vector<CheckStep> rules) {
  BackendCheck check;
  check.protocol = CheckProtocol::http;
  check.steps = http_steps({}, std::move(rules), false);
  return check;
}

Regex regex(std::string_view pattern, bool icase = false) { return *Regex::compile(pattern, icase); }

// Which rule fails: "!" negates, then the match word.
ExpectStep expect(ExpectKind kind, std::string pattern, bool negate = false, int min_recv = -1) {
  ExpectStep step;
  step.kind = kind;
  step.negate = negate;
  step.min_recv = min_recv;
  const bool by_regex = kind == ExpectKind::rstring || kind == ExpectKind::rbinary ||
                        kind == ExpectKind::http_rbody || kind == ExpectKind::http_rstatus;
  if (by_regex) step.regex = regex(pattern);
  step.pattern.literal = std::move(pattern);
  return step;
}
ExpectStep commented(ExpectStep step, std::string comment) {
  step.comment = std::move(comment);
  return step;
}
SendStep send(std::string text) { return SendStep{.data = {std::move(text), nullptr}}; }

struct Case {
  ExpectStep rule;
  std::vector<std::string> chunks;
  bool closes;
  std::string shown;
};

TEST(TcpScript, Expects) {
  using enum ExpectKind;
  const std::string ok = "L7OK 0 | (tcp-check)";
  const std::string no = "L7RSP | TCPCHK did not match content 'foo' at step 1";
  const std::string late = "L7TOUT |  at step 1 of tcp-check (expect string 'foo')";
  const std::string unwanted = "L7RSP | TCPCHK matched unwanted content 'foo' at step 1";
  const std::string empty = "L7RSP | TCPCHK got an empty response at step 1";
  const std::vector<Case> cases = {
      {expect(string, "foo"), {"xxfoo\r\nbar"}, false, ok},
      {expect(string, "foo"), {"xxbar"}, false, late},
      {expect(string, "foo"), {"xxbar"}, true, no},
      {expect(string, "foo"), {"a\0foo"s}, false, ok},
      {expect(string, "foo"), {}, true, empty},
      {expect(string, "foo", true), {"xxfoo\r\n"}, false, unwanted},
      {expect(string, "foo", true), {"xx"}, false, late},
      {expect(string, "foo", true), {"xxxxxx"}, false, late},
      {expect(string, "foo", true), {"xx"}, true, ok},
      {expect(string, "foo", true), {}, true, empty},
      {expect(rstring, "^f.o"), {"foo"}, false, ok},
      {expect(rstring, "^f.o"), {"xfoo"}, false, "L7TOUT |  at step 1 of tcp-check (expect regex)"},
      {expect(rstring, "^f.o"), {"xfoo"}, true, "L7RSP | TCPCHK did not match content (regex) at step 1"},
      {expect(rstring, "^f.o", true), {"xfoo"}, false, "L7TOUT |  at step 1 of tcp-check (expect regex)"},
      {expect(rstring, "^f.o", true),
       {"foo"},
       false,
       "L7RSP | TCPCHK matched unwanted content (regex) at step 1"},
      {expect(binary, "foo"), {"xfoo"}, false, ok},
      {expect(binary, "foo"), {"xfo"}, true, "L7RSP | TCPCHK did not match content (binary) at step 1"},
      {expect(rbinary, "^666F"), {"foo"}, false, ok},
      {expect(rbinary, "^666f"), {"foo"}, false, "L7TOUT |  at step 1 of tcp-check (expect binary regex)"},
      {expect(rbinary, "^666F"),
       {"xoo"},
       true,
       "L7RSP | TCPCHK did not match content (binary regex) at step 1"},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(play(tcp({cases[i].rule}), cases[i].chunks, cases[i].closes).shown(), cases[i].shown)
        << "row " << i;
  }
}

TEST(TcpScript, MinRecvMakesTheBytesConclusive) {
  using enum ExpectKind;
  const std::string ok = "L7OK 0 | (tcp-check)";
  const std::string no = "L7RSP | TCPCHK did not match content 'foo' at step 1";
  const std::string no_regex = "L7RSP | TCPCHK did not match content (regex) at step 1";
  const std::string late = "L7TOUT |  at step 1 of tcp-check (expect string 'foo')";
  const std::vector<Case> cases = {
      {expect(rstring, "^foo", false, 5), {"foox"}, false, "L7TOUT |  at step 1 of tcp-check (expect regex)"},
      {expect(rstring, "^foo", false, 5), {"bar12345"}, false, no_regex},
      {expect(rstring, "^foo", false, 5), {"foox"}, true, ok},
      {expect(rstring, "foo", false, 0), {"b"}, false, no_regex},
      {expect(rstring, "foo", true, 3), {"barbar"}, false, ok},
      {expect(rstring, "foo", true, 10),
       {"barbar"},
       false,
       "L7TOUT |  at step 1 of tcp-check (expect regex)"},
      {expect(string, "foo", false, 0), {"f"}, false, late},
      {expect(string, "foo", false, 0), {"barbar"}, false, no},
      {expect(string, "foo", false, 2), {"ba"}, false, late},
      {expect(string, "foo", false, 2), {"barbar"}, false, no},
      {expect(string, "foo", false, 10), {"bar456789012"}, false, no},
      {expect(string, "foo", false, 10), {"barr"}, false, late},
      {expect(string, "foo", false, 10), {"foo"}, false, late},
      {expect(string, "foo", false, 5), {"barb", "foo"}, false, ok},
      {expect(string, "foo", true, 10), {"barbar"}, false, late},
      {expect(string, "foo", true, 3), {"barbar"}, false, ok},
      {expect(string, "foo", true, 0), {"b"}, false, late},
      {expect(string, "foo", true, 0), {"barbar"}, false, ok},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(play(tcp({cases[i].rule}), cases[i].chunks, cases[i].closes).shown(), cases[i].shown)
        << "row " << i;
  }
}

TEST(TcpScript, WalksThroughItsSteps) {
  using enum ExpectKind;
  EXPECT_EQ(play(tcp({}), {}).shown(), "L4OK");
  EXPECT_EQ(play(tcp({ConnectStep{}}), {}).shown(), "L4OK | (tcp-check)");
  const Played sent = play(tcp({send("foo")}), {});
  EXPECT_EQ(sent.shown(), "L7OK 0 | (tcp-check)");
  EXPECT_EQ(sent.sent, "foo");
  // What came before a send is forgotten; between two expects it is kept.
  EXPECT_EQ(play(tcp({expect(string, "foo"), expect(string, "bar")}), {"barfoo"}).shown(),
            "L7OK 0 | (tcp-check)");
  EXPECT_EQ(play(tcp({expect(string, "foo"), send("x"), expect(string, "bar")}), {"barfoo"}).shown(),
            "L7TOUT |  at step 3 of tcp-check (expect string 'bar')");
  EXPECT_EQ(play(tcp({expect(string, "foo"), expect(string, "zzz")}), {"foo"}, true).shown(),
            "L7RSP | TCPCHK did not match content 'zzz' at step 2");
  ConnectStep second;
  second.port = 1;
  const Played two = play(tcp({ConnectStep{}, send("a"), expect(string, "foo"), second, send("b")}), {"foo"});
  EXPECT_EQ(two.connects, 2);
  EXPECT_EQ(two.sent, "ab");
}

TEST(TcpScript, NamesThePlaceOfFailures) {
  using enum ExpectKind;
  const Failure refused{Failure::Kind::connect_error, "Connection refused"};
  const auto fail_at = [](const BackendCheck& check, int calls, const Failure& failure) {
    Script script(check, {"be", "s1", nullptr});
    for (int i = 0; i < calls; ++i) script.next({}, false);
    const Verdict verdict = script.fail(failure);
    return std::string(code(verdict.status)) + " | " + verdict.text;
  };
  ConnectStep port_1;
  port_1.port = 1;
  port_1.comment = "cc";
  EXPECT_EQ(fail_at(tcp({send("x")}), 1, refused),
            "L4CON | Connection refused at initial connection step of tcp-check");
  EXPECT_EQ(fail_at(tcp({ConnectStep{}, send("x")}), 1, refused),
            "L4CON | Connection refused at step 1 of tcp-check (connect)");
  EXPECT_EQ(fail_at(tcp({port_1}), 1, refused),
            "L4CON | Connection refused at step 1 of tcp-check (connect port 1) comment: 'cc'");
  EXPECT_EQ(fail_at(tcp({ConnectStep{}}), 1, {Failure::Kind::connect_timeout, {}}),
            "L4TOUT |  at step 1 of tcp-check (connect)");
  EXPECT_EQ(
      fail_at(tcp({send("foo"), expect(string, "x")}), 3, {Failure::Kind::reset, "Connection reset by peer"}),
      "SOCKERR | Connection reset by peer at step 2 of tcp-check (expect string 'x')");
  EXPECT_EQ(fail_at(tcp({CommentStep{"cc"}, expect(string, "foo")}), 2, {Failure::Kind::timeout, {}}),
            "L7TOUT |  at step 2 of tcp-check (expect string 'foo') comment: 'cc'");
  EXPECT_EQ(fail_at(http({}), 1, refused), "L4CON | Connection refused");
}

TEST(TcpScript, ReportsInItsOwnWords) {
  using enum ExpectKind;
  EXPECT_EQ(play(tcp({commented(expect(string, "foo"), "hey")}), {"bar"}, true).shown(),
            "L7RSP | TCPCHK did not match content 'foo' at step 1 comment: hey");
  // A comment belongs to the rule right behind it only.
  EXPECT_EQ(play(tcp({CommentStep{"hey"}, ConnectStep{}, expect(string, "foo")}), {"bar"}, true).shown(),
            "L7RSP | TCPCHK did not match content 'foo' at step 3");
  ExpectStep worded = expect(string, "foo");
  worded.on_error.literal = "bad";
  worded.on_success.literal = "good";
  worded.status_code.literal = "42";
  EXPECT_EQ(play(tcp({worded}), {"foo"}).shown(), "L7OK 42 | good");
  EXPECT_EQ(play(tcp({worded}), {"bar"}, true).shown(), "L7RSP | bad");
  worded.comment = "cmt";
  EXPECT_EQ(play(tcp({worded}), {"bar"}, true).shown(), "L7RSP | bad comment: cmt");
  ExpectStep statuses = expect(string, "foo");
  statuses.ok_status = CheckStatus::l4_ok;
  statuses.error_status = CheckStatus::l4_con;
  statuses.tout_status = CheckStatus::l6_tout;
  EXPECT_EQ(play(tcp({statuses}), {"foo"}).shown(), "L4OK | (tcp-check)");
  EXPECT_EQ(play(tcp({statuses}), {"bar"}, true).shown(),
            "L4CON | TCPCHK did not match content 'foo' at step 1");
  EXPECT_EQ(play(tcp({statuses}), {}).shown(), "L6TOUT |  at step 1 of tcp-check (expect string 'foo')");
}

TEST(TcpScript, KeepsVariablesForTheCheck) {
  SetVarStep set{"check.x", {"abc", nullptr}, false};
  SendStep say;
  say.data.expand = [](const CheckScope& scope, std::string& out) {
    for (const auto& [name, value] : *scope.vars) out += name + "=" + value + "@" + std::string(scope.server);
  };
  EXPECT_EQ(play(tcp({set, say}), {}).sent, "check.x=abc@s1");
  SetVarStep unset{"check.x", {}, true};
  EXPECT_EQ(play(tcp({set, unset, say}), {}).sent, "");
}

TEST(TcpScript, SendsHexadecimalExpressions) {
  SendStep say{.data = {"00fF41", nullptr}, .hex = true};
  EXPECT_EQ(play(tcp({say}), {}).sent,
            "\0\xff"s
            "A");
  say.data.literal = "0";
  EXPECT_EQ(play(tcp({say}), {}).verdict.status, CheckStatus::l7_rsp);
}

// ---- HTTP
// -----------------------------------------------------------------------------------------------------------

std::string reply(const std::string& status, const std::string& body = "", const std::string& headers = "") {
  return "HTTP/1.0 " + status + " Why\r\n" + headers + "\r\n" + body;
}

struct HttpCase {
  std::vector<CheckStep> rules;
  std::vector<std::string> chunks;
  bool closes;
  std::string shown;
};

ExpectStep status(std::vector<StatusRange> ranges, bool negate = false) {
  ExpectStep step;
  step.kind = ExpectKind::http_status;
  step.negate = negate;
  step.codes = std::move(ranges);
  return step;
}

ExpectStep header(TextMatch name_match, std::string name, TextMatch value_match = TextMatch::none,
                  std::string value = "", bool full = false, bool negate = false) {
  ExpectStep step;
  step.kind = ExpectKind::http_header;
  step.negate = negate;
  step.header.name_match = name_match;
  step.header.name.literal = std::move(name);
  step.header.value_match = value_match;
  if (value_match == TextMatch::regex) step.header.value_regex = regex(value);
  step.header.value.literal = std::move(value);
  step.header.full = full;
  return step;
}

TEST(HttpScript, JudgesStatuses) {
  const std::vector<HttpCase> cases = {
      {{}, {reply("200")}, true, "L7OK 200"},
      {{}, {reply("302")}, true, "L7OK 302"},
      {{}, {reply("404")}, true, "L7STS 404 | Why"},
      {{}, {reply("500")}, true, "L7STS 500 | Why"},
      {{}, {reply("101")}, true, "L7STS 101 | Why"},
      {{}, {reply("999")}, true, "L7STS 999 | Why"},
      {{},
       {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"},
       false,
       "L7STS 100 | Continue"},
      {{}, {"hello\r\n\r\n"}, true, "L7RSP"},
      {{}, {}, true, "L7RSP"},
      {{}, {}, false, "L7TOUT"},
      {{}, {"HTTP/1.0 200 OK\r\n"}, true, "L7RSP"},
      {{}, {"HTTP/1.0 200 OK\r\nX"}, false, "L7TOUT"},
      {{}, {"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel"}, false, "L7OK 200"},
      {{}, {"HTTP/1.1 200 OK\r\n\r\n"}, false, "L7OK 200"},
      {{}, {"HTTP/1.0 404\r\n\r\n"}, true, "L7STS 404"},
      {{}, {"\r\nHTTP/1.0 200 OK\r\n\r\n"}, true, "L7OK 200"},
      {{}, {"HTTP/1.0 200 OK\n\n"}, true, "L7OK 200"},
      {{}, {"<html>"}, true, "L7RSP"},
      {{}, {reply("200", "x", "content-length: 1\r\ncontent-length: 2\r\n")}, true, "L7RSP"},
      {{status({{200, 200}, {404, 410}})}, {reply("405")}, true, "L7OK 405"},
      {{status({{200, 200}, {404, 410}})}, {reply("411", "body")}, true, "L7STS 411 | Why"},
      {{status({{500, 599}}, true)}, {reply("503")}, true, "L7STS 503 | Why"},
      {{status({{500, 599}}, true)}, {reply("204")}, true, "L7OK 204"},
      {{expect(ExpectKind::http_rstatus, "^2")}, {reply("304")}, true, "L7STS 304 | Why"},
      {{expect(ExpectKind::http_rstatus, "^2")}, {reply("204")}, true, "L7OK 204"},
      {{commented(status({{200, 200}}), "blah")}, {reply("404")}, true, "L7STS 404 | Why comment: blah"},
      {{CommentStep{"blub"}, status({{200, 200}})}, {reply("404")}, true, "L7STS 404 | Why comment: blub"},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(play(http(cases[i].rules), cases[i].chunks, cases[i].closes).shown(), cases[i].shown)
        << "row " << i;
  }
}

TEST(HttpScript, JudgesBodies) {
  using enum ExpectKind;
  const std::string no = "L7RSP | HTTP content check did not match";
  const std::string none = "L7RSP | HTTP content check could not find a response body";
  const std::string unwanted = "L7RSP | HTTP check matched unwanted content";
  const auto sized = [](int size, const std::string& body) {
    return "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(size) + "\r\n\r\n" + body;
  };
  const std::vector<HttpCase> cases = {
      {{expect(http_body, "foo")}, {reply("500", "xfoox")}, true, "L7OK 500"},
      {{expect(http_body, "foo")}, {reply("500", "bar\nbaz")}, true, no},
      {{expect(http_body, "foo")}, {reply("200")}, true, none},
      {{expect(http_body, "foo")}, {sized(5, "bar")}, false, "L7TOUT"},
      {{expect(http_body, "foo")}, {sized(3, "bar")}, false, no},
      {{expect(http_body, "foo")}, {sized(10, "bfoo")}, false, "L7OK 200"},
      {{expect(http_body, "foo")},
       {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nfo\r\n1\r\no\r\n0\r\n\r\n"},
       false,
       "L7OK 200"},
      {{expect(http_body, "foo", true)}, {reply("200", "xfoox")}, true, unwanted},
      {{expect(http_body, "foo", true)}, {reply("500", "bar")}, true, "L7OK 500"},
      {{expect(http_body, "foo", true)}, {reply("500")}, true, none},
      {{expect(http_body, "foo", true)}, {sized(10, "bar")}, false, "L7TOUT"},
      {{expect(http_rbody, "f.o")}, {reply("200", "xfoox")}, true, "L7OK 200"},
      {{expect(http_rbody, "f.o")}, {reply("200", "bar")}, true, no},
      {{expect(http_rbody, "f.o")}, {sized(10, "bxo")}, false, "L7TOUT"},
      {{expect(http_body, "foo", false, 4)}, {sized(10, "barx")}, false, no},
      {{expect(http_body, "foo", false, 8)}, {sized(10, "barx")}, false, "L7TOUT"},
      {{expect(http_rbody, "foo", false, 0)}, {sized(10, "b")}, false, no},
      {{expect(http_body, "foo", true, 2)}, {sized(10, "bar")}, false, "L7OK 200"},
      {{commented(expect(http_body, "foo"), "cc")}, {sized(1, "b")}, false, no + " comment: cc"},
      {{status({{200, 200}}), expect(http_body, "foo")}, {reply("200", "foo")}, true, "L7OK 200"},
      {{status({{200, 200}}), expect(http_body, "foo")}, {reply("200", "bar")}, true, no},
      {{status({{200, 200}}), expect(http_body, "foo")}, {sized(10, "b")}, false, "L7TOUT"},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(play(http(cases[i].rules), cases[i].chunks, cases[i].closes).shown(), cases[i].shown)
        << "row " << i;
  }
}

TEST(HttpScript, JudgesHeaders) {
  using enum TextMatch;
  const std::vector<HttpCase> cases = {
      {{header(exact, "x-a")}, {reply("500", "", "X-A: 1\r\n")}, true, "L7OK 500"},
      {{header(exact, "x-a")}, {reply("200", "", "X-B: 1\r\n")}, true, "L7STS 200 | Why"},
      {{header(exact, "x-a", exact, "b")}, {reply("200", "", "X-A: a, b\r\n")}, true, "L7OK 200"},
      {{header(exact, "x-a", exact, "b", true)},
       {reply("200", "", "X-A: a, b\r\n")},
       true,
       "L7STS 200 | Why"},
      {{header(exact, "x-a", suffix, "b", true)}, {reply("200", "", "X-A: a, b\r\n")}, true, "L7OK 200"},
      {{header(prefix, "X-", regex, "^[0-9]+$")}, {reply("200", "", "X-A: a, 12\r\n")}, true, "L7OK 200"},
      {{header(exact, "x-a", exact, "B", false, true)}, {reply("200", "", "X-A: b\r\n")}, true, "L7OK 200"},
      {{header(substring, "Y")}, {reply("200", "", "xyz: b\r\n")}, true, "L7OK 200"},
      {{header(exact, "x-a", exact, "b\"")},
       {reply("200", "", "X-A: \"a, b\"\r\n")},
       true,
       "L7STS 200 | Why"},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(play(http(cases[i].rules), cases[i].chunks, cases[i].closes).shown(), cases[i].shown)
        << "row " << i;
  }
}

TEST(HttpScript, DisableOn404PassesConditionally) {
  BackendCheck check = http({});
  check.disable_on_404 = true;
  EXPECT_EQ(play(check, {reply("404")}, true).shown(), "L7OKC 404");
  EXPECT_EQ(play(check, {reply("500")}, true).shown(), "L7STS 500 | Why");
}

TEST(HttpScript, WritesRequests) {
  EXPECT_EQ(play(http({}), {}).sent, "OPTIONS / HTTP/1.0\r\n\r\n");
  HttpSendStep full;
  full.method = "POST";
  full.uri.literal = "/a?b";
  full.version = "HTTP/1.1";
  full.headers = {{"HOST", {"a.b", nullptr}},
                  {"Connection", {"keep-alive", nullptr}},
                  {"content-length", {"99", nullptr}}};
  full.body.literal = "abc";
  EXPECT_EQ(play(http({full}), {}).sent, "POST /a?b HTTP/1.1\r\nhost: a.b\r\ncontent-length: 3\r\n\r\nabc");
  full.headers.resize(1);
  full.body.literal.clear();
  EXPECT_EQ(play(http({full}), {}).sent, "POST /a?b HTTP/1.1\r\nhost: a.b\r\nconnection: close\r\n\r\n");
  BackendCheck state;
  state.protocol = CheckProtocol::http;
  state.steps = http_steps({}, {}, true);
  EXPECT_EQ(play(state, {}).sent, "OPTIONS / HTTP/1.0\r\nx-haproxy-server-state: UP 1/3\r\n\r\n");
}

TEST(HttpScript, RunsSeveralExchanges) {
  HttpSendStep a;
  a.method = "GET";
  a.uri.literal = "/a";
  HttpSendStep b;
  b.uri.literal = "/b";
  const Played played =
      play(http({ConnectStep{}, a, status({{200, 200}}), ConnectStep{}, b, status({{500, 500}})}),
           {reply("200"), reply("200")});
  EXPECT_EQ(played.shown(), "L7STS 200 | Why");
  EXPECT_EQ(played.sent, "GET /a HTTP/1.0\r\n\r\nOPTIONS /b HTTP/1.0\r\n\r\n");
  EXPECT_EQ(played.connects, 2);
}

TEST(Printable, EscapesWhatLogsMustNotCarry) {
  EXPECT_EQ(printable("a \"q\"\n\x80z"), "a <22>q<22><0A><80>z");
  EXPECT_EQ(first_line("ab\0cd"s), "ab");
  EXPECT_EQ(first_line("ab\r\ncd"), "ab");
}

}  // namespace
}  // namespace evenkeel::health
