#include "http/cookie.h"

#include <gtest/gtest.h>

namespace evenkeel::http {
namespace {

// Removes every cookie called SRV, as indirect mode does.
std::string strip(std::string field) {
  CookieSpan span;
  while (find_cookie(field, "SRV", span)) field = without_cookie(field, span);
  return field;
}

TEST(Cookie, IsCutOutLikeTheOracleDoes) {
  const struct {
    const char* field;
    const char* want;
  } cases[] = {
      {"a=1; SRV=s; b=2", "a=1; b=2"},
      {"SRV=s; b=2", "b=2"},
      {"a=1; SRV=s", "a=1"},
      {"SRV=s", ""},
      {"a=1;SRV=s;b=2", "a=1; b=2"},
      {"a=1 ; SRV = s ; b=2", "a=1; b=2"},
      {"a=1; SRV=\"s\"; b=2", "a=1; b=2"},
      {"a=1; SRV=s;", "a=1; "},
      {"a=1, SRV=s, b=2", "a=1, b=2"},
      {"srv=s; b=2", "srv=s; b=2"},
      {"XSRV=s; b=2", "XSRV=s; b=2"},
      {"a=\"x; SRV=s\"; b=2", "a=\"x; SRV=s\"; b=2"},
      {"SRV; b=2", "SRV; b=2"},
      {"SRV=s; SRV=s; c=3", "c=3"},
      {"$Version=1; SRV=s; $Path=/; b=2", "$Version=1; b=2"},
      {"a; SRV=s;; b=2", "a; ; b=2"},
      {"=x; SRV=s; b", "=x; b"},
  };
  for (const auto& c : cases) EXPECT_EQ(strip(c.field), c.want) << c.field;
}

TEST(Cookie, TellsItsExactRange) {
  CookieSpan span;
  const std::string_view field = "a=1; SRV = s1~x ; b=2";
  ASSERT_TRUE(find_cookie(field, "SRV", span));
  EXPECT_EQ(span.value, "s1~x");
  EXPECT_EQ(field.substr(span.value_begin, span.value_end - span.value_begin), "s1~x");
  EXPECT_EQ(with_cookie_value(field, span, "x"), "a=1; SRV = x ; b=2");
}

TEST(SetCookie, IsSplitIntoCookieAndAttributes) {
  CookieSpan span;
  std::string_view attributes;
  ASSERT_TRUE(parse_set_cookie("SID=31d4d96e407aad42; Path=/; Secure", span, attributes));
  EXPECT_EQ(span.name, "SID");
  EXPECT_EQ(span.value, "31d4d96e407aad42");
  EXPECT_EQ(attributes, "Path=/; Secure");
  EXPECT_TRUE(parse_set_cookie("a=1,b=2", span, attributes));
  EXPECT_EQ(span.value, "1,b=2");
  EXPECT_FALSE(parse_set_cookie("novalue; Path=/", span, attributes));
}

}  // namespace
}  // namespace evenkeel::http
