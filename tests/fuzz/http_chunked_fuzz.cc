// room: http
// A chunked body gives the same data in any pieces, and what we encode decodes to it.
#include <string>
#include <vector>

#include "http/chunked.h"
#include "http/serializer.h"
#include "tests/fuzz/check.h"

using namespace evenkeel::http;

namespace {

struct Outcome {
  std::string data;
  ChunkDecoder::Kind kind = ChunkDecoder::Kind::need_more;
  std::size_t used = 0;
};

Outcome decode(const char* text, std::size_t size, std::size_t step, const Limits& limits,
               HeaderBlock* trailers) {
  ChunkDecoder decoder(limits);
  decoder.keep_trailers(trailers);
  Outcome out;
  std::vector<char> buffer;
  std::size_t fed = 0;
  for (;;) {
    buffer.shrink_to_fit();
    const ChunkDecoder::Step s = decoder.next(buffer);
    FUZZ_CHECK(s.consumed <= buffer.size());
    out.kind = s.kind;
    if (s.kind == ChunkDecoder::Kind::bad) return out;
    out.data.append(s.data.data(), s.data.size());
    out.used += s.consumed;
    buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(s.consumed));
    if (s.kind == ChunkDecoder::Kind::end) return out;
    if (s.kind == ChunkDecoder::Kind::data) continue;
    if (fed == size) return out;
    const std::size_t n = std::min(step, size - fed);
    buffer.insert(buffer.end(), text + fed, text + fed + n);
    fed += n;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || size > 10'000) return 0;
  const Limits limits{.accept_bare_lf = (data[0] & 1) != 0, .accept_unsafe = (data[0] & 2) != 0};
  const char* text = reinterpret_cast<const char*>(data) + 2;
  size -= 2;
  HeaderBlock trailers;
  const Outcome whole = decode(text, size, size + 1, limits, &trailers);
  const Outcome parts = decode(text, size, 1 + data[1], limits, nullptr);
  FUZZ_CHECK(whole.kind == parts.kind);
  if (whole.kind != ChunkDecoder::Kind::end) return 0;
  FUZZ_CHECK(whole.data == parts.data && whole.used == parts.used);

  std::string encoded;
  if (!whole.data.empty()) {
    encoded.append(ChunkHeader(whole.data.size()).text()).append(whole.data).append(kChunkEnd);
  }
  encoded.append(kLastChunkLine);
  std::string fields(serialize_fields(trailers, {}), '\0');
  serialize_fields(trailers, fields);
  encoded.append(fields);
  HeaderBlock again;
  const Outcome back = decode(encoded.data(), encoded.size(), encoded.size(), limits, &again);
  FUZZ_CHECK(back.kind == ChunkDecoder::Kind::end && back.used == encoded.size() && back.data == whole.data);
  FUZZ_CHECK(again.size() == trailers.size());
  return 0;
}
