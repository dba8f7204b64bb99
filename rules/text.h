// Small operations on bytes that fetches, converters and actions share.
#pragma once

#include <string>
#include <string_view>

#include "rules/scratch.h"

namespace evenkeel::rules::text {

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
constexpr char upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
// 0..15, or -1.
constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
inline constexpr char kHex[] = "0123456789ABCDEF";

std::string lower(std::string_view text);
// The text itself when it has no upper-case letter, else a copy in the scratch.
std::string_view lower(std::string_view text, Scratch& scratch) noexcept;
bool equal_fold(std::string_view a, std::string_view b) noexcept;
std::string_view trim(std::string_view text) noexcept;  // spaces and tabs

// "48656c6c6f" to "Hello"; false when it is not a row of byte pairs.
bool unhex(std::string_view hex, std::string& out);

}  // namespace evenkeel::rules::text
