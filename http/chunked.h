// The chunked transfer coding (RFC 9112 section 7.1).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "http/header_block.h"
#include "http/parse_error.h"
#include "http/parser.h"

namespace evenkeel::http {

// Decodes incrementally and without copies: feed it what is in the buffer, take what it points at, consume,
// repeat.
//
//   for (;;) {
//     const ChunkDecoder::Step step = decoder.next(bytes);
//     bytes = bytes.subspan(step.consumed);          // step.data lies inside of the consumed part
//     if (step.kind == data) forward(step.data);
//     else if (step.kind == end) break;              // bytes now begin with what follows the message
//     else if (step.kind == need_more) read more behind bytes; trailers need the whole section in one piece
//     else refuse(step.error);
//   }
class ChunkDecoder {
 public:
  enum class Kind : std::uint8_t { data, need_more, end, bad };
  struct Step {
    Kind kind = Kind::need_more;
    ErrorCode error = ErrorCode::none;  // with bad
    std::size_t consumed = 0;           // of the given bytes; with bad: the offset of the offending byte
    std::span<char> data;               // with data
  };

  // Chunk lines (size and extensions) longer than this are refused; HAProxy's limit is its buffer.
  static constexpr std::size_t kMaxLine = 4096;

  // HAProxy's limit. Far below what any 64-bit arithmetic of a server behind us could get wrong.
  static constexpr std::uint64_t kMaxChunk = (std::uint64_t{1} << 52) - 1;

  // accept_bare_lf also for the chunk lines, max_headers for the trailers.
  explicit ChunkDecoder(const Limits& limits = {}) noexcept : limits_(limits) {}

  // Trailer fields go to `trailers`, which must stay alive until `end`, its text in its own arena; null drops
  // them (they are still checked). Fields that frame or route a message are dropped anyway (RFC 9110
  // section 6.5.1).
  void keep_trailers(HeaderBlock* trailers) noexcept { trailers_ = trailers; }
  void reset() noexcept;

  Step next(std::span<char> bytes);
  [[nodiscard]] bool done() const noexcept { return state_ == State::done; }
  // Bytes of the current chunk that have not come yet; lets a caller splice instead of read (see skip_data).
  [[nodiscard]] std::uint64_t remaining() const noexcept { return state_ == State::data ? remaining_ : 0; }
  // The caller moved n <= remaining() bytes of chunk data itself.
  void skip_data(std::uint64_t n) noexcept;

 private:
  enum class State : std::uint8_t { size, extension, data, data_end, trailers, done };
  Step parse_size(std::span<char> bytes, std::size_t& at);
  Step parse_trailers(std::span<char> bytes, std::size_t at);

  Limits limits_;
  HeaderBlock* trailers_ = nullptr;
  HeaderBlock scratch_;
  std::uint64_t remaining_ = 0;
  std::uint32_t line_length_ = 0;
  State state_ = State::size;
  bool has_digit_ = false;
  bool after_blank_ = false;
};

// "1f4\r\n" for a chunk of 500 bytes, in `text`. size must not be 0: that would end the body.
class ChunkHeader {
 public:
  explicit ChunkHeader(std::uint64_t size) noexcept;
  [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), length_}; }

 private:
  std::array<char, 18> text_;
  std::size_t length_ = 0;
};

inline constexpr std::string_view kChunkEnd = "\r\n";        // after the data of each chunk
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";  // without trailers
inline constexpr std::string_view kLastChunkLine = "0\r\n";  // then the trailer fields and an empty line

}  // namespace evenkeel::http
