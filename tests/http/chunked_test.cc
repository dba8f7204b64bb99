#include "http/chunked.h"

#include <gtest/gtest.h>

#include <string>

namespace evenkeel::http {
namespace {

struct Decoded {
  std::string data;
  std::string outcome;  // "end", "need more", or the error
  std::string rest;     // with end: what follows the message
};

// Feeds the text in pieces of `step` bytes, as reads from a socket would.
Decoded decode(std::string text, std::size_t step, HeaderBlock* trailers = nullptr, Limits limits = {}) {
  ChunkDecoder decoder(limits);
  decoder.keep_trailers(trailers);
  Decoded out;
  std::string buffer;
  std::size_t fed = 0;
  for (;;) {
    const ChunkDecoder::Step s = decoder.next(buffer);
    out.data.append(s.data.data(), s.data.size());
    if (s.kind == ChunkDecoder::Kind::bad) {
      out.outcome = to_string(s.error);
      return out;
    }
    buffer.erase(0, s.consumed);
    if (s.kind == ChunkDecoder::Kind::end) {
      out.outcome = "end";
      out.rest = buffer + text.substr(fed);
      return out;
    }
    if (s.kind == ChunkDecoder::Kind::data) continue;
    if (fed == text.size()) {
      out.outcome = "need more";
      return out;
    }
    buffer += text.substr(fed, step);
    fed = std::min(text.size(), fed + step);
  }
}

TEST(ChunkDecoder, TakesAndRefusesLikeTheOracle) {
  const struct {
    std::string text;
    const char* outcome;
  } cases[] = {
      {"3\r\nabc\r\n0\r\n\r\nNEXT", "end"},
      {"3;x=y\r\nabc\r\n0;z\r\n\r\nNEXT", "end"},
      {"3 ;x\r\nabc\r\n0\r\n\r\nNEXT", "end"},
      {"3\t\r\nabc\r\n000\r\n\r\nNEXT", "end"},
      {"00000000000000000003\r\nabc\r\n0\r\n\r\nNEXT", "end"},
      {"1\r\na\r\n2\r\nbc\r\n0\r\nX-T: 1\r\nY: 2\r\n\r\nNEXT", "end"},
      {"3;" + std::string(2000, 'a') + "\r\nabc\r\n0\r\n\r\nNEXT", "end"},
      {" 3\r\nabc\r\n0\r\n\r\n", "invalid chunk size"},
      {"0x3\r\nabc\r\n0\r\n\r\n", "invalid chunk size"},
      {"+3\r\nabc\r\n0\r\n\r\n", "invalid chunk size"},
      {"-3\r\nabc\r\n0\r\n\r\n", "invalid chunk size"},
      {"\r\nabc\r\n0\r\n\r\n", "invalid chunk size"},
      {"3 x\r\nabc\r\n0\r\n\r\n", "invalid chunk size"},
      {"3 3\r\nabc\r\n0\r\n\r\n", "invalid chunk size"},
      {"3\rabc\r\n0\r\n\r\n", "CR without LF"},
      {"3;a\rb\r\nabc\r\n0\r\n\r\n", "CR without LF"},
      {"3\r\nabcd\r\n0\r\n\r\n", "chunk does not end with CRLF"},
      {"3\r\nabc0\r\n\r\n", "chunk does not end with CRLF"},
      {"3\r\nabc\r0\r\n\r\n", "chunk does not end with CRLF"},
      {"FFFFFFFFFFFFFFFF\r\nabc", "chunk size too large"},
      {"3;" + std::string(20000, 'a') + "\r\nabc\r\n0\r\n\r\n", "chunk extension too large"},
      {"3\r\nabc\r\n0\r\nnocolon\r\n\r\n", "header line without colon"},
      {"3\r\nabc\r\n0\r\n\r\r\n", "CR without LF"},
      {"3\r\nabc\r\n", "need more"},
      {"3\r\nabc\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n", "invalid trailer"},
      // Stricter than the oracle:
      {"3\nabc\n0\n\n", "LF without CR"},
      {"3\r\nabc\n0\r\n\r\n", "LF without CR"},
      {"3;a\nb\r\nabc\r\n0\r\n\r\n", "LF without CR"},
      {"3;\x01\r\nabc\r\n0\r\n\r\n", "invalid chunk size"},
      {"3\r\nabc\r\n0\r\nX T: 1\r\n\r\n", "invalid character in header name"},
      {"3\r\nabc\r\n0\r\nX: 1\r\n 2\r\n\r\n", "folded header line"},
  };
  for (const auto& c : cases) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{7}, c.text.size()}) {
      const Decoded d = decode(c.text, step);
      EXPECT_EQ(d.outcome, c.outcome) << c.text.substr(0, 60) << " in steps of " << step;
      if (d.outcome == "end") {
        EXPECT_EQ(d.data, "abc");
        EXPECT_EQ(d.rest, "NEXT");
      }
    }
  }
}

TEST(ChunkDecoder, TakesBareLineFeedsWhenAllowed) {
  EXPECT_EQ(decode("3\nabc\n0\nX: y\n\n", 1, nullptr, {.accept_bare_lf = true}).outcome, "end");
}

TEST(ChunkDecoder, KeepsTrailersButNotFraming) {
  HeaderBlock trailers;
  EXPECT_EQ(decode("0\r\nX-Sum: 1\r\nContent-Length: 4\r\nHost: b\r\nY: 2\r\n\r\n", 5, &trailers).outcome,
            "end");
  ASSERT_EQ(trailers.size(), 2U);
  EXPECT_EQ(trailers.get("x-sum"), "1");
  EXPECT_EQ(trailers.get("y"), "2");
}

TEST(ChunkDecoder, LetsTheCallerMoveDataItself) {
  ChunkDecoder decoder;
  std::string text = "a\r\n";
  EXPECT_EQ(decoder.next(text).kind, ChunkDecoder::Kind::need_more);
  EXPECT_EQ(decoder.remaining(), 10U);
  decoder.skip_data(10);
  EXPECT_EQ(decoder.remaining(), 0U);
  std::string rest = "\r\n0\r\n\r\n";
  EXPECT_EQ(decoder.next(rest).kind, ChunkDecoder::Kind::end);
}

TEST(ChunkHeader, WritesHexadecimal) {
  EXPECT_EQ(ChunkHeader(1).text(), "1\r\n");
  EXPECT_EQ(ChunkHeader(500).text(), "1f4\r\n");
  EXPECT_EQ(ChunkHeader(UINT64_MAX).text(), "ffffffffffffffff\r\n");
}

}  // namespace
}  // namespace evenkeel::http
