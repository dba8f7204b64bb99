#include "http/framing.h"

#include <gtest/gtest.h>

#include <string>

#include "http/parser.h"

namespace evenkeel::http {
namespace {

Framing of_request(std::string start, const std::string& fields) {
  std::string bytes = start + "\r\n" + fields + "\r\n";
  RequestHead head;
  EXPECT_TRUE(parse_request_head(bytes, {}, head).is_complete()) << bytes;
  return frame_request(head);
}

std::string describe(const Framing& f) {
  if (f.error != ErrorCode::none) return std::to_string(status_of(f.error));
  std::string text;
  switch (f.kind) {
    case BodyKind::none:
      text = "none";
      break;
    case BodyKind::length:
      text = "length " + std::to_string(f.length);
      break;
    case BodyKind::chunked:
      text = "chunked";
      break;
    case BodyKind::until_close:
      text = "until close";
      break;
    case BodyKind::tunnel:
      text = "tunnel";
      break;
  }
  return text + (f.keep_alive ? "" : ", close") + (f.upgrade ? ", upgrade" : "");
}

TEST(RequestFraming, DecidesLikeTheOracle) {
  const struct {
    const char* start;
    const char* fields;
    const char* want;
  } cases[] = {
      {"GET / HTTP/1.1", "", "none"},
      {"GET / HTTP/1.0", "", "none, close"},
      {"GET / HTTP/1.0", "Connection: keep-alive\r\n", "none"},
      {"GET / HTTP/1.1", "Connection: close, keep-alive\r\n", "none, close"},
      {"POST / HTTP/1.1", "Content-Length: 3\r\n", "length 3"},
      {"POST / HTTP/1.1", "Content-Length: 03\r\n", "length 3"},
      {"POST / HTTP/1.1", "Content-Length: 3\r\nContent-Length: 3\r\n", "length 3"},
      {"POST / HTTP/1.1", "Content-Length: 3, 3\r\n", "length 3"},
      {"POST / HTTP/1.1", "Content-Length: 9223372036854775807\r\n", "length 9223372036854775807"},
      {"POST / HTTP/1.1", "Content-Length: 9223372036854775808\r\n", "400"},
      {"POST / HTTP/1.1", "Content-Length: 3,4\r\n", "400"},
      {"POST / HTTP/1.1", "Content-Length: 3\r\nContent-Length: 4\r\n", "400"},
      {"POST / HTTP/1.1", "Content-Length: +3\r\n", "400"},
      {"POST / HTTP/1.1", "Content-Length: -3\r\n", "400"},
      {"POST / HTTP/1.1", "Content-Length: 0x3\r\n", "400"},
      {"POST / HTTP/1.1", "Content-Length:\r\n", "400"},
      {"POST / HTTP/1.1", "Content-Length: 3,\r\n", "400"},
      {"POST / HTTP/1.1", "Content-Length: 3 3\r\n", "400"},
      {"POST / HTTP/1.1", "Transfer-Encoding: chunked\r\n", "chunked"},
      {"POST / HTTP/1.1", "Transfer-Encoding: Chunked,\r\n", "chunked"},
      {"POST / HTTP/1.1", "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "chunked, close"},
      {"POST / HTTP/1.1", "Transfer-Encoding: chunked\r\nContent-Length: x\r\n", "400"},
      {"POST / HTTP/1.0", "Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n", "chunked, close"},
      {"POST / HTTP/1.1", "Transfer-Encoding: gzip\r\n", "400"},
      {"POST / HTTP/1.1", "Transfer-Encoding: identity\r\n", "400"},
      {"POST / HTTP/1.1", "Transfer-Encoding:\r\n", "400"},
      {"POST / HTTP/1.1", "Transfer-Encoding: chunked, gzip\r\n", "400"},
      {"POST / HTTP/1.1", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "400"},
      {"POST / HTTP/1.1", "Transfer-Encoding: xchunked\r\n", "400"},
      {"POST / HTTP/1.1", "Transfer-Encoding: \"chunked\"\r\n", "400"},
      {"POST / HTTP/1.1", "Transfer-Encoding: chunked;q=1\r\n", "400"},
      {"POST / HTTP/1.1", "Transfer-Encoding: gzip, chunked\r\n", "422"},
      {"POST / HTTP/1.1", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", "422"},
      {"POST / HTTP/1.1", "Transfer-Encoding: ,chunked\r\n", "422"},
      {"CONNECT a:80 HTTP/1.1", "Content-Length: 3\r\n", "none"},
      {"CONNECT a:80 HTTP/1.1", "Transfer-Encoding: chunked\r\n", "400"},
      {"GET / HTTP/1.1", "Connection: upgrade\r\nUpgrade: x\r\n", "none, upgrade"},
      {"GET / HTTP/1.1", "Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 0\r\n", "length 0, upgrade"},
      {"GET / HTTP/1.1", "Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 1\r\n", "length 1"},
      {"GET / HTTP/1.1", "Upgrade: x\r\n", "none"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(describe(of_request(c.start, c.fields)), c.want) << c.start << " " << c.fields;
}

TEST(RequestFraming, SeesExpectations) {
  EXPECT_TRUE(of_request("PUT / HTTP/1.1", "Expect: 100-Continue\r\n").expect_continue);
  EXPECT_FALSE(of_request("PUT / HTTP/1.0", "Expect: 100-continue\r\n").expect_continue);
  EXPECT_FALSE(of_request("PUT / HTTP/1.1", "Expect: 200-ok\r\n").expect_continue);
}

TEST(ResponseFraming, DecidesLikeTheOracle) {
  const RequestFacts get{};
  const RequestFacts head_request{Method::head, false};
  const RequestFacts connect{Method::connect, false};
  const RequestFacts upgrade{Method::get, true};
  const struct {
    const char* status;
    const char* fields;
    RequestFacts request;
    const char* want;
  } cases[] = {
      {"HTTP/1.1 200 OK", "", get, "until close, close"},
      {"HTTP/1.1 200 OK", "Content-Length: 2\r\n", get, "length 2"},
      {"HTTP/1.0 200 OK", "Content-Length: 2\r\n", get, "length 2, close"},
      {"HTTP/1.0 200 OK", "Content-Length: 2\r\nConnection: keep-alive\r\n", get, "length 2"},
      {"HTTP/1.1 200 OK", "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", get, "chunked, close"},
      {"HTTP/1.0 200 OK", "Transfer-Encoding: chunked\r\n", get, "chunked, close"},
      {"HTTP/1.1 200 OK", "Transfer-Encoding: gzip\r\n", get, "400"},
      {"HTTP/1.1 200 OK", "Transfer-Encoding: gzip, chunked\r\n", get, "422"},
      {"HTTP/1.1 204 No", "Transfer-Encoding: chunked\r\n", get, "none"},
      {"HTTP/1.1 304 No", "Content-Length: 7\r\n", get, "none"},
      {"HTTP/1.1 200 OK", "Content-Length: 7\r\n", head_request, "none"},
      {"HTTP/1.1 200 OK", "Content-Length: 7\r\n", connect, "tunnel"},
      {"HTTP/1.1 403 No", "Content-Length: 7\r\n", connect, "length 7"},
      {"HTTP/1.1 101 Sw", "Connection: upgrade\r\nUpgrade: x\r\n", upgrade, "tunnel, upgrade"},
      {"HTTP/1.1 101 Sw", "Connection: upgrade\r\nUpgrade: websocket\r\n", upgrade, "400"},
      {"HTTP/1.1 101 Sw", "", upgrade, "400"},
      {"HTTP/1.1 101 Sw", "", get, "400"},
      {"HTTP/1.1 100 C", "", get, "none"},
      {"HTTP/1.1 103 E", "Transfer-Encoding: chunked\r\n", get, "400"},
  };
  for (const auto& c : cases) {
    std::string bytes = std::string(c.status) + "\r\n" + c.fields + "\r\n";
    ResponseHead head;
    ASSERT_TRUE(parse_response_head(bytes, {}, head).is_complete()) << bytes;
    EXPECT_EQ(describe(frame_response(head, c.request)), c.want) << bytes;
  }
}

TEST(Nominated, FieldsGoButNeverTheFraming) {
  HeaderBlock headers;
  headers.add("X-A", "1");
  headers.add("Connection", "x-a, Content-Length, host, close, X-B");
  headers.add("Content-Length", "3");
  headers.add("Host", "a");
  headers.add("X-B", "2");
  headers.add("X-C", "3");
  remove_nominated(headers);
  EXPECT_FALSE(headers.find("x-a") != HeaderBlock::npos);
  EXPECT_FALSE(headers.find("x-b") != HeaderBlock::npos);
  EXPECT_EQ(headers.size(), 4U);
}

}  // namespace
}  // namespace evenkeel::http
