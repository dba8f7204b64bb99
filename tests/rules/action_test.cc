#include "rules/action.h"

#include "rules/captures.h"
#include "tests/rules/rule_tester.h"

namespace evenkeel::rules {
namespace {

struct Outcome {
  Verdict verdict = Verdict::proceed;
  std::string text;  // request line, headers; or the reply
};

std::string show(const http::HeaderBlock& headers) {
  std::string text;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    text += std::string(headers.name(i)) + ": " + std::string(headers.value(i)) + "\n";
  }
  return text;
}

std::string show(const Reply& reply) {
  std::string text = std::to_string(reply.status) + "\n";
  if (reply.kind == Reply::Kind::standard) text += "standard " + std::string(reply.http_errors) + "\n";
  if (reply.kind == Reply::Kind::raw) text += "raw\n";
  for (const auto& [name, value] : reply.headers) text += name + ": " + value + "\n";
  return text + std::string(reply.payload());
}

Outcome run(const std::string& lines, std::string_view request = kPlainRequest) {
  RuleTester rules(lines);
  EXPECT_EQ(rules.said(), "");
  TestSession session(request);
  const Verdict verdict = rules.draft.sets.http_request.run(session);
  if (session.reply.kind != Reply::Kind::none) return {verdict, show(session.reply)};
  return {verdict, std::string(session.request->method_text()) + " " +
                       std::string(session.request->target()) + "\n" + show(session.request->headers)};
}
std::string target_after(const std::string& lines) {
  const std::string text = run(lines).text;
  return text.substr(4, text.find('\n') - 4);
}

TEST(Actions, ChangeHeaders) {
  const std::string_view request = "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: x, y\r\nA: 2\r\nX-1: a\r\n\r\n";
  EXPECT_EQ(run("http-request add-header A %[path]-%ci", request).text,
            "GET /\nhost: h\na: 1\nb: x, y\na: 2\nx-1: a\na: /-127.0.0.1\n");
  EXPECT_EQ(run("http-request set-header A 3", request).text, "GET /\nhost: h\nb: x, y\nx-1: a\na: 3\n");
  EXPECT_EQ(run("http-request del-header A", request).text, "GET /\nhost: h\nb: x, y\nx-1: a\n");
  EXPECT_EQ(run("http-request del-header X- -m beg", request).text, "GET /\nhost: h\na: 1\nb: x, y\na: 2\n");
  EXPECT_EQ(run("http-request replace-header A (.) <\\1>", request).text,
            "GET /\nhost: h\na: <1>\nb: x, y\na: <2>\nx-1: a\n");
  EXPECT_EQ(run("http-request replace-value B y z", request).text,
            "GET /\nhost: h\na: 1\nb: x, z\na: 2\nx-1: a\n");
}

TEST(Actions, ChangeManyHeadersAtOnce) {
  const std::string_view request = "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 2\r\nX-1: a\r\n\r\n";
  const std::string kept = "http-request set-var(txn.h) req.hdrs_bin\nhttp-request set-header A 3\n";
  EXPECT_EQ(run(kept + "http-request set-headers-bin var(txn.h)", request).text,
            "GET /\nhost: h\na: 1\nb: 2\nx-1: a\n");
  EXPECT_EQ(run(kept + "http-request add-headers-bin var(txn.h) prefix X-", request).text,
            "GET /\nhost: h\nb: 2\nx-1: a\na: 3\nx-1: a\n");
  // bin: "b", "x-"
  EXPECT_EQ(run("http-request del-headers-bin bin(016202782D)", request).text,
            "GET /\nhost: h\na: 1\nx-1: a\n");
  EXPECT_EQ(run("http-request del-headers-bin bin(016202782D) -m beg", request).text,
            "GET /\nhost: h\na: 1\n");
  // A value of 255 bytes has a length of two.
  const std::string longer(255, 'v');
  EXPECT_EQ(
      run("http-request set-header L " + longer + "\nhttp-request set-headers-bin req.hdrs_bin prefix l",
          "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
          .text,
      "GET /\nhost: h\nl: " + longer + "\n");
  for (const std::string bad : {"0161", "F0", "016105", "FFFFFFFFFFFFFFFF", "03613A62016A", "0161030D0A61"})
    EXPECT_EQ(run("http-request add-headers-bin bin(" + bad + ")", request).verdict, Verdict::failed) << bad;
}

TEST(Actions, DropSilentlyWithAResetOfSoManyHops) {
  const auto hops = [](const std::string& line) {
    RuleTester rules(line);
    TestSession session;
    EXPECT_EQ(rules.draft.sets.http_request.run(session), Verdict::silent_drop);
    return session.drop_ttl;
  };
  EXPECT_EQ(hops("http-request silent-drop"), 0);
  EXPECT_EQ(hops("http-request silent-drop rst-ttl 5"), 5);
  EXPECT_NE(RuleTester("http-request silent-drop rst-ttl 0").said(), "");
  EXPECT_NE(RuleTester("http-request silent-drop rst-ttl").said(), "");
}

TEST(Actions, ForceContentSwitchingUnderAConditionOnly) {
  EXPECT_EQ(RuleTester("force-be-switch if { path /a }").draft.sets.force_be_switch.size(), 1U);
  EXPECT_NE(RuleTester("force-be-switch").said(), "");
}

TEST(Actions, NeverLetAValueBreakItsLine) {
  EXPECT_EQ(run("http-request set-header A %[str(a%0d%0aEvil:b),url_dec]").verdict, Verdict::failed);
  EXPECT_EQ(run("http-request redirect location %[str(a%0d%0aEvil:b),url_dec]").verdict, Verdict::failed);
  EXPECT_EQ(run("http-request set-path %[str(/a%20b),url_dec]").verdict, Verdict::failed);
}

TEST(Actions, PassOverWhatFailsWhenNotStrict) {
  EXPECT_EQ(run("http-request strict-mode off\nhttp-request set-path %[str(/a%20b),url_dec]").verdict,
            Verdict::proceed);
}

TEST(Actions, ChangeTheRequestLine) {
  EXPECT_EQ(target_after("http-request set-path /new%[path]"), "/new/a/b?x=1&y=two");
  EXPECT_EQ(target_after("http-request set-pathq /new?q"), "/new?q");
  EXPECT_EQ(target_after("http-request set-query %[query]&z=3"), "/a/b?x=1&y=two&z=3");
  EXPECT_EQ(target_after("http-request set-query ?n"), "/a/b?n");
  EXPECT_EQ(target_after("http-request set-uri http://h/x"), "http://h/x");
  EXPECT_EQ(target_after("http-request replace-path (.*) /foo\\1"), "/foo/a/b?x=1&y=two");
  EXPECT_EQ(target_after("http-request replace-pathq ([^?]*)(\\?(.*))? \\1/foo\\2"), "/a/b/foo?x=1&y=two");
  EXPECT_EQ(target_after("http-request replace-uri ^/(.) /-\\1-"), "/-a-");
  EXPECT_EQ(target_after("http-request replace-path ^/zzz /x"), "/a/b?x=1&y=two");
  EXPECT_EQ(run("http-request set-method PUT").text.substr(0, 4), "PUT ");
}

TEST(Actions, AnswerAsTheOracleDoes) {
  EXPECT_EQ(run("http-request return").text, "200\ncontent-length: 0\n");
  EXPECT_EQ(
      run("http-request return status 201 content-type text/x string \"hi %[src]\" hdr X-B %[path]").text,
      "201\nx-b: /a/b\ncontent-length: 9\ncontent-type: text/x\nhi %[src]");
  EXPECT_EQ(run("http-request return content-type text/plain lf-string \"hello %[src]\"").text,
            "200\ncontent-length: 15\ncontent-type: text/plain\nhello 127.0.0.1");
  EXPECT_EQ(run("http-request return status 404 default-errorfiles").text, "404\nstandard \n");
  EXPECT_EQ(run("http-request return status 404 errorfiles mine").text, "404\nstandard mine\n");
  EXPECT_EQ(run("http-request auth").text, "401\nstandard \nwww-authenticate: Basic realm=\"f\"\n");
  EXPECT_EQ(run("http-request auth realm \"a b\"").text,
            "401\nstandard \nwww-authenticate: Basic realm=\"a b\"\n");
  EXPECT_EQ(run("http-request deny").text, "403\nstandard \n");
  EXPECT_EQ(run("http-request deny deny_status 429").text, "429\nstandard \n");
  EXPECT_EQ(run("http-request deny status 429 content-type text/plain string slow").text,
            "429\ncontent-length: 4\ncontent-type: text/plain\nslow");
  EXPECT_EQ(run("http-request tarpit").verdict, Verdict::tarpit);
  EXPECT_EQ(run("http-request reject").verdict, Verdict::reject);
  EXPECT_EQ(run("http-request silent-drop").verdict, Verdict::silent_drop);
}

TEST(Actions, RedirectAsTheOracleDoes) {
  const auto redirect = [](const std::string& words) { return run("http-request redirect " + words).text; };
  EXPECT_EQ(redirect("location /x"), "302\ncontent-length: 0\nlocation: /x\ncache-control: no-cache\n");
  EXPECT_EQ(redirect("code 301 prefix http://p.com"),
            "301\ncontent-length: 0\nlocation: http://p.com/a/b?x=1&y=two\n");
  EXPECT_EQ(redirect("prefix / drop-query append-slash code 301"),
            "301\ncontent-length: 0\nlocation: /a/b/\n");
  EXPECT_EQ(redirect("scheme https code 308"),
            "308\ncontent-length: 0\nlocation: https://www.Example.com:8080/a/b?x=1&y=two\n");
  EXPECT_EQ(redirect("location /c set-cookie A=1 code 301"),
            "301\ncontent-length: 0\nlocation: /c\nset-cookie: A=1; path=/;\n");
  EXPECT_EQ(redirect("location /c clear-cookie A= code 301"),
            "301\ncontent-length: 0\nlocation: /c\nset-cookie: A=; path=/; Max-Age=0;\n");
  EXPECT_EQ(run("http-request redirect location %[hdr(nope)] ignore-empty").verdict, Verdict::proceed);
}

TEST(Actions, SetVariablesUnderConditions) {
  EXPECT_EQ(run("http-request set-var(txn.a) path,length\n"
                "http-request set-var(txn.a,ifnotset) int(9)\n"
                "http-request set-var(txn.b,ifgt) int(3)\n"
                "http-request set-var-fmt(txn.c) %[var(txn.a)]/%[var(txn.b)]\n"
                "http-request unset-var(txn.b)\n"
                "http-request return content-type a/b lf-string \"%[var(txn.c)] %[var(txn.b)]\"")
                .text,
            "200\ncontent-length: 4\ncontent-type: a/b\n4/3 ");
}

TEST(Actions, StopOrGoOn) {
  EXPECT_EQ(run("http-request allow if { path /a/b }\nhttp-request deny").verdict, Verdict::allow);
  EXPECT_EQ(run("http-request deny unless { path /a/b }").verdict, Verdict::proceed);
}

TEST(Actions, WaitForBytesUntilTheInspectionEnds) {
  RuleTester rules(
      "tcp-request inspect-delay 5s\ntcp-request content accept if { req.payload(0,2) -m bin 1603 }\n"
      "tcp-request content reject if WAIT_END");
  EXPECT_EQ(rules.said(), "");
  EXPECT_EQ(rules.draft.sets.request_inspect_delay, 5000);
  TestSession session;
  session.mode_http = false;
  session.request = nullptr;
  session.request_bytes = {"\x16", false};
  std::size_t next = 0;
  const RuleSet& set = rules.draft.sets.tcp_request_content;
  EXPECT_EQ(set.run(session, next), Verdict::wait);
  session.request_bytes = {"\x16\x03\x01", false};
  EXPECT_EQ(set.run(session, next), Verdict::allow);
  next = 0;
  session.request_bytes = {"GET", false};
  EXPECT_EQ(set.run(session, next), Verdict::wait);
  session.inspection_ended = true;
  EXPECT_EQ(set.run(session, next), Verdict::reject);
}

TEST(Actions, LetTimePassBetweenTwoRules) {
  RuleTester rules(
      "http-request early-hint Link </a>\n"
      "http-request early-hint Link <%[path]> if { path_beg /a }\n"
      "http-request pause 2s if { path /other }\n"
      "http-request pause int(30)\n"
      "http-request wait-for-body time 1s at-least 1k\n"
      "http-request wait-for-handshake\n"
      "http-request early-hint X last");
  ASSERT_EQ(rules.said(), "");
  TestSession session;
  const RuleSet& set = rules.draft.sets.http_request;
  std::size_t next = 0;
  EXPECT_EQ(set.run(session, next), Verdict::hints);
  EXPECT_EQ(session.early_hints, "link: </a>\r\nlink: </a/b>\r\n");
  session.early_hints.clear();
  EXPECT_EQ(set.run(session, next), Verdict::pause);
  EXPECT_EQ(session.pause_ms, 30);
  EXPECT_EQ(set.run(session, next), Verdict::wait_body);
  EXPECT_EQ(session.wait_body_ms, 1000);
  EXPECT_EQ(session.wait_body_least, 1024U);
  EXPECT_EQ(set.run(session, next), Verdict::hints);
  EXPECT_EQ(session.early_hints, "x: last\r\n");
  session.early_hints.clear();
  EXPECT_EQ(set.run(session, next), Verdict::proceed);
}

TEST(Actions, LeaveNumbersForTheDataPlane) {
  TestSession session;
  RuleTester rules(
      "http-request set-mark 0xffffffff\n"
      "http-request set-fc-tos 0x20\n"
      "http-request set-bc-mark int(7)\n"
      "http-request set-bc-tos int(300)\n"
      "http-request set-retries 2\n"
      "http-request set-priority-class int(9999)\n"
      "http-request set-priority-offset int(-100)\n"
      "http-request set-timeout connect 1s");
  ASSERT_EQ(rules.said(), "");
  EXPECT_EQ(rules.draft.sets.http_request.run(session), Verdict::proceed);
  EXPECT_EQ(session.mark, 0xffffffffU);
  EXPECT_EQ(session.tos, 0x20);
  EXPECT_EQ(session.server_mark, 7U);
  EXPECT_EQ(session.server_tos, std::nullopt) << "what is out of range changes nothing";
  EXPECT_EQ(session.retries, 2);
  EXPECT_EQ(session.priority_class, 2047);
  EXPECT_EQ(session.priority_offset, -100);
  EXPECT_EQ(session.timeout_connect_ms, 1000);
}

TEST(Actions, CaptureIntoSlots) {
  RuleTester rules(
      "declare capture request len 3\nhttp-request capture path id 0\nhttp-request capture query len 2");
  EXPECT_EQ(rules.said(), "");
  EXPECT_EQ(rules.draft.sets.request_captures.size(), 2U);
  TestSession session;
  CaptureSlots slots;
  session.request_captures = &slots;
  rules.draft.sets.http_request.run(session);
  EXPECT_EQ(slots.values[0], "/a/");
  EXPECT_EQ(slots.values[1], "x=");
}

TEST(Actions, ChooseBackends) {
  RuleTester rules(
      "acl api path_beg /api\nuse_backend be_api if api\nuse_backend %[urlp(y)] if { urlp(y) -m found "
      "}\nuse_backend last");
  EXPECT_EQ(rules.said(), "");
  TestSession session;
  EXPECT_EQ(rules.draft.sets.use_backend.pick(session, [](std::string_view) { return true; }), "two");
  EXPECT_EQ(rules.draft.sets.use_backend.pick(session, [](std::string_view name) { return name != "two"; }),
            "last");
}

TEST(Actions, SayWhatTheyDoNotTake) {
  EXPECT_EQ(RuleTester("http-request set-headr a b").said(),
            "error 2:14 unknown action 'set-headr' of 'http-request'; did you mean 'set-header'?");
  EXPECT_EQ(RuleTester("http-request track-sc0 src").said(),
            "error 2:14 'http-request track-sc0' is a known HAProxy keyword, not supported by Evenkeel yet");
  EXPECT_EQ(RuleTester("http-request accept").said(),
            "error 2:14 'accept' is no action of 'http-request' rules");
  EXPECT_EQ(RuleTester("http-request set-header a").said(), "error 2:26 a header value is expected here");
  EXPECT_EQ(RuleTester("http-request set-header a %[pth]").said(),
            "error 2:29 unknown fetch 'pth'; did you mean 'path'?");
  EXPECT_EQ(RuleTester("http-request set-header a %[res.hdr(x)]").said(),
            "error 2:29 'res.hdr(x)' is not available at this point");
  EXPECT_EQ(RuleTester("http-request return string x").said(),
            "error 2:21 an answer with a content needs a content-type");
  EXPECT_EQ(RuleTester("http-request deny\nhttp-request allow").said(),
            "warning 3:1 this rule is never reached: the one in line 2 ends the rules unconditionally");
  EXPECT_EQ(RuleTester("use_backend a\nuse_backend b if TRUE").said(),
            "warning 3:1 this rule is never reached: 'use_backend a' in line 2 has no condition");
}

}  // namespace
}  // namespace evenkeel::rules
