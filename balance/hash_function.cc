#include "balance/hash_function.h"

#include <array>
#include <bit>

namespace evenkeel::balance {

namespace {

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0xEDB88320U : 0U);
    table[i] = value;
  }
  return table;
}
constexpr auto kCrcTable = make_crc_table();

}  // namespace

std::uint32_t hash_sdbm(std::string_view bytes) noexcept {
  std::uint32_t hash = 0;
  for (const char c : bytes) hash = static_cast<unsigned char>(c) + hash * 65599U;
  return hash;
}

std::uint32_t hash_djb2(std::string_view bytes) noexcept {
  std::uint32_t hash = 5381;
  for (const char c : bytes) hash = hash * 33U + static_cast<unsigned char>(c);
  return hash;
}

// HAProxy's own function: two words that mix each byte by rotations whose widths depend on the words
// themselves.
std::uint32_t hash_wt6(std::string_view bytes) noexcept {
  std::uint32_t a = 0xA53C965AU;
  std::uint32_t b = 0x5CA6953AU;
  int near = 6;
  int far = 18;
  for (const char c : bytes) {
    const std::uint32_t byte = static_cast<unsigned char>(c);
    a = ~(a ^ byte);
    b = ~(b + byte);
    const std::uint32_t turned = std::rotl(b, near);
    b = std::rotl(a, far);
    a = turned;
    const std::uint32_t widths = ((a >> 16) ^ b) & 0xFFFFU;
    near = static_cast<int>(widths & 31U);
    far = static_cast<int>(widths >> 11);
  }
  return a ^ b;
}

std::uint32_t hash_crc32(std::string_view bytes) noexcept {
  std::uint32_t hash = ~0U;
  for (const char c : bytes) hash = (hash >> 8) ^ kCrcTable[(hash ^ static_cast<unsigned char>(c)) & 0xFFU];
  return ~hash;
}

std::uint32_t hash_none(std::string_view bytes) noexcept {
  std::uint32_t number = 0;
  for (const char c : bytes) {
    if (c < '0' || c > '9') break;
    number = number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return number;
}

std::uint32_t hash_bytes(HashFunction function, std::string_view bytes) noexcept {
  switch (function) {
    case HashFunction::sdbm:
      return hash_sdbm(bytes);
    case HashFunction::djb2:
      return hash_djb2(bytes);
    case HashFunction::wt6:
      return hash_wt6(bytes);
    case HashFunction::crc32:
      return hash_crc32(bytes);
    case HashFunction::none:
      return hash_none(bytes);
  }
  return 0;
}

// Bob Jenkins' public 32-bit integer hash (burtleburtle.net/bob/hash/integer.html), then a multiplication by
// an odd number near three quarters of 2^32, which spreads small inputs over a ring.
std::uint32_t avalanche(std::uint32_t value) noexcept {
  value = (value + 0x7ED55D16U) + (value << 12);
  value = (value ^ 0xC761C23CU) ^ (value >> 19);
  value = (value + 0x165667B1U) + (value << 5);
  value = (value + 0xD3A2646CU) ^ (value << 9);
  value = (value + 0xFD7046C5U) + (value << 3);
  value = (value ^ 0xB55A4F09U) ^ (value >> 16);
  return value * 3221225473U;
}

}  // namespace evenkeel::balance
