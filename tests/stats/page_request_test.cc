#include "stats/page_request.h"

#include <gtest/gtest.h>

namespace evenkeel::stats {
namespace {

TEST(PageRequest, WordsInAnyOrder) {
  const PageRequest r = parse_page_request(";norefresh;up;csv?scope=be%20x");
  EXPECT_EQ(r.form, PageForm::csv);
  EXPECT_TRUE(r.no_refresh);
  EXPECT_TRUE(r.only_up);
  EXPECT_EQ(r.scope, "be x");
  EXPECT_EQ(parse_page_request("?scope=org;csv").form, PageForm::csv);
  EXPECT_EQ(parse_page_request(";json").form, PageForm::json);
  EXPECT_EQ(parse_page_request(";json-schema").form, PageForm::json_schema);
  EXPECT_EQ(parse_page_request(";typed").form, PageForm::typed);
  EXPECT_EQ(parse_page_request(";st=PART").result, PageResult::partial);
  EXPECT_EQ(parse_page_request(";st=XXX").result, std::nullopt);
  EXPECT_EQ(parse_page_request("/foo;;=;?&").form, PageForm::html);
  EXPECT_EQ(parse_page_request("?scope=%zz").scope, "");
  EXPECT_EQ(parse_page_request("?scope=" + std::string(500, 'x')).scope.size(), 64U);
}

// Locations as HAProxy 2.6.12 redirects to.
TEST(PageRequest, TargetKeepsTheWords) {
  const auto again = [](std::string_view rest) {
    PageRequest r = parse_page_request(rest);
    r.result = PageResult::done;
    return page_target("/stats", r);
  };
  EXPECT_EQ(again(""), "/stats;st=DONE");
  EXPECT_EQ(again(";norefresh?scope=be"), "/stats;st=DONE;norefresh?scope=be");
  EXPECT_EQ(again(";norefresh;up?scope=be"), "/stats;st=DONE;up;norefresh?scope=be");
  EXPECT_EQ(again("?scope=be;up"), "/stats;st=DONE;up?scope=be");
  EXPECT_EQ(page_target("/haproxy?stats", parse_page_request("?scope=a\r\nb")),
            "/haproxy?stats&scope=a%0D%0Ab");
}

TEST(PageRequest, TargetIsAPrefix) {
  StatsPageDef def;
  def.enabled = true;
  def.uri = "/stats";
  EXPECT_TRUE(is_page_target(def, "/stats;csv"));
  EXPECT_TRUE(is_page_target(def, "/statsfoo"));
  EXPECT_FALSE(is_page_target(def, "/stat"));
  def.enabled = false;
  EXPECT_FALSE(is_page_target(def, "/stats"));
}

TEST(PageRequest, Scopes) {
  StatsPageDef def;
  EXPECT_TRUE(in_scope(def, "me", "", "any"));
  EXPECT_TRUE(in_scope(def, "me", "n", "any"));
  EXPECT_FALSE(in_scope(def, "me", "z", "any"));
  def.scopes = {".", "be"};
  EXPECT_TRUE(in_scope(def, "me", "", "me"));
  EXPECT_TRUE(in_scope(def, "me", "", "be"));
  EXPECT_FALSE(in_scope(def, "me", "", "any"));
  EXPECT_FALSE(in_scope(def, "me", "b", "me"));
}

TEST(PageAction, Form) {
  const auto a = parse_page_action("s=s1&s=a%2Fb+c&action=drain&b=%233&token=ab");
  ASSERT_TRUE(a);
  EXPECT_EQ(a->servers, (std::vector<std::string>{"s1", "a/b c"}));
  EXPECT_EQ(a->action, ServerAction::drain);
  EXPECT_EQ(a->backend, "#3");
  EXPECT_EQ(a->token, "ab");
  EXPECT_FALSE(parse_page_action("s=%2"));
  EXPECT_FALSE(parse_page_action("s=%00"));
  EXPECT_TRUE(parse_page_action("garbage"));
}

// Outcomes as HAProxy 2.6.12 answers them, apart from the token, which it does not have.
TEST(PageAction, Outcomes) {
  const auto refusal = [](std::string_view body) { return refusal_of(parse_page_action(body), true, true); };
  EXPECT_EQ(refusal("s=s1&action=drain&b=%233"), std::nullopt);
  EXPECT_EQ(refusal("action=ready&b=%233"), PageResult::none);
  EXPECT_EQ(refusal("s=s1&action=foo&b=%233"), PageResult::bad_params);
  EXPECT_EQ(refusal("s=s1&b=%233"), PageResult::none);
  EXPECT_EQ(refusal("s=s1&action=&b=%233"), PageResult::none);
  EXPECT_EQ(refusal("garbage"), PageResult::none);
  EXPECT_EQ(refusal(""), PageResult::none);
  EXPECT_EQ(refusal_of(parse_page_action("s=s1&action=drain&b=%233"), false, true), PageResult::denied);
  EXPECT_EQ(refusal_of(parse_page_action("s=s1&action=drain&b=%233"), true, false), PageResult::denied);
  EXPECT_EQ(result_of(1, 0, 0), PageResult::bad_params);
  EXPECT_EQ(result_of(2, 1, 1), PageResult::partial);
  EXPECT_EQ(result_of(2, 2, 0), PageResult::none);
  EXPECT_EQ(result_of(2, 2, 1), PageResult::done);
}

}  // namespace
}  // namespace evenkeel::stats
