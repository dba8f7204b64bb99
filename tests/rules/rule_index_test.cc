#include "rules/rule_index.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/rules/rule_tester.h"

namespace evenkeel::rules {
namespace {

std::string request(const std::string& host, const std::string& path, const std::string& x = "no") {
  return "GET " + path + " HTTP/1.1\r\nHost: h\r\nName: " + host + "\r\nX: " + x + "\r\n\r\n";
}
std::string pick(const RuleTester& rules, TestSession& session) {
  return std::string(
      rules.draft.sets.use_backend.pick(session, [](std::string_view n) { return n != "gone"; }));
}

TEST(RuleIndex, RoutesThousandsOfHosts) {
  std::string lines;
  for (int i = 0; i < 5000; ++i) {
    const std::string n = std::to_string(i);
    lines += "use_backend b" + n + " if { hdr(name) -i h" + n + ".example }\n";
  }
  const RuleTester rules(lines);
  ASSERT_EQ(rules.said(), "");
  std::vector<const Condition*> conditions;
  for (const TargetRule& rule : rules.draft.sets.use_backend.rules()) conditions.push_back(&rule.condition);
  const auto index = RuleIndex::build(conditions, false);
  ASSERT_NE(index, nullptr);
  for (const char* host : {"H4999.example", "h0.example", "h1234.EXAMPLE"}) {
    TestSession session(request(host, "/"));
    const Candidates candidates = index->candidates(session);
    const std::size_t first = candidates.next(0);
    ASSERT_LT(first, conditions.size());
    EXPECT_EQ(candidates.next(first + 1), conditions.size());  // it alone is asked
    EXPECT_EQ(pick(rules, session), "b" + std::to_string(first));
  }
  TestSession other(request("h5000.example", "/"));
  EXPECT_EQ(index->candidates(other).next(0), conditions.size());
}

TEST(RuleIndex, KeepsTheOrderAmongRulesOfAllKinds) {
  const std::string lines =
      "use_backend a if { hdr(name) one } { path_beg /x }\n"
      "use_backend re if { path_reg ^/re }\n"
      "use_backend b if { hdr(name) one }\n"
      "use_backend c if { hdr(name) two } or { path_dir deep }\n"
      "use_backend no if !{ hdr(name) -m end .org } { hdr(name) three }\n"
      "use_backend gone if { path_beg /gone }\n"
      "use_backend d if { path_beg /g }\n"
      "use_backend last unless { path / }\n";
  const RuleTester rules(lines);
  const auto route = [&](const std::string& host, const std::string& path) {
    TestSession session(request(host, path));
    return pick(rules, session);
  };
  EXPECT_EQ(route("one", "/x"), "a");
  EXPECT_EQ(route("one", "/re"), "re");
  EXPECT_EQ(route("one", "/y"), "b");
  EXPECT_EQ(route("four, two", "/y"), "c");
  EXPECT_EQ(route("four", "/a/deep/b"), "c");
  EXPECT_EQ(route("three", "/y"), "no");
  EXPECT_EQ(route("four", "/gone"), "d");
  EXPECT_EQ(route("four", "/y"), "last");
  EXPECT_EQ(route("four", "/"), "");
}

TEST(RuleIndex, SeesWhatRulesBeforeChanged) {
  const RuleTester rules(
      "http-request set-header x-seen 1 if { hdr(name) one }\n"
      "http-request set-path /two if { path /one }\n"
      "http-request set-header name changed if { path /two }\n"
      "http-request set-header x-a 1 if { hdr(name) changed }\n"
      "http-request deny if { hdr(x-a) 1 } { hdr(x-seen) 1 }\n");
  TestSession session(request("one", "/one"));
  EXPECT_EQ(rules.draft.sets.http_request.run(session), Verdict::deny);
  TestSession other(request("one", "/three"));
  EXPECT_EQ(rules.draft.sets.http_request.run(other), Verdict::proceed);
}

// So many rules of the same kind that they are found by hashing.
std::string filler(const std::string& sample) {
  std::string lines;
  for (int i = 0; i < 12; ++i)
    lines += "http-request set-header y 1 if { " + sample + " n" + std::to_string(i) + " }\n";
  return lines;
}

TEST(RuleIndex, SeesVariablesThatRulesBeforeHaveSet) {
  const RuleTester rules(filler("hdr(name)") +
                         "http-request set-var(txn.a) str(x) if { hdr(name) one }\n"
                         "http-request set-header name other if { var(txn.a) -m str x }\n"
                         "http-request set-var(txn.a) str(y) if { hdr(name) other }\n"
                         "http-request deny if { hdr(name) other } { var(txn.a) -m str y }\n");
  ASSERT_EQ(rules.said(), "");
  TestSession session(request("one", "/"));
  EXPECT_EQ(rules.draft.sets.http_request.run(session), Verdict::deny);
  TestSession other(request("other", "/"));
  EXPECT_EQ(rules.draft.sets.http_request.run(other), Verdict::deny);
  TestSession none(request("two", "/"));
  EXPECT_EQ(rules.draft.sets.http_request.run(none), Verdict::proceed);
}

TEST(RuleIndex, SeesTheHostAndThePathThatRulesBeforeHaveMade) {
  const RuleTester rules(filler("hdr(host)") +
                         "http-request set-header host second if { hdr(host) h }\n"
                         "http-request set-path /%[req.hdr(host)] if { hdr(host) second }\n"
                         "http-request replace-header host ^sec(.*) third-\\1 if { path /second }\n"
                         "http-request del-header name if { hdr(host) third-ond }\n"
                         "http-request deny if { base third-ond/second } !{ hdr(name) -m found }\n");
  ASSERT_EQ(rules.said(), "");
  TestSession session(request("one", "/"));
  EXPECT_EQ(rules.draft.sets.http_request.run(session), Verdict::deny);
}

TEST(RuleIndex, AsksAllRulesAfterACommandChangedAPattern) {
  const RuleTester rules(
      "use_backend a if { hdr(name) a }\nuse_backend b if { hdr(name) b }\nuse_backend c if { hdr(name) c }\n"
      "use_backend d if { hdr(name) d }\n");
  TestSession session(request("new", "/"));
  EXPECT_EQ(pick(rules, session), "");
  const auto list = rules.env.patterns->find_reference("#2");
  ASSERT_NE(list, nullptr);
  ASSERT_EQ(list->add("new", nullptr).edit, PatternList::Edit::done);
  EXPECT_EQ(pick(rules, session), "c");
}

// Random rules and requests: the routed name is that of the first rule whose condition holds.
TEST(RuleIndex, AgreesWithAskingEveryRule) {
  std::mt19937 random(7);
  const auto one_of = [&](std::initializer_list<const char*> all) {
    return std::string(*(all.begin() + random() % all.size()));
  };
  const auto text = [&](std::size_t most) {
    std::string s;
    for (std::size_t n = 1 + random() % most; n > 0; --n) s += one_of({"a", "b", "A", "/", ".", "/a", "b."});
    return s;
  };
  for (int round = 0; round < 60; ++round) {
    std::string lines;
    for (int i = 0; i < 30; ++i) {
      std::string condition;
      for (std::size_t n = 1 + random() % 3; n > 0; --n) {
        if (!condition.empty()) condition += one_of({" ", " ", " or "});
        condition += one_of({"", "", "", "!"}) + "{ " +
                     one_of({"hdr(name)", "path", "hdr(x)", "path,lower"}) + one_of({"", " -i"}) + " -m " +
                     one_of({"str", "beg", "end", "dir", "dom", "sub", "reg"}) + " -- " + text(4) +
                     (random() % 2 == 0 ? std::string() : " " + text(3)) + " }";
      }
      lines += "use_backend b" + std::to_string(i) + one_of({" if ", " if ", " if ", " unless "}) +
               condition + "\n";
    }
    const RuleTester rules(lines);
    for (int ask = 0; ask < 40; ++ask) {
      TestSession session(request(text(4), "/" + text(4), text(3)));
      std::string expected;
      for (const TargetRule& rule : rules.draft.sets.use_backend.rules()) {
        if (expected.empty() && rule.condition.holds(session)) expected = rule.target.literal_text();
      }
      ASSERT_EQ(pick(rules, session), expected) << lines;
    }
  }
}

}  // namespace
}  // namespace evenkeel::rules
