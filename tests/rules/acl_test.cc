#include "rules/acl.h"

#include "rules/condition.h"
#include "tests/rules/rule_tester.h"

namespace evenkeel::rules {
namespace {

// Whether "http-request deny if <condition>" refuses the plain request.
bool holds(const std::string& condition, const std::string& acls = "") {
  RuleTester rules(acls + "\nhttp-request deny if " + condition);
  EXPECT_FALSE(rules.diagnostics.has_errors()) << rules.said();
  TestSession session;
  return rules.draft.sets.http_request.run(session) == Verdict::deny;
}

struct Case {
  const char* condition;
  bool expected;
};

class AclCases : public ::testing::TestWithParam<Case> {};

TEST_P(AclCases, MatchAsTheManualSays) { EXPECT_EQ(holds(GetParam().condition), GetParam().expected); }

INSTANTIATE_TEST_SUITE_P(Methods, AclCases,
                         ::testing::ValuesIn(std::vector<Case>{
                             {"{ path /a/b }", true},
                             {"{ path /a }", false},
                             {"{ path -i /A/B }", true},
                             {"{ path -- -i }", false},
                             {"{ path_beg /a }", true},
                             {"{ path_beg /b }", false},
                             {"{ path_beg -i /A /B }", true},
                             {"{ path_end b }", true},
                             {"{ path_end -i B }", true},
                             {"{ path_sub / }", true},
                             {"{ path_sub x }", false},
                             {"{ path_dir a }", true},
                             {"{ path_dir /b/ }", true},
                             {"{ path_dir a/b }", true},
                             {"{ path_dir ab }", false},
                             {"{ path_reg ^/[a-c]/b$ }", true},
                             {"{ path_reg -i ^/A }", true},
                             {"{ path_len 4 }", true},
                             {"{ path_len gt 4 }", false},
                             {"{ path_len 1:3 4:5 }", true},
                             {"{ hdr(host) www.Example.com:8080 }", true},
                             {"{ hdr(host) www.example.com:8080 }", false},
                             {"{ hdr(host) -i www.example.com:8080 }", true},
                             {"{ hdr_dom(host) -i example }", true},
                             {"{ hdr_dom(host) -i example.com }", true},
                             {"{ hdr_dom(host) -i xample.com }", false},
                             {"{ hdr_beg(host) -i www. }", true},
                             {"{ hdr_end(host) :8080 }", true},
                             {"{ hdr_reg(host) -i ^www\\.example }", true},
                             {"{ hdr(x) two }", true},  // any of several values
                             {"{ hdr(x) three }", true},
                             {"{ hdr(x,1) two }", false},  // one of them
                             {"{ hdr(x) \"one, two\" }", false},
                             {"{ req.fhdr(x) \"one, two\" }", true},
                             {"{ hdr_cnt(x) 3 }", true},
                             {"{ hdr_cnt(x) gt 3 }", false},
                             {"{ hdr_cnt(x) ge 3 }", true},
                             {"{ hdr_cnt(nope) eq 0 }", true},
                             {"{ hdr(nope) -m found }", false},
                             {"{ hdr(x) -m found }", true},
                             {"{ hdr(x) -m len 5 }", true},
                             {"{ hdr_beg(host) -m end 8080 }", true},
                             {"{ cook(a) 1 }", true},
                             {"{ cook(b) -m int 2 }", true},
                             {"{ urlp(y) two }", true},
                             {"{ url_beg /a/b?x }", true},
                             {"{ method GET POST }", true},
                             {"{ method -i get }", true},
                             {"{ method get }", false},
                             {"{ src 127.0.0.1 }", true},
                             {"{ src 127.0.0.0/8 }", true},
                             {"{ src 10.0.0.0/8 ::/0 }", true},  // ::ffff:127.0.0.1 lies in ::/0
                             {"{ src 10.0.0.0/8 }", false},
                             {"{ src 127.0.0.0/255.0.0.0 }", true},
                             {"{ dst_port 8080 }", true},
                             {"{ dst_port 80:90 8000: }", true},
                             {"{ dst_port lt 8080 }", false},
                             {"{ req.body -m bin 41 }", false},
                             {"{ str(AB) -m bin 4142 }", true},
                             {"{ always_true }", true},
                             {"{ ssl_fc }", false},
                             {"{ int(5) -m bool }", true},
                             {"{ path,lower,length gt 3 }", true},
                             {"{ hdr_beg(host),lower www.example.com:8080 }",
                              true},  // a converter voids _beg
                         }));

INSTANTIATE_TEST_SUITE_P(Conditions, AclCases,
                         ::testing::ValuesIn(std::vector<Case>{
                             {"TRUE", true},
                             {"FALSE", false},
                             {"!FALSE", true},
                             {"! FALSE", true},
                             {"!!TRUE", true},
                             {"TRUE FALSE", false},
                             {"TRUE !FALSE", true},
                             {"FALSE or TRUE", true},
                             {"FALSE || TRUE", true},
                             {"FALSE OR FALSE", false},
                             {"FALSE FALSE or TRUE TRUE", true},
                             {"!{ path /x } METH_GET HTTP_1.1", true},
                             {"LOCALHOST", true},
                             {"HTTP_URL_SLASH", true},
                             {"HTTP_CONTENT", false},
                         }));

TEST(Acl, LinesOfOneNameAreAlternatives) {
  EXPECT_TRUE(holds("here", "acl here path /x\nacl here path /a/b"));
  EXPECT_FALSE(holds("here", "acl here path /x\nacl here path /y"));
  EXPECT_FALSE(holds("!here", "acl here path /x\nacl here path /a/b"));
}

TEST(Acl, ReadsPatternFiles) {
  CompileEnv env;
  env.read_file = [](const std::string& path, std::string& content) {
    content = path == "paths" ? "# comment\n\n  /x\n/A/B\r\n" : "No such file or directory";
    return path == "paths";
  };
  RuleTester rules(std::move(env));
  rules.read(
      "acl exact path -f paths\nacl folded path -i -f paths\nacl gone path -f nowhere\n"
      "http-request deny if exact\nhttp-request tarpit if folded");
  EXPECT_EQ(rules.said(), "error 4:18 cannot read 'nowhere': No such file or directory");
  TestSession session;
  EXPECT_EQ(rules.draft.sets.http_request.run(session), Verdict::tarpit);
}

TEST(Acl, PointsAtWhatIsWrong) {
  EXPECT_EQ(RuleTester("acl a pat /x").said(), "error 2:7 unknown fetch 'pat'; did you mean 'path'?");
  EXPECT_EQ(RuleTester("acl a path -m nope /x").said(), "error 2:15 'nope' is no matching method");
  EXPECT_EQ(RuleTester("acl a src 300.1.1.1").said(),
            "error 2:11 '300.1.1.1' is not a valid IPv4 or IPv6 address");
  EXPECT_EQ(RuleTester("acl a src 10.0.0.0/33").said(), "error 2:11 '10.0.0.0/33' is not a valid IPv4 or IPv6 address");
  EXPECT_EQ(RuleTester("acl a dst_port x").said(), "error 2:16 'x' is not an integer or a range of integers");
  EXPECT_EQ(RuleTester("acl a var(txn.x) y").said(),
            "error 2:7 samples of type any have no usual matching method: name one with -m");
  EXPECT_EQ(RuleTester("http-request deny if nope").said(), "error 2:22 there is no ACL 'nope'");
  EXPECT_EQ(RuleTester("acl is_api path /api\nhttp-request deny if is_apo").said(),
            "error 3:22 there is no ACL 'is_apo'; did you mean 'is_api'?\nwarning 2:0 the ACL 'is_api' is "
            "never used");
  EXPECT_EQ(RuleTester("http-request deny if { path /x").said(),
            "error 2:31 missing '}' after the anonymous ACL");
  EXPECT_EQ(RuleTester("http-request deny when x").said(), "error 2:19 unexpected 'when'");
}

TEST(Acl, WarnsOfWhatCanNeverHold) {
  EXPECT_EQ(
      RuleTester("http-request deny if { res.hdr(x) y }").said(),
      "warning 2:22 'this anonymous ACL' can never match here: 'res.hdr(x)' is not available at this point");
  EXPECT_EQ(RuleTester("acl a path /a\nhttp-request deny if a !a").said(),
            "warning 3:19 the condition asks for 'a' and for its opposite: it can never hold");
}

}  // namespace
}  // namespace evenkeel::rules
