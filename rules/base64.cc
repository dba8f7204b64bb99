#include "rules/base64.h"

#include <array>
#include <cstdint>

namespace evenkeel::rules::base64 {
namespace {

constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<std::int8_t, 256> table_of(std::string_view alphabet) {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  }
  return table;
}
constexpr auto kStandardTable = table_of(kStandard);
constexpr auto kUrlTable = table_of(kUrl);

}  // namespace

bool encode(std::string_view bytes, Scratch& scratch, std::string_view& out, bool url) noexcept {
  const std::string_view alphabet = url ? kUrl : kStandard;
  char* const to = scratch.take((bytes.size() + 2) / 3 * 4);
  if (to == nullptr) return false;
  std::size_t n = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t k) -> std::uint32_t {
      return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0;
    };
    const std::uint32_t group = (byte(0) << 16U) | (byte(1) << 8U) | byte(2);
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    for (unsigned k = 0; k < 4; ++k) {
      if (k <= have) {
        to[n++] = alphabet[(group >> (18 - 6 * k)) & 63U];
      } else if (!url) {
        to[n++] = '=';
      }
    }
  }
  out = {to, n};
  return true;
}

bool decode(std::string_view text, Scratch& scratch, std::string_view& out, bool url) noexcept {
  if (!url && text.size() % 4 != 0) return false;
  std::size_t padding = 0;
  while (padding < 2 && !text.empty() && text.back() == '=') {
    text.remove_suffix(1);
    ++padding;
  }
  if (text.size() % 4 == 1) return false;
  const auto& table = url ? kUrlTable : kStandardTable;
  char* const to = scratch.take(text.size() / 4 * 3 + 3);
  if (to == nullptr) return false;
  std::size_t n = 0;
  std::uint32_t group = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const std::int8_t value = table[static_cast<unsigned char>(c)];
    if (value < 0) return false;
    group = (group << 6U) | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      to[n++] = static_cast<char>((group >> bits) & 0xffU);
    }
  }
  out = {to, n};
  return true;
}

}  // namespace evenkeel::rules::base64
