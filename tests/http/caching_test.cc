#include <gtest/gtest.h>

#include <string>

#include "http/compressible.h"
#include "http/conditional.h"
#include "http/date.h"
#include "http/freshness.h"
#include "http/parser.h"

namespace evenkeel::http {
namespace {

struct Response {
  explicit Response(std::string fields, std::string line = "HTTP/1.1 200 OK")
      : text(line + "\r\n" + fields + "\r\n") {
    const ParseResult parsed = parse_response_head(text, {}, head);
    EXPECT_TRUE(parsed.is_complete()) << text;
    framing = frame_response(head, {});
  }
  std::string text;
  ResponseHead head;
  Framing framing;
};
struct Request {
  explicit Request(std::string fields, std::string line = "GET / HTTP/1.1")
      : text(line + "\r\nhost: a\r\n" + fields + "\r\n") {
    const ParseResult parsed = parse_request_head(text, {}, head);
    EXPECT_TRUE(parsed.is_complete()) << text;
    framing = frame_request(head);
  }
  std::string text;
  RequestHead head;
  Framing framing;
};

constexpr std::int64_t kNow = 1'700'000'000;
std::string date(std::int64_t offset) { return std::string(ImfDate(kNow + offset).text()); }

std::int64_t lifetime(const std::string& fields) {
  const Response response(fields);
  const auto fresh = storable(response.head, 60, kNow);
  return fresh ? fresh->lifetime - fresh->age : -1;
}

TEST(Storable, GoesByTheFieldsInTheirOrder) {
  EXPECT_EQ(lifetime("cache-control: max-age=30\r\n"), 30);
  EXPECT_EQ(lifetime("cache-control: max-age=300\r\n"), 60);
  EXPECT_EQ(lifetime("cache-control: max-age=50, s-maxage=20\r\n"), 20);
  EXPECT_EQ(lifetime("cache-control: s-maxage=0, max-age=50\r\n"), -1);
  EXPECT_EQ(lifetime("cache-control: max-age=\"15\"\r\n"), 15);
  EXPECT_EQ(lifetime("cache-control: max-age=x\r\n"), -1);
  EXPECT_EQ(lifetime("cache-control: max-age=40\r\ncache-control: max-age=20\r\n"), 20);
  EXPECT_EQ(lifetime("cache-control: max-age=99999999999999999999\r\n"), 60);
  EXPECT_EQ(lifetime("expires: " + date(25) + "\r\n"), 25);
  EXPECT_EQ(lifetime("expires: " + date(25) + "\r\ndate: " + date(10) + "\r\n"), 15);
  EXPECT_EQ(lifetime("expires: " + date(-5) + "\r\n"), -1);
  EXPECT_EQ(lifetime("expires: 0\r\netag: \"a\"\r\n"), -1);
  EXPECT_EQ(lifetime("etag: \"a\"\r\n"), 60);
  EXPECT_EQ(lifetime("last-modified: " + date(-100) + "\r\n"), 60);
  EXPECT_EQ(lifetime(""), -1);
  EXPECT_EQ(lifetime("cache-control: public\r\n"), -1);
}

TEST(Storable, CountsTheAge) {
  EXPECT_EQ(lifetime("cache-control: max-age=30\r\nage: 12\r\n"), 18);
  EXPECT_EQ(lifetime("cache-control: max-age=30\r\nage: 40\r\n"), -1);
  EXPECT_EQ(lifetime("cache-control: max-age=30\r\ndate: " + date(-7) + "\r\n"), 23);
}

TEST(Storable, RefusesWhatIsNotForEverybody) {
  EXPECT_EQ(lifetime("cache-control: private, max-age=30\r\n"), -1);
  EXPECT_EQ(lifetime("cache-control: no-store, max-age=30\r\n"), -1);
  EXPECT_EQ(lifetime("cache-control: max-age=30, no-cache=\"set-cookie\"\r\n"), -1);
  EXPECT_EQ(lifetime("pragma: no-cache\r\ncache-control: max-age=30\r\n"), -1);
  EXPECT_EQ(lifetime("cache-control: max-age=30\r\nset-cookie: a=b\r\n"), -1);
  EXPECT_EQ(lifetime("cache-control: public, max-age=30\r\nset-cookie: a=b\r\n"), 30);
  for (const char* line : {"HTTP/1.1 404 N", "HTTP/1.1 206 P", "HTTP/1.1 301 M"}) {
    EXPECT_FALSE(storable(Response("cache-control: max-age=30\r\n", line).head, 60, kNow)) << line;
  }
}

TEST(CacheWishes, FollowTheRequest) {
  const auto wishes = [](const std::string& fields, const std::string& line = "GET / HTTP/1.1") {
    return cache_wishes(Request(fields, line).head);
  };
  EXPECT_TRUE(wishes("").lookup && wishes("").store);
  EXPECT_TRUE(wishes("", "HEAD / HTTP/1.1").lookup);
  EXPECT_FALSE(wishes("", "HEAD / HTTP/1.1").store);
  EXPECT_FALSE(wishes("", "GET / HTTP/1.0").lookup);
  EXPECT_FALSE(wishes("authorization: x\r\n").lookup);
  EXPECT_FALSE(wishes("authorization: x\r\n").store);
  EXPECT_FALSE(wishes("cache-control: no-cache\r\n").lookup);
  EXPECT_TRUE(wishes("cache-control: no-cache\r\n").store);
  EXPECT_FALSE(wishes("cache-control: max-age=0\r\n").lookup);
  EXPECT_EQ(wishes("cache-control: max-age=5\r\n").max_age, 5);
  EXPECT_EQ(wishes("cache-control: min-fresh=5\r\n").min_fresh, 5);
  EXPECT_FALSE(wishes("pragma: no-cache\r\n").lookup);
  EXPECT_TRUE(wishes("pragma: no-cache\r\ncache-control: max-age=9\r\n").lookup);
  EXPECT_FALSE(wishes("cache-control: no-store\r\n").store);
  EXPECT_TRUE(wishes("cache-control: no-store\r\n").lookup);
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "BREW"})
    EXPECT_TRUE(wishes("", std::string(method) + " / HTTP/1.1").invalidate) << method;
  EXPECT_FALSE(wishes("", "OPTIONS / HTTP/1.1").invalidate);
}

TEST(Vary, KnowsThreeNames) {
  EXPECT_FALSE(vary_of(Response("").head.headers).any());
  const VaryOn both = vary_of(Response("vary: Accept-Encoding, origin\r\nvary: Referer\r\n").head.headers);
  EXPECT_TRUE(both.accept_encoding && both.origin && both.referer && !both.other);
  EXPECT_TRUE(vary_of(Response("vary: *\r\n").head.headers).other);
  EXPECT_TRUE(vary_of(Response("vary: origin, cookie\r\n").head.headers).other);
  EXPECT_EQ(content_coding_of(Response("content-encoding: GZIP\r\n").head.headers), Coding::gzip);
  EXPECT_EQ(content_coding_of(Response("content-encoding: gzip, br\r\n").head.headers), Coding::unknown);
}

TEST(Conditional, ComparesTags) {
  EXPECT_TRUE(is_entity_tag("\"\"") && is_entity_tag("W/\"a\"") && is_entity_tag("\"a-\xff\""));
  EXPECT_FALSE(is_entity_tag("abc") || is_entity_tag("\"a") || is_entity_tag("w/\"a\"") ||
               is_entity_tag("\"a b\"") || is_entity_tag(""));
  const auto answered = [](const std::string& fields, std::string_view etag, std::string_view modified) {
    return is_not_modified(Request(fields).head.headers, etag, modified);
  };
  const std::string then = date(-100);
  EXPECT_TRUE(answered("if-none-match: \"q\", W/\"b\"\r\n", "\"b\"", ""));
  EXPECT_TRUE(answered("if-none-match: *\r\n", "", ""));
  EXPECT_FALSE(answered("if-none-match: \"q\"\r\nif-modified-since: " + date(0) + "\r\n", "\"b\"", then));
  EXPECT_TRUE(answered("if-modified-since: " + then + "\r\n", "", then));
  EXPECT_FALSE(answered("if-modified-since: " + date(-101) + "\r\n", "", then));
  EXPECT_FALSE(answered("if-modified-since: yesterday\r\n", "", then));
  EXPECT_FALSE(answered("", "\"b\"", then));
}

bool fit(const std::string& fields, const std::string& line = "HTTP/1.1 200 OK", std::uint64_t min = 0) {
  static const std::vector<std::string> types = {"text/html", "text/plain"};
  const Response response(fields, line);
  return may_compress(response.head, response.framing, {types, min});
}

TEST(Compressible, KnowsWhatToLeaveAlone) {
  const std::string ok = "content-type: text/html\r\ncontent-length: 200\r\n";
  EXPECT_TRUE(fit(ok));
  EXPECT_TRUE(fit("content-type: TEXT/HTML; charset=x\r\ntransfer-encoding: chunked\r\n"));
  EXPECT_FALSE(fit("content-type: text/html\r\n")) << "until the connection closes";
  EXPECT_FALSE(fit("content-type: text/html\r\ncontent-length: 0\r\n"));
  EXPECT_FALSE(fit("content-length: 200\r\n"));
  EXPECT_FALSE(fit("content-type: image/png\r\ncontent-length: 200\r\n"));
  EXPECT_FALSE(fit(ok + "content-encoding: gzip\r\n"));
  EXPECT_FALSE(fit(ok + "cache-control: public, no-transform\r\n"));
  EXPECT_FALSE(fit(ok, "HTTP/1.0 200 OK"));
  for (const char* line : {"HTTP/1.1 206 P", "HTTP/1.1 404 N", "HTTP/1.1 204 N", "HTTP/1.1 304 N"})
    EXPECT_FALSE(fit(ok, line)) << line;
  EXPECT_TRUE(fit(ok, "HTTP/1.1 203 X"));
  EXPECT_TRUE(fit(ok + "etag: W/\"a\"\r\n"));
  EXPECT_FALSE(fit(ok + "etag: a\r\n"));
  EXPECT_FALSE(fit(ok + "etag: \"a\"\r\netag: \"b\"\r\n"));
  EXPECT_FALSE(fit(ok, "HTTP/1.1 200 OK", 201));
  EXPECT_TRUE(fit(ok, "HTTP/1.1 200 OK", 200));
  const Response multipart("content-type: multipart/mixed\r\ncontent-length: 9\r\n");
  EXPECT_FALSE(may_compress(multipart.head, multipart.framing, {}));
}

TEST(Compressible, WritesTheHeadAnew) {
  Response response("content-length: 9\r\netag: \"a\"\r\nvary: origin\r\n");
  describe_compressed(response.head, Algorithm::raw_deflate);
  const HeaderBlock& headers = response.head.headers;
  EXPECT_EQ(headers.get("etag"), "W/\"a\"");
  EXPECT_EQ(headers.get("content-encoding"), "deflate");
  EXPECT_EQ(headers.count(HeaderId::vary), 2U);
  EXPECT_FALSE(headers.has(HeaderId::content_length));
  Response again("content-length: 9\r\nvary: origin, Accept-Encoding\r\n");
  describe_compressed(again.head, Algorithm::br);
  EXPECT_EQ(again.head.headers.count(HeaderId::vary), 1U);
}

TEST(Compressible, SparesOldBrowsers) {
  EXPECT_TRUE(is_broken_browser("Mozilla/4.0"));
  EXPECT_TRUE(is_broken_browser("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)"));
  EXPECT_TRUE(is_broken_browser("Mozilla/4.0 (compatible; MSIE 5.5)"));
  EXPECT_FALSE(is_broken_browser("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)"));
  EXPECT_FALSE(is_broken_browser("Mozilla/4.0 (compatible; MSIE 7.0; x)"));
  EXPECT_FALSE(is_broken_browser("Mozilla/4.0 (compatible; MSIE 10.0)"));
  EXPECT_FALSE(is_broken_browser("Mozilla/5.0"));
}

}  // namespace
}  // namespace evenkeel::http
