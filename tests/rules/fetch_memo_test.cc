#include "rules/fetch_memo.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <utility>
#include <vector>

#include "tests/rules/rule_tester.h"

namespace evenkeel::rules {
namespace {

using Kind = FetchMemo::Entry::Kind;

http::HeaderBlock block(std::initializer_list<std::pair<const char*, const char*>> fields) {
  http::HeaderBlock result;
  for (const auto& [name, value] : fields) result.add(name, value);
  return result;
}

TEST(FetchMemo, KeepsWhileTheHeadIsTheSame) {
  http::HeaderBlock head = block({{"host", "a"}});
  Scratch scratch;
  FetchMemo memo;
  memo.place_of(3, head, scratch) = {3, SampleType::str, Kind::one, "a"};
  EXPECT_EQ(memo.place_of(3, head, scratch).text, "a");
  EXPECT_EQ(memo.place_of(4, head, scratch).number, 0U);
  head.add("x", "y");
  EXPECT_EQ(memo.place_of(3, head, scratch).number, 0U);
}

TEST(FetchMemo, ForgetsWhenItsMemoryIsGivenBack) {
  const http::HeaderBlock head = block({{"host", "a"}});
  Scratch scratch;
  FetchMemo memo;
  memo.place_of(3, head, scratch) = {3, SampleType::str, Kind::one, scratch.copy("a")};
  scratch.reset();
  EXPECT_EQ(memo.place_of(3, head, scratch).number, 0U);
}

TEST(FetchMemo, TellsHeadsApart) {
  const http::HeaderBlock one = block({{"host", "a"}});
  const http::HeaderBlock two = block({{"host", "b"}});
  Scratch scratch;
  FetchMemo memo;
  memo.place_of(3, one, scratch) = {3, SampleType::str, Kind::one, "a"};
  EXPECT_EQ(memo.place_of(3, two, scratch).number, 0U);
}

TEST(FetchMemo, OutlivesChangesOfOtherFields) {
  http::HeaderBlock head = block({{"host", "a"}});
  Scratch scratch;
  FetchMemo memo;
  memo.place_of(3, head, scratch) = {3, SampleType::str, Kind::one, "a"};
  memo.note_fields(FetchMemo::bit_of("host"));
  ASSERT_TRUE(memo.fits(head, scratch));
  head.set("x-other", "1");
  memo.keep_but("X-Other", head);
  EXPECT_EQ(memo.place_of(3, head, scratch).text, "a");
  head.set("host", "b");
  memo.keep_but("HOST", head);
  EXPECT_EQ(memo.place_of(3, head, scratch).number, 0U);
}

TEST(FetchMemo, EveryChangeOfAHeadCounts) {
  http::RequestHead head;
  std::uint32_t before = head.headers.revision();
  const std::vector<std::pair<const char*, std::function<void()>>> changes = {
      {"add", [&] { head.headers.add("a", "1"); }},
      {"set", [&] { head.headers.set("a", "2"); }},
      {"replace_value", [&] { head.headers.replace_value(0, "3"); }},
      {"remove_all", [&] { head.headers.remove_all("a"); }},
      {"add again", [&] { head.headers.add("cookie", "1"); }},
      {"remove_all by id", [&] { head.headers.remove_all(http::HeaderId::cookie); }},
      {"add a third", [&] { head.headers.add("b", "1"); }},
      {"remove", [&] { head.headers.remove(0); }},
      {"set_target", [&] { head.set_target("/x"); }},
      {"set_method", [&] { head.set_method("POST"); }},
      {"clear", [&] { head.clear(); }},
  };
  for (const auto& [name, change] : changes) {
    change();
    EXPECT_NE(head.headers.revision(), before) << name;
    before = head.headers.revision();
  }
}

// An expression that was remembered gives what a new session, which remembers nothing, gives.
TEST(FetchMemo, GivesAllValuesOfManyValuedExpressions) {
  const std::string lines =
      "acl first hdr(x) one\nacl second hdr(x) two\nacl last hdr(x) three\n"
      "acl cookie_a cook(c) a\nacl cookie_b cook(c) b\nacl none hdr(none) one\n"
      "http-request deny if second last first second cookie_b cookie_a cookie_b !none !none\n";
  const RuleTester rules(lines);
  ASSERT_EQ(rules.said(), "");
  TestSession session("GET / HTTP/1.1\r\nX: one, two\r\nX: three\r\nCookie: c=a; d=3; c=b\r\n\r\n");
  EXPECT_EQ(rules.draft.sets.http_request.run(session), Verdict::deny);
}

TEST(FetchMemo, SeesWhatActionsChange) {
  const RuleTester rules(
      "http-request set-header x-one 1 if { hdr(host) h } { path /a }\n"
      "http-request set-path /b if { path /a }\n"
      "http-request set-header host second if { hdr(host) h } { path /b }\n"
      "http-request replace-header host sec(.*) third if { hdr(host) second }\n"
      "http-request set-query q=1 if { hdr(host) third } { query -m len 0 }\n"
      "http-request set-method PUT if { urlp(q) 1 } METH_GET\n"
      "http-request del-header host if METH_PUT { hdr(host) third }\n"
      "http-request deny if METH_PUT !{ hdr(host) -m found } { path /b } { hdr(x-one) 1 }\n");
  ASSERT_EQ(rules.said(), "");
  TestSession session("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(rules.draft.sets.http_request.run(session), Verdict::deny);
}

// Long texts are not copied, and are right nevertheless.
TEST(FetchMemo, LeavesLongTextsWhereTheyAre) {
  const std::string path = "/" + std::string(1000, 'a');
  const RuleTester rules("http-request deny if { path_end aaa } { path_beg /aaa } { path_sub aaaa }\n");
  TestSession session("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(rules.draft.sets.http_request.run(session), Verdict::deny);
}

// A random list of rules that look at, and change, the same few things.
class RandomRules {
 public:
  explicit RandomRules(unsigned seed) : random_(seed) {}

  std::string lines(std::size_t count) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += "http-request " + action(i) + " if " + condition() + "\n";
    return all;
  }
  std::string request() {
    return one_of({"GET", "POST"}) + " /" + word() + one_of({"", "?p=", "?q=1&p="}) + word() +
           " HTTP/1.1\r\nHost: " + one_of({"a", "b", "A"}) + "\r\nX-A: " + word() +
           one_of({"", ", b", ",a"}) + "\r\n" +
           one_of({"", "X-A: b\r\n", "Cookie: c=a\r\n", "Cookie: c=b; c=a\r\n"}) + "\r\n";
  }

 private:
  std::string one_of(std::initializer_list<const char*> all) {
    return *(all.begin() + random_() % all.size());
  }
  std::string word() { return one_of({"a", "b", "c", "ab", "", "B"}); }

  std::string condition() {
    std::string all;
    for (std::size_t n = 1 + random_() % 3; n > 0; --n) {
      if (!all.empty()) all += one_of({" ", " ", " or "});
      all += one_of({"", "", "!"}) + "{ " +
             one_of({"hdr(x-a)", "hdr(host)", "path", "path,lower", "cook(c)", "urlp(p)", "base", "query",
                     "hdr(x-b)", "hdr(host),upper", "var(txn.v)", "req.fhdr(x-a)", "hdr(x-a),field(1,a)"}) +
             one_of({"", " -i"}) + " -m " + one_of({"str", "str", "beg", "end", "sub"}) + " -- " +
             one_of({"a", "b", "/a", "/ab", "A", "aa", "ab"}) + " }";
    }
    return all;
  }
  std::string action(std::size_t number) {
    const std::string trace = "add-header trace r" + std::to_string(number);
    if (random_() % 2 == 0) return trace;
    return one_of({"set-header x-a a", "set-header x-b b", "set-path /ab", "set-path /a", "set-query p=a",
                   "set-header host b", "del-header x-a", "add-header x-a b", "set-uri /b?p=b",
                   "replace-header x-a a ab", "replace-value x-a b a", "set-header cookie c=b",
                   "set-var(txn.v) str(a)", "set-header x-b %[req.hdr(host)]", "set-method PUT",
                   "del-header x- -m beg", "replace-path a b", "allow", "deny"});
  }

  std::mt19937 random_;
};

std::string outcome(TestSession& session, Verdict verdict) {
  const http::RequestHead& head = session.request_head;
  std::string all = std::to_string(static_cast<int>(verdict)) + " " + std::string(head.method_text()) + " " +
                    std::string(head.target()) + "\n";
  for (std::size_t i = 0; i < head.headers.size(); ++i)
    all.append(head.headers.name(i)).append(": ").append(head.headers.value(i)).append("\n");
  return all;
}

// What RuleSet::run does, without index and memo.
Verdict run_plainly(const RuleSet& set, TestSession& session) {
  for (const Rule& rule : set.rules()) {
    session.memo.forget();
    bool holds = rule.condition.inverted();
    for (const auto& literals : rule.condition.alternatives()) {
      bool all = true;
      for (const auto& literal : literals) {
        session.memo.forget();
        all = all && (literal.acl->test(session) == Truth::yes) != literal.negated;
      }
      if (all) {
        holds = !rule.condition.inverted();
        break;
      }
    }
    if (!holds) continue;
    const Verdict verdict = rule.action->run(session);
    if (verdict != Verdict::proceed) return verdict;
  }
  return Verdict::proceed;
}

TEST(FetchMemo, MakesNoDifferenceToRandomRules) {
  RandomRules random(11);
  for (int round = 0; round < 150; ++round) {
    const std::string lines = random.lines(static_cast<std::size_t>(2 + round % 30));
    const RuleTester rules(lines);
    const RuleSet& set = rules.draft.sets.http_request;
    for (int ask = 0; ask < 25; ++ask) {
      const std::string text = random.request();
      TestSession with(text);
      TestSession without(text);
      const std::string expected = outcome(without, run_plainly(set, without));
      ASSERT_EQ(outcome(with, set.run(with)), expected) << lines << text;
    }
  }
}

}  // namespace
}  // namespace evenkeel::rules
