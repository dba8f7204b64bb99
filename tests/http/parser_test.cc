#include "http/parser.h"

#include <gtest/gtest.h>

#include <string>

#include "http/framing.h"
#include "http/serializer.h"

namespace evenkeel::http {
namespace {

std::string written(const RequestHead& head) {
  std::string out(4096, '\0');
  out.resize(serialize_request(head, {}, out));
  return out;
}

// What is forwarded for this request; "need more", or why it is refused.
std::string forwarded(std::string bytes, Limits limits = {}) {
  RequestHead head;
  const ParseResult r = parse_request_head(bytes, limits, head);
  if (r.is_bad()) return std::string(to_string(r.error));
  if (r.needs_more()) return "need more";
  EXPECT_EQ(r.offset, bytes.size());
  const Framing f = frame_request(head);
  if (f.error != ErrorCode::none) return std::string(to_string(f.error));
  return written(head);
}

TEST(RequestHead, IsRewrittenWithLowerCaseNames) {
  EXPECT_EQ(
      forwarded("GET /a?b=C HTTP/1.1\r\nHost: Ex.org\r\nX-Long-Header-Name-Here:v\r\nACCEPT:  */* \r\n\r\n"),
      "GET /a?b=C HTTP/1.1\r\nhost: Ex.org\r\nx-long-header-name-here: v\r\naccept: */*\r\n\r\n");
}

TEST(RequestHead, CanComeByteByByte) {
  const std::string whole =
      "\r\nPOST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\nSome-Header_With.odd: value and more value "
      "text\r\n\r\n";
  RequestHead head;
  for (std::size_t n = 0; n < whole.size(); ++n) {
    std::string part = whole.substr(0, n);
    ASSERT_TRUE(parse_request_head(part, {}, head).needs_more()) << n;
  }
  std::string all = whole;
  const ParseResult r = parse_request_head(all, {}, head);
  ASSERT_TRUE(r.is_complete());
  EXPECT_EQ(r.offset, whole.size());
  EXPECT_EQ(head.headers.size(), 3U);
  EXPECT_EQ(head.method, Method::post);
  EXPECT_EQ(head.headers.get(HeaderId::content_length), "12");
  EXPECT_EQ(head.headers.get("SOME-header_with.odd"), "value and more value text");
}

struct Case {
  std::string_view line;    // request line
  std::string_view fields;  // each with its line end
  std::string_view want;    // what is forwarded, or the error
};

// Outcomes that HAProxy 2.6 has, too.
TEST(RequestHead, TakesAndRefusesLikeTheOracle) {
  const Case cases[] = {
      {"GET / HTTP/1.1", "", "GET / HTTP/1.1\r\n\r\n"},
      {"GET / HTTP/1.0", "", "GET / HTTP/1.0\r\n\r\n"},
      {"GET / HTTP/1.9", "Host: a\r\n", "GET / HTTP/1.1\r\nhost: a\r\n\r\n"},
      {"get / HTTP/1.1", "Host:\r\n", "get / HTTP/1.1\r\nhost: \r\n\r\n"},
      {"GET /\"<>\\^`{|} HTTP/1.1", "", "GET /\"<>\\^`{|} HTTP/1.1\r\n\r\n"},
      {"OPTIONS * HTTP/1.1", "Host: a\r\n", "OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n"},
      {"GET / HTTP/1.1", "Host: a\r\nHost: A\r\n", "GET / HTTP/1.1\r\nhost: a\r\n\r\n"},
      {"GET / HTTP/1.1", "Host: a\r\nHost: b\r\n", "conflicting Host headers"},
      {"GET http://a:80/x HTTP/1.1", "Host: a:80\r\n", "GET http://a/x HTTP/1.1\r\nhost: a\r\n\r\n"},
      {"GET http://a/x HTTP/1.1", "Host: a:80\r\n", "GET http://a/x HTTP/1.1\r\nhost: a:80\r\n\r\n"},
      {"GET http://a:81/x HTTP/1.1", "Host: a\r\n", "Host header does not match the request target"},
      {"GET https://a/x HTTP/1.1", "Host: a:80\r\n", "Host header does not match the request target"},
      {"GET http://a/x HTTP/1.1", "Host:\r\n", "Host header does not match the request target"},
      {"GET http://u@a/ HTTP/1.1", "Host: a\r\n", "GET http://u@a/ HTTP/1.1\r\nhost: a\r\n\r\n"},
      {"GET http://[::1]:80/ HTTP/1.1", "Host: [::1]\r\n",
       "GET http://[::1]/ HTTP/1.1\r\nhost: [::1]\r\n\r\n"},
      {"GET http://a?x HTTP/1.1", "Host: a\r\n", "invalid character in request target"},
      {"CONNECT a:80 HTTP/1.1", "Host: a:80\r\n", "CONNECT a:80 HTTP/1.1\r\nhost: a\r\n\r\n"},
      {"CONNECT a:444 HTTP/1.1", "Host: a\r\n", "Host header does not match the request target"},
      {"CONNECT a HTTP/1.1", "Host: a\r\n", "invalid character in request target"},
      {"CONNECT a:99999 HTTP/1.1", "Host: a\r\n", "invalid character in request target"},
      {"GET /a#b HTTP/1.1", "", "invalid character in request target"},
      {"GET /\x80 HTTP/1.1", "", "invalid character in request target"},
      {"GET /a b HTTP/1.1", "", "invalid HTTP version"},
      {"GET /", "", "invalid HTTP version"},
      {"GET / HTTP/1.10", "", "invalid HTTP version"},
      {"GET / http/1.1", "", "invalid HTTP version"},
      {"G=T / HTTP/1.1", "", "invalid character in method"},
      {" GET / HTTP/1.1", "", "empty method"},
      {"GET / HTTP/1.1", "X : 1\r\n", "invalid character in header name"},
      {"GET / HTTP/1.1", "X\r\n", "header line without colon"},
      {"GET / HTTP/1.1", ": x\r\n", "empty header name"},
      {"GET / HTTP/1.1", "X\x80: 1\r\n", "invalid character in header name"},
      {"GET / HTTP/1.1", "X: a\rb\r\n", "CR without LF"},
      {"GET / HTTP/1.1", "X: a\tb \t\r\n", "GET / HTTP/1.1\r\nx: a\tb\r\n\r\n"},
      {"GET / HTTP/1.1", "X:: a\r\n", "GET / HTTP/1.1\r\nx: : a\r\n\r\n"},
      {"GET / HTTP/1.1", "X: \x80\r\n", "GET / HTTP/1.1\r\nx: \x80\r\n\r\n"},
      {"GET / HTTP/1.1", "Connection: X, Close ,Y\r\n", "GET / HTTP/1.1\r\nconnection: X,Y\r\n\r\n"},
      {"GET / HTTP/1.1", "Connection: X, upgrade\r\nConnection: close\r\n",
       "GET / HTTP/1.1\r\nconnection: X, upgrade\r\n\r\n"},
      {"GET / HTTP/1.1", "TE: gzip\r\nTE: trailers, gzip\r\n", "GET / HTTP/1.1\r\nte: trailers\r\n\r\n"},
      {"POST / HTTP/1.1", "Content-Length: 3\r\nUpgrade: x\r\nConnection: upgrade\r\n",
       "POST / HTTP/1.1\r\ncontent-length: 3\r\nconnection: upgrade\r\n\r\n"},
      {"GET / HTTP/1.1", "Upgrade: websocket\r\nConnection: upgrade\r\n",
       "websocket upgrade without Sec-WebSocket-Key"},
  };
  for (const Case& c : cases) {
    const std::string bytes = std::string(c.line) + "\r\n" + std::string(c.fields) + "\r\n";
    EXPECT_EQ(forwarded(bytes), c.want) << bytes;
  }
}

// What HAProxy 2.6 takes and we do not, unless asked to.
TEST(RequestHead, IsStricterWhereTwoReadingsExist) {
  const Case cases[] = {
      {"GET  / HTTP/1.1", "", "malformed request line"},
      {"GET\t/ HTTP/1.1", "", "invalid character in method"},
      {"GET / HTTP/2.0", "", "invalid HTTP version"},
      {"GET / HTTP/0.9", "", "invalid HTTP version"},
      {"GET a HTTP/1.1", "", "request target has no valid form"},
      {"GET * HTTP/1.1", "", "request target has no valid form"},
      {"GET http:///x HTTP/1.1", "Host: a\r\n", "invalid character in request target"},
      {"GET / HTTP/1.1", "Host: a, b\r\n", "invalid host"},
      {"GET / HTTP/1.1", "Host: a/b\r\n", "invalid host"},
      {"GET / HTTP/1.1", "X: 1\r\n 2\r\n", "folded header line"},
      {"GET / HTTP/1.1", " X: 1\r\n", "folded header line"},
      {"GET / HTTP/1.1", "X: 1\n", "LF without CR"},
      {"GET / HTTP/1.1", "X: a\x01\r\n", "control character in header value"},
  };
  for (const Case& c : cases) {
    const std::string bytes = std::string(c.line) + "\r\n" + std::string(c.fields) + "\r\n";
    EXPECT_EQ(forwarded(bytes), c.want) << bytes;
  }
  EXPECT_EQ(forwarded(std::string("GET / HTTP/1.1\r\nX: \0\r\n\r\n", 24)),
            "control character in header value");
  EXPECT_EQ(forwarded("GET / HTTP/1.1\nX: 1\n\n"), "LF without CR");
}

TEST(RequestHead, CanBeToldToTakeWhatIsUnsafe) {
  const Limits unsafe{.accept_unsafe = true};
  EXPECT_EQ(forwarded("GET / HTTP/1.1\r\nX: 1\r\n 2\r\n\r\n", unsafe), "GET / HTTP/1.1\r\nx: 1   2\r\n\r\n");
  EXPECT_EQ(forwarded("GET / HTTP/1.1\r\nX:\r\n \t2\r\n\r\n", unsafe), "GET / HTTP/1.1\r\nx: 2\r\n\r\n");
  EXPECT_EQ(forwarded("GET / HTTP/1.1\nX( Y: \x01\n\n", unsafe), "GET / HTTP/1.1\r\nx( y: \x01\r\n\r\n");
  EXPECT_EQ(forwarded("GET \t /\x80#b  HTTP/1.1\r\n\r\n", unsafe), "GET /\x80#b HTTP/1.1\r\n\r\n");
  EXPECT_EQ(forwarded("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", unsafe),
            "GET http://b/ HTTP/1.1\r\nhost: a\r\n\r\n");
  EXPECT_EQ(forwarded("GET / HTTP/1.1\r\nX : 1\r\n\r\n", unsafe), "invalid character in header name");
  EXPECT_EQ(forwarded(std::string("GET / HTTP/1.1\r\nX: \0\r\n\r\n", 24), unsafe),
            "control character in header value");
  EXPECT_EQ(forwarded("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", unsafe), "conflicting Host headers");
}

TEST(RequestHead, LimitsTheNumberOfFields) {
  for (const int count : {99, 100, 101}) {
    std::string bytes = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < count; ++i) bytes += "X: y\r\n";
    RequestHead head;
    bytes += "\r\n";
    EXPECT_EQ(parse_request_head(bytes, {}, head).is_complete(), count <= 100) << count;
  }
}

TEST(RequestHead, TellsWhereTheErrorIs) {
  std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\nX(y: 1\r\n\r\n";
  RequestHead head;
  const ParseResult r = parse_request_head(bytes, {}, head);
  EXPECT_EQ(r.error, ErrorCode::bad_name);
  EXPECT_EQ(r.offset, bytes.find('('));
}

TEST(RequestHead, SurvivesItsBufferWhenDetached) {
  std::string bytes = "GET /path HTTP/1.1\r\nHost: a\r\nX-Y: some value\r\n\r\n";
  RequestHead head;
  ASSERT_TRUE(parse_request_head(bytes, {}, head).is_complete());
  const std::string before = written(head);
  head.detach();
  bytes.assign(bytes.size(), '#');
  EXPECT_EQ(written(head), before);
}

std::string answered(std::string bytes, RequestFacts facts = {}, Limits limits = kResponseLimits) {
  ResponseHead head;
  const ParseResult r = parse_response_head(bytes, limits, head);
  if (r.is_bad()) return std::string(to_string(r.error));
  if (r.needs_more()) return "need more";
  const Framing f = frame_response(head, facts);
  if (f.error != ErrorCode::none) return std::string(to_string(f.error));
  std::string out(4096, '\0');
  out.resize(serialize_response(head, {}, out));
  return out;
}

TEST(ResponseHead, TakesAndRefusesLikeTheOracle) {
  EXPECT_EQ(answered("HTTP/1.1 200\r\nA: b\r\n\r\n"), "HTTP/1.1 200 \r\na: b\r\n\r\n");
  EXPECT_EQ(answered("HTTP/1.1 200  Fine too\r\n\r\n"), "HTTP/1.1 200 Fine too\r\n\r\n");
  EXPECT_EQ(answered("HTTP/1.0 404 \x80\r\n\r\n"), "HTTP/1.0 404 \x80\r\n\r\n");
  EXPECT_EQ(answered("\r\nHTTP/1.1 600 OK\n\n"), "HTTP/1.1 600 OK\r\n\r\n");
  EXPECT_EQ(answered("HTTP/1.1 2x0 OK\r\n\r\n"), "malformed status line");
  EXPECT_EQ(answered("HTTP/1.1 -20 OK\r\n\r\n"), "malformed status line");
  EXPECT_EQ(answered("HTTP/1.1 200OK\r\n\r\n"), "malformed status line");
  EXPECT_EQ(answered("ICY 200 OK\r\nAAAAAA: b\r\n\r\n"), "invalid HTTP version");
  EXPECT_EQ(answered("HTTP/1.1 200 OK\r\nX : 1\r\n\r\n"), "invalid character in header name");
  EXPECT_EQ(answered("HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\n"), "HTTP/1.1 204 No\r\n\r\n");
  EXPECT_EQ(answered("HTTP/1.1 304 No\r\nContent-Length: 2\r\n\r\n"),
            "HTTP/1.1 304 No\r\ncontent-length: 2\r\n\r\n");
  EXPECT_EQ(answered("HTTP/1.1 101 Sw\r\n\r\n"), "unexpected 101 response");
  EXPECT_EQ(answered("HTTP/1.1 100 C\r\nContent-Length: 2\r\n\r\n"),
            "body framing in a message without body");
}

TEST(ResponseHead, IsStricterWithStatusCodes) {
  EXPECT_EQ(answered("HTTP/1.1 20 OK OK\r\n\r\n"), "malformed status line");
  EXPECT_EQ(answered("HTTP/1.1 099 OK\r\n\r\n"), "malformed status line");
  EXPECT_EQ(answered("HTTP/1.1 2000 OK\r\n\r\n"), "malformed status line");
}

TEST(ResponseHead, CanComeByteByByte) {
  const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Some-Long-Header-Name: 1\r\n\r\n";
  ResponseHead head;
  for (std::size_t n = 0; n < whole.size(); ++n) {
    std::string part = whole.substr(0, n);
    ASSERT_TRUE(parse_response_head(part, {}, head).needs_more()) << n;
  }
  std::string all = whole;
  EXPECT_TRUE(parse_response_head(all, {}, head).is_complete());
  EXPECT_EQ(head.headers.size(), 2U);
}

}  // namespace
}  // namespace evenkeel::http
