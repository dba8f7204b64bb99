// Appends to a buffer of fixed size and stops at its end: log lines are cut, never reallocated.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace evenkeel::stats {

class LineWriter {
 public:
  LineWriter(char* data, std::size_t capacity) noexcept
      : begin_(data), cursor_(data), end_(data + capacity) {}

  LineWriter& put(char c) noexcept {
    if (cursor_ != end_) *cursor_++ = c;
    return *this;
  }
  LineWriter& put(std::string_view text) noexcept {
    const std::size_t n = std::min(text.size(), static_cast<std::size_t>(end_ - cursor_));
    if (n != 0) std::memcpy(cursor_, text.data(), n);
    cursor_ += n;
    return *this;
  }
  template <class Integer>
  LineWriter& number(Integer value) noexcept {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value);
    return put(std::string_view(digits, static_cast<std::size_t>(end.ptr - digits)));
  }
  // Exactly `width` decimal digits.
  LineWriter& padded(std::uint32_t value, unsigned width) noexcept {
    char digits[10];
    for (unsigned i = width; i-- > 0; value /= 10) digits[i] = static_cast<char>('0' + value % 10);
    return put(std::string_view(digits, width));
  }

  [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(cursor_ - begin_); }
  [[nodiscard]] std::string_view view() const noexcept { return {begin_, size()}; }

 private:
  char* begin_;
  char* cursor_;
  char* end_;
};

// Bytes outside 32-126, '#' and '"' become "#hh" (manual chapter 8.6).
void put_escaped(LineWriter& out, std::string_view text) noexcept;
// For captured headers: '{', '|' and '}' too.
void put_header(LineWriter& out, std::string_view text) noexcept;

}  // namespace evenkeel::stats
