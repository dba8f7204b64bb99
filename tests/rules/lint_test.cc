#include "rules/lint.h"

#include <gtest/gtest.h>

#include "tests/rules/rule_tester.h"

namespace evenkeel::rules {
namespace {

std::string said(const std::string& lines) { return RuleTester(lines).said(); }
bool clean(const std::string& lines) {
  const std::string text = said(lines);
  EXPECT_EQ(text, "") << lines;
  return text.empty();
}
bool says(const std::string& lines, const std::string& part) {
  const std::string text = said(lines);
  EXPECT_NE(text.find(part), std::string::npos) << lines << "\n" << text;
  return text.find(part) != std::string::npos;
}

TEST(Lint, FindsTwoValuesOfOneSample) {
  EXPECT_TRUE(says("http-request deny if { method GET } { method POST }\n",
                   "warning 2:0 the condition can never hold: 'method' cannot be 'GET' and 'POST' at once"));
  EXPECT_TRUE(
      says("acl a path /a\nacl b path /b\nuse_backend x if a b\n", "'path' cannot be '/a' and '/b' at once"));
  EXPECT_TRUE(says("http-request deny if METH_GET METH_POST\n", "can never hold"));
  EXPECT_TRUE(says("use_backend x if { hdr(host) -i a.org } { req.hdr(Host) b.org }\n", "can never hold"));
  EXPECT_TRUE(
      says("use_backend x if { path /c } or { path /a } { path /b }\n", "one alternative of the condition"));
  EXPECT_TRUE(says("use_backend x if { path /a } !{ path /a }\n", "its opposite"));
}

TEST(Lint, AcceptsWhatMayHold) {
  EXPECT_TRUE(clean("http-request deny if { method GET HEAD } { method HEAD POST }\n"));
  EXPECT_TRUE(clean("http-request deny if { method GET } or { method POST }\n"));
  EXPECT_TRUE(clean("http-request deny if { path /a } !{ path /b }\n"));
  EXPECT_TRUE(clean("http-request deny if { hdr(x) a } { hdr(x) b }\n"));  // a header has several values
  EXPECT_TRUE(clean("http-request deny if { hdr(host) -i A.org } { hdr(host) a.ORG }\n"));
  EXPECT_TRUE(clean("http-request deny if { urlp(a) 1 } { urlp(A) 2 }\n"));
  EXPECT_TRUE(clean("acl a path /a\nacl a path_beg /b\nacl b path /b\nhttp-request deny if a b\n"));
  EXPECT_TRUE(clean("http-request deny if { path,lower /a } { path /A }\n"));
}

TEST(Lint, FindsRulesBehindOthersOfTheSameCondition) {
  EXPECT_TRUE(says("acl a path /a\nhttp-request deny if a\nhttp-request set-header x y if a\n",
                   "warning 4:0 this rule is never reached: the one in line 3 ends the rules"));
  EXPECT_TRUE(
      says("acl a path /a\nhttp-request deny if a\nhttp-request allow if METH_GET a\n", "line 3 ends"));
  EXPECT_TRUE(
      says("acl a path /a\nuse_backend x if a\nuse_backend y if a METH_GET\n", "the one in line 3 decides"));
  EXPECT_TRUE(
      says("use_backend x if { path /a } or { path /b }\nuse_backend y if { path /b }\n", "line 2 decides"));
  EXPECT_TRUE(
      says("http-request deny unless { path /a }\nhttp-request allow if !{ path /a }\n", "line 2 ends"));
  EXPECT_TRUE(
      says("http-request deny\nhttp-request set-header a b\nhttp-request allow if { path / }\n", "4:0"));
  EXPECT_TRUE(
      says("acl a src 10.0.0.0/8\ntcp-request connection accept if a\ntcp-request connection reject if a\n",
           "4:0 this rule is never reached"));
}

TEST(Lint, SeesThatTheMessageMayHaveChanged) {
  const std::string deny = "http-request deny if { path /a }\n";
  EXPECT_TRUE(clean(deny + "http-request set-path /a if { path /b }\n" + deny));
  const std::string header = "http-request deny if { hdr(x) a }\n";
  EXPECT_TRUE(clean(header + "http-request set-header X a\n" + header));
  EXPECT_TRUE(says(header + "http-request set-header y a\n" + header, "4:0"));
  EXPECT_TRUE(says(deny + "http-request set-header host a\n" + deny, "4:0"));
  EXPECT_TRUE(
      clean("http-request deny if { base a/ }\nhttp-request set-header host a\nhttp-request deny if { base "
            "a/ }\n"));
}

TEST(Lint, SaysNothingOfWhatItCannotKnow) {
  EXPECT_TRUE(clean("http-request deny if { rand(2) 1 }\nhttp-request deny if { rand(2) 1 }\n"));
  EXPECT_TRUE(clean("use_backend %[path] if { path /a }\nuse_backend y if { path /a }\n"));
  EXPECT_TRUE(
      clean("http-request redirect location %[path] ignore-empty if { path /a }\n"
            "http-request deny if { path /a }\n"));
  EXPECT_TRUE(clean("http-request deny if { path /a } { rand(2) 1 }\nhttp-request deny if { path /a }\n"));
  EXPECT_TRUE(clean("use_backend x if { path /a } METH_GET\nuse_backend y if { path /a }\n"));
}

}  // namespace
}  // namespace evenkeel::rules
