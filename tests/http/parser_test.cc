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

}  // namespace
}  // namespace evenkeel::http
