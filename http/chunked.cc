#include "http/chunked.h"

#include <algorithm>

#include "http/scan.h"

namespace evenkeel::http {
namespace {

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = to_lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

// Fields that must not come late: they would change framing, routing or authentication of what was forwarded
// already.
constexpr HeaderSet kForbiddenTrailers = set_of(
    HeaderId::content_length, HeaderId::transfer_encoding, HeaderId::host, HeaderId::connection,
    HeaderId::keep_alive, HeaderId::proxy_connection, HeaderId::upgrade, HeaderId::te, HeaderId::trailer,
    HeaderId::expect, HeaderId::authorization, HeaderId::proxy_authorization, HeaderId::cookie,
    HeaderId::set_cookie, HeaderId::content_encoding, HeaderId::content_type, HeaderId::content_range);

ChunkDecoder::Step bad(ErrorCode code, std::size_t offset) noexcept {
  return {ChunkDecoder::Kind::bad, code, offset, {}};
}
ChunkDecoder::Step need_more(std::size_t consumed) noexcept {
  return {ChunkDecoder::Kind::need_more, ErrorCode::none, consumed, {}};
}

enum class Eol : std::uint8_t { yes, no, need_more, bare_lf, bare_cr };

Eol line_end_at(std::span<char> bytes, std::size_t at, bool accept_lf, std::size_t& length) noexcept {
  if (bytes[at] == '\n') {
    length = 1;
    return accept_lf ? Eol::yes : Eol::bare_lf;
  }
  if (bytes[at] != '\r') return Eol::no;
  if (at + 1 == bytes.size()) return Eol::need_more;
  length = 2;
  return bytes[at + 1] == '\n' ? Eol::yes : Eol::bare_cr;
}

}  // namespace

void ChunkDecoder::reset() noexcept {
  state_ = State::size;
  remaining_ = 0;
  line_length_ = 0;
  has_digit_ = false;
  after_blank_ = false;
}

void ChunkDecoder::skip_data(std::uint64_t n) noexcept {
  remaining_ -= std::min(n, remaining_);
  if (remaining_ == 0 && state_ == State::data) state_ = State::data_end;
}

// Parses a chunk line from `at` on; leaves the state at its extension, its data or the trailers. Bytes are
// consumed as they are understood, so that a line may come in any number of pieces.
ChunkDecoder::Step ChunkDecoder::parse_size(std::span<char> bytes, std::size_t& at) {
  const bool accept_lf = limits_.accept_bare_lf || limits_.accept_unsafe;
  for (; at < bytes.size(); ++at, ++line_length_) {
    if (line_length_ > kMaxLine) return bad(ErrorCode::chunk_extension_too_large, at);
    const char c = bytes[at];
    if (state_ == State::size) {
      const int digit = after_blank_ ? -1 : hex_digit(c);
      if (digit >= 0) {
        if (remaining_ > kMaxChunk >> 4) return bad(ErrorCode::chunk_too_large, at);
        remaining_ = remaining_ << 4 | static_cast<std::uint64_t>(digit);
        has_digit_ = true;
        continue;
      }
      if (!has_digit_) return bad(ErrorCode::bad_chunk_size, at);
      if (is_ows(c)) {
        after_blank_ = true;
        continue;
      }
      if (c == ';') {
        state_ = State::extension;
        continue;
      }
    }
    std::size_t length = 0;
    switch (line_end_at(bytes, at, accept_lf, length)) {
      case Eol::need_more:
        return need_more(at);
      case Eol::bare_cr:
        return bad(ErrorCode::bare_cr, at);
      case Eol::bare_lf:
        return bad(ErrorCode::bare_lf, at);
      case Eol::no:
        if (state_ == State::size) return bad(ErrorCode::bad_chunk_size, at);
        if (is_value_stop(static_cast<unsigned char>(c))) return bad(ErrorCode::bad_chunk_size, at);
        continue;
      case Eol::yes:
        at += length;
        state_ = remaining_ == 0 ? State::trailers : State::data;
        line_length_ = 0;
        has_digit_ = false;
        after_blank_ = false;
        return need_more(at);
    }
  }
  return need_more(at);
}

ChunkDecoder::Step ChunkDecoder::parse_trailers(std::span<char> bytes, std::size_t at) {
  const std::span<char> section = bytes.subspan(at);
  if (section.empty()) return need_more(at);
  scratch_.clear();
  ParseProgress progress;
  const ParseResult result = parse_fields(section, limits_, scratch_, progress);
  if (result.needs_more()) return need_more(at);
  if (result.is_bad()) return bad(result.error, at + result.offset);
  // A coding that comes after the body is no mistake but an attempt.
  if (scratch_.has(HeaderId::transfer_encoding)) return bad(ErrorCode::bad_trailer, at);
  for (std::size_t i = 0; trailers_ != nullptr && i < scratch_.size(); ++i) {
    const HeaderId id = scratch_.id(i);
    if (id != HeaderId::other && (kForbiddenTrailers & set_of(id)) != 0) continue;
    trailers_->add(scratch_.name(i), scratch_.value(i));
  }
  state_ = State::done;
  return {Kind::end, ErrorCode::none, at + result.offset, {}};
}

ChunkDecoder::Step ChunkDecoder::next(std::span<char> bytes) {
  std::size_t at = 0;
  while (at < bytes.size() || state_ == State::done) {
    switch (state_) {
      case State::done:
        return {Kind::end, ErrorCode::none, at, {}};
      case State::trailers:
        return parse_trailers(bytes, at);
      case State::size:
      case State::extension: {
        const Step step = parse_size(bytes, at);
        if (step.kind == Kind::bad || state_ == State::size || state_ == State::extension) return step;
        break;
      }
      case State::data: {
        const std::size_t n =
            static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size() - at));
        skip_data(n);
        return {Kind::data, ErrorCode::none, at + n, bytes.subspan(at, n)};
      }
      case State::data_end: {
        std::size_t length = 0;
        switch (line_end_at(bytes, at, limits_.accept_bare_lf || limits_.accept_unsafe, length)) {
          case Eol::need_more:
            return need_more(at);
          case Eol::bare_lf:
            return bad(ErrorCode::bare_lf, at);
          case Eol::yes:
            break;
          default:
            return bad(ErrorCode::bad_chunk_end, at);
        }
        at += length;
        state_ = State::size;
        break;
      }
    }
  }
  return need_more(at);
}

ChunkHeader::ChunkHeader(std::uint64_t size) noexcept {
  constexpr char kDigits[] = "0123456789abcdef";
  int digits = 1;
  while (digits < 16 && (size >> (4 * digits)) != 0) ++digits;
  for (int i = digits - 1; i >= 0; --i) text_[length_++] = kDigits[size >> (4 * i) & 15];
  text_[length_++] = '\r';
  text_[length_++] = '\n';
}

}  // namespace evenkeel::http
