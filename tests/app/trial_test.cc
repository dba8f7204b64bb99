#include "app/trial.h"

#include <gmock/gmock.h>

#include "app/test_cases.h"
#include "tests/app/loading.h"

namespace evenkeel::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kConfig = R"(
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
frontend web
  bind 192.0.2.1:80
  acl api path_beg /api
  http-request deny if { src 203.0.113.0/24 }
  http-request set-var(txn.tenant) req.hdr(x-tenant)
  http-request set-header X-Tenant-Seen %[var(txn.tenant)] if { var(txn.tenant) -m found }
  http-request redirect location /new%[path] code 301 if { path_beg /old } !api
  http-request return status 418 hdr X-Pot short if { path /tea }
  http-after-response set-header X-After yes
  use_backend api if api
  use_backend %[req.hdr(x-route)] if { req.hdr(x-route) -m found }
  default_backend shop
backend api
  http-request replace-path ^/api(.*) \1
  http-response del-header Server
  use-server a2 if { req.hdr(x-tenant) vip }
  server a1 192.0.2.11:80
  server a2 192.0.2.12:80
backend shop
  balance uri
  cookie S insert
  server s1 192.0.2.21:80 cookie one
  server s2 192.0.2.22:80 cookie two
)";

TrialResult run(TrialRequest request, const char* config = kConfig) {
  const auto loaded = load(config);
  EXPECT_TRUE(loaded->accepted()) << loaded->messages();
  return try_request(loaded->result.config, request);
}
TrialRequest get(std::string line, HeaderList headers = {}) {
  TrialRequest request;
  request.line = std::move(line);
  request.headers = std::move(headers);
  return request;
}

TEST(Trial, FollowsTheRoute) {
  const TrialResult result = run(get("GET /api/x?y=1 HTTP/1.1", {{"X-Tenant", "acme"}}));
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.frontend, "web");
  EXPECT_EQ(result.backend, "api");
  EXPECT_THAT(result.servers, ElementsAre("a1", "a2"));
  EXPECT_EQ(result.server_reason, "balance roundrobin");
  EXPECT_EQ(result.outcome, "forwarded");
  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(result.target, "/x?y=1");
  ASSERT_NE(find_header(result.request_headers, "x-tenant-seen"), nullptr);
  EXPECT_EQ(*find_header(result.request_headers, "x-tenant-seen"), "acme");
  EXPECT_EQ(*find_header(result.response_headers, "X-After"), "yes");
}

TEST(Trial, SaysWhatDecided) {
  const std::string trace = run(get("/api/x", {{"X-Tenant", "vip"}})).trace;
  EXPECT_THAT(trace, HasSubstr("src = 127.0.0.1 (ip) -> no\n    does not apply\n"));
  EXPECT_THAT(trace, HasSubstr("api: path_beg = \"/api/x\" (beg) -> yes\n    applies: backend api\n"));
  EXPECT_THAT(trace, HasSubstr("txn.tenant = \"vip\""));
  EXPECT_THAT(trace, HasSubstr("        + x-tenant-seen: vip\n"));
  EXPECT_THAT(trace, HasSubstr("GET /api/x -> GET /x\n"));
  EXPECT_THAT(trace, HasSubstr("server a2 (use-server)\n"));
  // The first ACL that fails ends a condition; what stands behind it is not evaluated.
  EXPECT_THAT(trace, Not(HasSubstr("x-route")));
}

TEST(Trial, EndsWhereARuleAnswers) {
  TrialRequest request = get("/x");
  request.client = *Address::from_ip("203.0.113.9", 1);
  TrialResult result = run(request);
  EXPECT_EQ(result.outcome, "denied");
  EXPECT_EQ(result.status, 403);
  EXPECT_EQ(result.backend, "");
  result = run(get("/old/x"));
  EXPECT_EQ(result.outcome, "answered");
  EXPECT_EQ(result.status, 301);
  EXPECT_EQ(*find_header(result.response_headers, "location"), "/new/old/x");
  result = run(get("/tea"));
  EXPECT_EQ(result.status, 418);
  EXPECT_EQ(*find_header(result.response_headers, "x-pot"), "short");
  EXPECT_EQ(*find_header(result.response_headers, "x-after"), "yes");
}

TEST(Trial, ChoosesServers) {
  const TrialResult hashed = run(get("/x"));
  ASSERT_EQ(hashed.servers.size(), 1u);
  EXPECT_EQ(hashed.server_reason, "balance uri");
  EXPECT_EQ(hashed.servers, run(get("/x")).servers);
  const TrialResult kept = run(get("/x", {{"Cookie", "S=two"}}));
  EXPECT_THAT(kept.servers, ElementsAre("s2"));
  EXPECT_EQ(kept.server_reason, "cookie S");
  EXPECT_EQ(run(get("/x", {{"X-Route", "nowhere"}})).backend, "shop");
  EXPECT_EQ(run(get("/x", {{"X-Route", "api"}})).backend, "api");
}

TEST(Trial, SeesTheResponse) {
  TrialRequest request = get("/api/");
  request.status = 503;
  request.response_headers = {{"Server", "secret"}};
  const TrialResult result = run(request);
  EXPECT_EQ(result.status, 503);
  EXPECT_EQ(find_header(result.response_headers, "server"), nullptr);
  EXPECT_THAT(result.trace, HasSubstr("        - server: secret\n"));
}

TEST(Trial, RefusesWhatItCannotDo) {
  TrialRequest request = get("/");
  request.frontend = "nope";
  EXPECT_EQ(run(request).error, "there is no frontend 'nope'; there are: web");
  EXPECT_THAT(run(get("G\x01T / HTTP/1.1")).error, HasSubstr("no HTTP request"));
  const char* const two =
      "defaults\n  mode http\n  timeout client 1s\nfrontend a\n  bind :1\nfrontend b\n  bind :2\n";
  EXPECT_EQ(run(get("/"), two).error, "the configuration has several frontends, name one: a, b");
}

TEST(Trial, WorksForTcp) {
  const char* const config =
      "defaults\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\n"
      "listen t\n  bind :1\n  tcp-request connection reject if { src 203.0.113.0/24 }\n"
      "  tcp-request inspect-delay 5s\n  tcp-request content accept if { req.len gt 3 }\n  server s "
      "192.0.2.1:1\n";
  EXPECT_EQ(run(get("/"), config).backend, "t");
  TrialRequest request = get("/");
  request.client = *Address::from_ip("203.0.113.9", 1);
  EXPECT_EQ(run(request, config).outcome, "rejected");
}

// ---- cases

TEST(TestCases, AreRead) {
  const CaseFile file = parse_cases(R"(# a comment
- name: API goes to its backend   # and here
  frontend: web
  request: POST /api HTTP/1.1
  headers:
    Host: api.example.com
    X-Quoted: "a # b"
  body: 'x: y'
  client: 192.0.2.9
  response: 404
  response headers:
    Server: x
  expect:
    backend: api
    status: 404
    request headers:
      X-Api: 1
      X-Id: ~ ^[0-9a-f]+$
    response headers:
      Server: (none)

- request: /b
)");
  EXPECT_THAT(file.errors, ElementsAre());
  ASSERT_EQ(file.cases.size(), 2u);
  const TestCase& one = file.cases[0];
  EXPECT_EQ(one.name, "API goes to its backend");
  EXPECT_EQ(one.request.line, "POST /api HTTP/1.1");
  EXPECT_EQ(one.request.headers, (HeaderList{{"Host", "api.example.com"}, {"X-Quoted", "a # b"}}));
  EXPECT_EQ(one.request.body, "x: y");
  EXPECT_EQ(one.request.client.to_string(), "192.0.2.9:50000");
  EXPECT_EQ(one.request.status, 404);
  EXPECT_EQ(one.expect.backend, "api");
  ASSERT_EQ(one.expect.request_headers.size(), 2u);
  EXPECT_EQ(one.expect.request_headers[1].kind, HeaderExpectation::Kind::regex);
  EXPECT_EQ(one.expect.response_headers[0].kind, HeaderExpectation::Kind::none);
  EXPECT_EQ(file.cases[1].name, "/b");
  EXPECT_EQ(file.cases[1].line, 22u);
}

TEST(TestCases, NameWhatIsWrong) {
  EXPECT_THAT(parse_cases("").errors, ElementsAre("there are no cases"));
  EXPECT_THAT(parse_cases("name: x\n").errors, ElementsAre("line 1: a case begins with '- name: ...'"));
  EXPECT_THAT(parse_cases("- name: x\n  reqest: y\n").errors,
              ElementsAre(HasSubstr("line 2: unknown key 'reqest'")));
  EXPECT_THAT(parse_cases("- name: x\n  expect:\n    stats: 1\n").errors,
              ElementsAre(HasSubstr("line 3: unknown expectation 'stats'")));
  EXPECT_THAT(parse_cases("- name: x\n  expect:\n    status: ok\n").errors,
              ElementsAre("line 3: 'ok' is no status"));
  EXPECT_THAT(parse_cases("- name: x\n  client: here\n").errors,
              ElementsAre("line 2: 'here' is no IP address"));
  EXPECT_THAT(parse_cases("- name: x\n\tfrontend: y\n").errors, ElementsAre(HasSubstr("tabs")));
  EXPECT_THAT(parse_cases("- name: x\n  what\n").errors,
              ElementsAre("line 2: a line has the form 'key: value'"));
  EXPECT_THAT(parse_cases("- name: x\n  headers:\n    A: 1\n      B: 2\n").errors,
              ElementsAre(HasSubstr("line 4: ")));
  EXPECT_THAT(parse_cases("- name: x\n  expect:\n    request headers:\n      A: ~ (\n").errors,
              ElementsAre(HasSubstr("line 4: ")));
}

TEST(TestCases, AreCompared) {
  TrialResult result;
  result.backend = "b";
  result.servers = {"s1", "s2"};
  result.server_reason = "balance roundrobin";
  result.status = 200;
  result.request_headers = {{"a", "1"}};
  Expectation good;
  good.backend = "b";
  good.server = "any";
  good.status = 200;
  good.request_headers = {{"A", "1", HeaderExpectation::Kind::value},
                          {"A", "^[0-9]$", HeaderExpectation::Kind::regex},
                          {"B", "", HeaderExpectation::Kind::none}};
  EXPECT_THAT(disappointments(good, result), ElementsAre());
  Expectation bad;
  bad.backend = "c";
  bad.server = "s1";
  bad.status = 404;
  bad.request_headers = {{"A", "", HeaderExpectation::Kind::none}};
  bad.response_headers = {{"X", "1", HeaderExpectation::Kind::value}};
  EXPECT_THAT(
      disappointments(bad, result),
      ElementsAre(
          "backend: expected 'c', got 'b'",
          "server: expected 's1', got s1, s2 (balance roundrobin tells which; 'any' stands for one of them)",
          "status: expected 404, got 200", "request header A: expected none, got '1'",
          "response header X: expected '1', got none"));
}

}  // namespace
}  // namespace evenkeel::app
