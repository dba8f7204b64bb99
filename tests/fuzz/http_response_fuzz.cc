// room: http
// A response head: what we write is read back as the same message with the same framing.
#include <string>
#include <vector>

#include "http/framing.h"
#include "http/parser.h"
#include "http/serializer.h"
#include "tests/fuzz/check.h"

using namespace evenkeel::http;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > 20'000) return 0;
  const Limits limits{.accept_bare_lf = (data[0] & 1) != 0, .accept_unsafe = (data[0] & 2) != 0};
  RequestFacts request;
  if ((data[0] & 4) != 0) request.method = Method::head;
  if ((data[0] & 8) != 0) request.method = Method::connect;
  request.upgrade = (data[0] & 16) != 0;

  std::vector<char> buffer(reinterpret_cast<const char*>(data) + 1,
                           reinterpret_cast<const char*>(data) + size);
  ResponseHead head;
  const ParseResult result = parse_response_head(buffer, limits, head);
  if (!result.is_complete()) return 0;
  FUZZ_CHECK(result.offset <= buffer.size());
  const Framing framing = frame_response(head, request);
  if (framing.error != ErrorCode::none) return 0;
  std::string once(serialize_response(head, {}, {}), '\0');
  FUZZ_CHECK(serialize_response(head, {}, once) == once.size());
  FUZZ_CHECK(once.find("\r\n\r\n") == once.size() - 4);

  std::vector<char> again(once.begin(), once.end());
  ResponseHead second;
  const ParseResult reread = parse_response_head(again, limits, second);
  FUZZ_CHECK(reread.is_complete() && reread.offset == once.size());
  const Framing same = frame_response(second, request);
  FUZZ_CHECK(same.error == ErrorCode::none && same.kind == framing.kind && same.length == framing.length);
  std::string twice(serialize_response(second, {}, {}), '\0');
  serialize_response(second, {}, twice);
  FUZZ_CHECK(twice == once);
  return 0;
}
