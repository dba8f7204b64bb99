// The small text helpers: dates, URLs, Forwarded, basic authentication, status pages.
#include <gtest/gtest.h>

#include <string>

#include "http/auth.h"
#include "http/date.h"
#include "http/forwarded.h"
#include "http/status.h"
#include "http/url.h"

namespace evenkeel::http {
namespace {

TEST(ImfDate, IsWrittenAndRead) {
  EXPECT_EQ(ImfDate(784111777).text(), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(ImfDate(0).text(), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(ImfDate(951782400).text(), "Tue, 29 Feb 2000 00:00:00 GMT");
  for (const std::int64_t t : {0LL, 784111777LL, 951782400LL, 4102444799LL}) {
    EXPECT_EQ(parse_imf_date(ImfDate(t).text()), t);
  }
  for (const char* text : {"Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 24:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", ""}) {
    EXPECT_FALSE(parse_imf_date(text)) << text;
  }
}

TEST(Url, IsSplit) {
  const UrlParts a = split_url("/p/q?x=1?y");
  EXPECT_EQ(a.path, "/p/q");
  EXPECT_EQ(a.query, "x=1?y");
  EXPECT_EQ(a.path_and_query(), "/p/q?x=1?y");
  const UrlParts b = split_url("http://u@h:80/p?");
  EXPECT_EQ(b.scheme, "http");
  EXPECT_EQ(b.authority, "u@h:80");
  EXPECT_EQ(b.path, "/p");
  EXPECT_TRUE(b.has_query);
  EXPECT_EQ(split_url("http://h").path, "");
  EXPECT_EQ(split_url("*").path, "");
  EXPECT_EQ(split_url("h:80").authority, "");
}

TEST(Url, IsDecoded) {
  char out[32];
  const auto decode = [&](std::string_view in, bool plus) {
    const std::size_t n = url_decode(in, out, plus);
    return n == kBadEscape ? std::string("bad") : std::string(out, n);
  };
  EXPECT_EQ(decode("a%20b+c%2F", false), "a b+c/");
  EXPECT_EQ(decode("a+b", true), "a b");
  EXPECT_EQ(decode("%4", false), "bad");
  EXPECT_EQ(decode("%zz", false), "bad");
}

TEST(Url, ParametersAreFound) {
  EXPECT_EQ(find_parameter("a=1&bb=2&b=3", "b"), "3");
  EXPECT_EQ(find_parameter("a=1;b=3", "b"), "3");
  EXPECT_NE(find_parameter("a&b=3", "a").data(), nullptr);
  EXPECT_EQ(find_parameter("a=1", "c").data(), nullptr);
  EXPECT_EQ(find_parameter("", "a").data(), nullptr);
}

TEST(Forwarded, IsQuotedWhereNeeded) {
  ForwardedElement e;
  e.proto = "http";
  e.for_ = ForwardedNode::of(*Address::from_ip("192.0.2.1", 80), false);
  EXPECT_EQ(forwarded_element(e), "proto=http;for=192.0.2.1");
  e.host = "a:80";
  e.for_ = ForwardedNode::of(*Address::from_ip("2001:db8::1", 4711), true);
  e.by = ForwardedNode::of(*Address::from_unix_path("/x"), true);
  EXPECT_EQ(forwarded_element(e), "proto=http;host=\"a:80\";by=unknown;for=\"[2001:db8::1]:4711\"");
}

TEST(BasicAuth, IsRead) {
  BasicCredentials c;
  ASSERT_TRUE(parse_basic_auth("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", c));
  EXPECT_EQ(c.user, "Aladdin");
  EXPECT_EQ(c.password, "open sesame");
  for (const char* bad : {"Basic", "Basic !", "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Basic QWxhZGRpbg==",
                          "Basic QWxhZGRpbjpvcGVuIHNlc2FtZR==", "Basic QQ=A"}) {
    EXPECT_FALSE(parse_basic_auth(bad, c)) << bad;
  }
}

TEST(Base64, GoesThereAndBack) {
  std::string in;
  for (int i = 0; i < 300; ++i) {
    const std::string encoded = base64_encode(in);
    std::string out(encoded.size(), '\0');
    const std::size_t n = base64_decode(encoded, out);
    ASSERT_EQ(n, in.size());
    EXPECT_EQ(out.substr(0, n), in);
    in += static_cast<char>(i * 37);
  }
}

TEST(ConstantTime, ComparesRight) {
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("abcabc", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", ""));
}

TEST(Status, PagesHaveTheOraclesBytes) {
  std::string out(1024, '\0');
  out.resize(write_error_page(*error_page(503), ConnectionToken::none, false, out));
  EXPECT_EQ(
      out,
      "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 107\r\ncache-control: no-cache\r\ncontent-type: "
      "text/html\r\n\r\n<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this "
      "request.\n</body></html>\n");
  EXPECT_EQ(error_page(400)->body.size(), 90U);
  EXPECT_EQ(error_page(405)->body.size(), 146U);
  EXPECT_EQ(error_page(501)->body.size(), 136U);
  EXPECT_EQ(error_page(418), nullptr);
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(599), "Server Error");
  EXPECT_EQ(reason_phrase(299), "Success");
  EXPECT_TRUE(raw_error(400).ends_with(error_page(400)->body));
}

}  // namespace
}  // namespace evenkeel::http
