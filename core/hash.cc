#include "core/hash.h"

#include <array>
#include <bit>
#include <cstring>

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

template <class Word>
Word little(const char* from) noexcept {
  static_assert(std::endian::native == std::endian::little);
  Word value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// The constants of the XXH32 and XXH64 specification (github.com/Cyan4973/xxHash, doc/xxhash_spec.md).
constexpr std::uint32_t kA32 = 0x9E3779B1U, kB32 = 0x85EBCA77U, kC32 = 0xC2B2AE3DU, kD32 = 0x27D4EB2FU,
                        kE32 = 0x165667B1U;
constexpr std::uint64_t kA64 = 0x9E3779B185EBCA87U, kB64 = 0xC2B2AE3D27D4EB4FU, kC64 = 0x165667B19E3779F9U,
                        kD64 = 0x85EBCA77C2B2AE63U, kE64 = 0x27D4EB2F165667C5U;

std::uint64_t round64(std::uint64_t lane, std::uint64_t input) noexcept {
  return std::rotl(lane + input * kB64, 31) * kA64;
}

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
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint32_t hash = seed + kE32;
  if (left >= 16) {
    std::uint32_t lanes[4] = {seed + kA32 + kB32, seed + kB32, seed, seed - kA32};
    for (; left >= 16; left -= 16) {
      for (std::uint32_t& lane : lanes) {
        lane = std::rotl(lane + little<std::uint32_t>(at) * kB32, 13) * kA32;
        at += 4;
      }
    }
    hash =
        std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
  }
  hash += static_cast<std::uint32_t>(bytes.size());
  for (; left >= 4; left -= 4, at += 4) hash = std::rotl(hash + little<std::uint32_t>(at) * kC32, 17) * kD32;
  for (; left > 0; --left, ++at) hash = std::rotl(hash + static_cast<unsigned char>(*at) * kE32, 11) * kA32;
  hash = (hash ^ (hash >> 15U)) * kB32;
  hash = (hash ^ (hash >> 13U)) * kC32;
  return hash ^ (hash >> 16U);
}

std::uint64_t hash_xxh64(std::string_view bytes, std::uint64_t seed) noexcept {
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t hash = seed + kE64;
  if (left >= 32) {
    std::uint64_t lanes[4] = {seed + kA64 + kB64, seed + kB64, seed, seed - kA64};
    for (; left >= 32; left -= 32) {
      for (std::uint64_t& lane : lanes) {
        lane = round64(lane, little<std::uint64_t>(at));
        at += 8;
      }
    }
    hash =
        std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
    for (const std::uint64_t lane : lanes) hash = (hash ^ round64(0, lane)) * kA64 + kD64;
  }
  hash += bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    hash = std::rotl(hash ^ round64(0, little<std::uint64_t>(at)), 27) * kA64 + kD64;
  }
  if (left >= 4) {
    hash = std::rotl(hash ^ (little<std::uint32_t>(at) * kA64), 23) * kB64 + kC64;
    left -= 4;
    at += 4;
  }
  for (; left > 0; --left, ++at) hash = std::rotl(hash ^ (static_cast<unsigned char>(*at) * kE64), 11) * kA64;
  hash = (hash ^ (hash >> 33U)) * kB64;
  hash = (hash ^ (hash >> 29U)) * kC64;
  return hash ^ (hash >> 32U);
}

}  // namespace evenkeel
