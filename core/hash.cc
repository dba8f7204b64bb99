#include "core/hash.h"

#include <xxhash.h>

#include <array>
#include <bit>

namespace evenkeel {
namespace {

constexpr std::array<std::uint32_t, 256> crc_table(std::uint32_t polynomial) {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) != 0 ? polynomial : 0U);
    table[i] = value;
  }
  return table;
}
constexpr auto kCrc32 = crc_table(0xEDB88320U);
constexpr auto kCrc32c = crc_table(0x82F63B78U);

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
  for (const char c : bytes) hash = (hash >> 8) ^ kCrc32[(hash ^ static_cast<unsigned char>(c)) & 0xFFU];
  return ~hash;
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

std::uint32_t hash_crc32c(std::string_view bytes) noexcept {
  std::uint32_t hash = ~0U;
  for (const char c : bytes) hash = (hash >> 8U) ^ kCrc32c[(hash ^ static_cast<unsigned char>(c)) & 0xFFU];
  return ~hash;
}

std::uint32_t hash_xxh32(std::string_view bytes, std::uint32_t seed) noexcept {
  return XXH32(bytes.data(), bytes.size(), seed);
}

std::uint64_t hash_xxh64(std::string_view bytes, std::uint64_t seed) noexcept {
  return XXH64(bytes.data(), bytes.size(), seed);
}

std::uint64_t hash_xxh3(std::string_view bytes, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace evenkeel
