// room: http
// A request head: parsing in pieces equals parsing at once, and what we write is read back as the same.
#include <cstring>
#include <string>
#include <vector>

#include "http/framing.h"
#include "http/parser.h"
#include "http/serializer.h"
#include "tests/fuzz/check.h"

using namespace evenkeel::http;

namespace {

std::string write(const RequestHead& head) {
  std::string out(serialize_request(head, {}, {}), '\0');
  FUZZ_CHECK(serialize_request(head, {}, out) == out.size());
  return out;
}

// Exactly as large as its text, so that AddressSanitizer sees every read beyond it.
std::vector<char> exact(const char* data, std::size_t n) { return {data, data + n}; }

ParseResult in_pieces(const char* data, std::size_t size, std::size_t step, const Limits& limits,
                      RequestHead& head, std::vector<char>& buffer) {
  ParseResult result;
  // In-place changes must survive the growth of the buffer, as they do in a connection's.
  std::vector<char> seen;
  for (std::size_t n = 0;; n = std::min(size, n + step)) {
    buffer = seen;
    buffer.insert(buffer.end(), data + seen.size(), data + n);
    buffer.shrink_to_fit();
    result = parse_request_head(buffer, limits, head);
    if (!result.needs_more() || n == size) return result;
    seen = buffer;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 20'000) return 0;
  const Limits limits{.accept_bare_lf = (data[0] & 1) != 0, .accept_unsafe = (data[0] & 2) != 0};
  const std::size_t step = 1 + data[1];
  const char* text = reinterpret_cast<const char*>(data) + 2;
  size -= 2;

  RequestHead head;
  std::vector<char> buffer = exact(text, size);
  const ParseResult whole = parse_request_head(buffer, limits, head);

  RequestHead pieces;
  std::vector<char> grown;
  const ParseResult parts = in_pieces(text, size, step, limits, pieces, grown);
  FUZZ_CHECK(parts.status == whole.status);
  if (!whole.is_complete()) return 0;
  FUZZ_CHECK(parts.offset == whole.offset);
  FUZZ_CHECK(write(pieces) == write(head));

  const Framing framing = frame_request(head);
  if (framing.error != ErrorCode::none) return 0;
  const std::string once = write(head);
  FUZZ_CHECK(once.find("\r\n\r\n") == once.size() - 4);
  std::vector<char> again = exact(once.data(), once.size());
  RequestHead second;
  const ParseResult reread = parse_request_head(again, limits, second);
  FUZZ_CHECK(reread.is_complete() && reread.offset == once.size());
  FUZZ_CHECK(second.headers.size() == head.headers.size());
  const Framing same = frame_request(second);
  FUZZ_CHECK(same.error == ErrorCode::none && same.kind == framing.kind && same.length == framing.length);
  FUZZ_CHECK(write(second) == once);
  head.detach();
  buffer.assign(buffer.size(), 'x');
  FUZZ_CHECK(write(head) == once);
  return 0;
}
