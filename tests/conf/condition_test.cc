#include "conf/condition.h"

#include <gtest/gtest.h>

namespace evenkeel::conf {
namespace {

class ConditionTest : public ::testing::Test {
 protected:
  ConditionTest() {
    env_.set("A", "1");
    facts_.features = {"OPENSSL"};
    facts_.enabled = {"POLL"};
    facts_.openssl_version = "3.0.17";
    facts_.ssl_library = "OpenSSL 3.0.17";
  }
  // 't', 'f' or '!' for an error.
  char eval(std::string_view expression) {
    const ConditionResult result = evaluate_condition(expression, env_, facts_);
    return result.error ? '!' : result.value ? 't' : 'f';
  }
  Environment env_;
  Facts facts_;
};

TEST_F(ConditionTest, Constants) {
  EXPECT_EQ(eval(""), 'f');
  for (const char* yes : {"1", "-1", "+1", "(1)", "!0", "!!1", "! !1", "  1 ", "12"})
    EXPECT_EQ(eval(yes), 't') << yes;
  for (const char* no : {"0", "00", "!1", "(0)"}) EXPECT_EQ(eval(no), 'f') << no;
  for (const char* bad : {"foo", " ", "1x", "1 2", "1 &&", "1 ||", "1 & 1", "()", "!", "(1", "(1)(0)",
                          "foo(1)", "defined (A)", "1 || foo", "0 && foo"})
    EXPECT_EQ(eval(bad), '!') << bad;
}

TEST_F(ConditionTest, AndBindsStrongerThanOr) {
  EXPECT_EQ(eval("1&&!0||0"), 't');
  EXPECT_EQ(eval("0&&0||1"), 't');
  EXPECT_EQ(eval("1||0&&0"), 't');
  EXPECT_EQ(eval("(1||0)&&0"), 'f');
  EXPECT_EQ(eval("(0) || (streq(a,a) && 1 )"), 't');
}

TEST_F(ConditionTest, Strings) {
  EXPECT_EQ(eval("streq(a,\"a\")"), 't');
  EXPECT_EQ(eval("streq(\"a,b\",'a,b')"), 't');
  EXPECT_EQ(eval("streq( a,a)"), 'f');
  EXPECT_EQ(eval("streq(,)"), 't');
  EXPECT_EQ(eval("streq(a)"), '!');
  EXPECT_EQ(eval("streq(a,b,c)"), '!');
  EXPECT_EQ(eval("streq(a,b"), '!');
  EXPECT_EQ(eval("strneq(a,b)"), 't');
  EXPECT_EQ(eval("strstr(abc,b)"), 't');
  EXPECT_EQ(eval("strstr(abc,x)"), 'f');
}

TEST_F(ConditionTest, Predicates) {
  EXPECT_EQ(eval("defined(A)"), 't');
  EXPECT_EQ(eval("defined(B)"), 'f');
  EXPECT_EQ(eval("defined()"), 'f');
  EXPECT_EQ(eval("defined"), 'f');
  EXPECT_EQ(eval("defined(A,B)"), '!');
  EXPECT_EQ(eval("feature(OPENSSL)"), 't');
  EXPECT_EQ(eval("feature(QUIC)"), 'f');
  EXPECT_EQ(eval("enabled(POLL)"), 't');
  EXPECT_EQ(eval("enabled(SPLICE)"), 'f');
  EXPECT_EQ(eval("ssllib_name_startswith(OpenSSL)"), 't');
  EXPECT_EQ(eval("ssllib_name_startswith(wolf)"), 'f');
  EXPECT_EQ(eval("openssl_version_atleast(1.1.1)"), 't');
  EXPECT_EQ(eval("openssl_version_before(3.1)"), 't');
  EXPECT_EQ(eval("awslc_api_atleast(19)"), 'f');
  EXPECT_EQ(eval("awslc_api_before(19)"), 'f');
  EXPECT_EQ(eval("awslc_api_before(x)"), '!');
}

TEST_F(ConditionTest, Versions) {
  EXPECT_EQ(eval("version_atleast(2.4-dev19)"), 't');
  EXPECT_EQ(eval("version_atleast(3.5)"), 't');
  EXPECT_EQ(eval("version_atleast(3.5-dev3)"), 't');
  EXPECT_EQ(eval("version_atleast(3.6-dev0)"), 'f');
  EXPECT_EQ(eval("version_before(3.5)"), 'f');
  EXPECT_EQ(eval("version_before(3.5-1)"), 't');
  EXPECT_EQ(eval("version_atleast()"), 't');
  EXPECT_EQ(eval("version_atleast(foo)"), '!');
  EXPECT_EQ(compare_versions("2.6.12-1+deb12u4", "2.6.12"), 1);
  EXPECT_EQ(compare_versions("2.6.12-dev2", "2.6.12"), -1);
  EXPECT_EQ(compare_versions("1.1.1f", "1.1.1d"), 1);
  EXPECT_EQ(compare_versions("2.10", "2.9.1"), 1);
}

TEST_F(ConditionTest, DeepNestingIsAnErrorNotACrash) {
  EXPECT_EQ(eval(std::string(100000, '(')), '!');
  EXPECT_EQ(eval(std::string(100001, '!') + "0"), 't');
}

}  // namespace
}  // namespace evenkeel::conf
