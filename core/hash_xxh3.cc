#include "core/hash_xxh3.h"

#include <array>
#include <cstring>

#include "core/hash.h"

namespace evenkeel {
namespace {

constexpr std::uint32_t kPrime32[] = {0x9E3779B1U, 0x85EBCA77U, 0xC2B2AE3DU};
constexpr std::uint64_t kPrime1 = 0x9E3779B185EBCA87U;
constexpr std::uint64_t kPrime2 = 0xC2B2AE3D27D4EB4FU;
constexpr std::uint64_t kPrime3 = 0x165667B19E3779F9U;
constexpr std::uint64_t kPrime4 = 0x85EBCA77C2B2AE63U;
constexpr std::uint64_t kPrime5 = 0x27D4EB2F165667C5U;
constexpr std::uint64_t kMix1 = 0x165667919E3779F9U;
constexpr std::uint64_t kMix2 = 0x9FB21C651E98DF25U;

constexpr std::size_t kSecretSize = 192;
constexpr std::size_t kStripe = 64;
using Secret = std::array<unsigned char, kSecretSize>;
constexpr Secret kSecret = {
    0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c,
    0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f,
    0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
    0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c,
    0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb, 0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3,
    0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
    0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d,
    0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31, 0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64,
    0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
    0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e,
    0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc, 0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce,
    0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
};

std::uint64_t read64(const unsigned char* p) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, p, sizeof value);
  if constexpr (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) value = __builtin_bswap64(value);
  return value;
}
std::uint32_t read32(const unsigned char* p) noexcept {
  std::uint32_t value = 0;
  std::memcpy(&value, p, sizeof value);
  if constexpr (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) value = __builtin_bswap32(value);
  return value;
}
std::uint64_t rotated(std::uint64_t value, unsigned by) noexcept { return value << by | value >> (64U - by); }
std::uint64_t folded(std::uint64_t a, std::uint64_t b) noexcept {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}
std::uint64_t avalanched(std::uint64_t h) noexcept {
  h = (h ^ (h >> 37U)) * kMix1;
  return h ^ (h >> 32U);
}
// XXH64's finish.
std::uint64_t avalanched64(std::uint64_t h) noexcept {
  h = (h ^ (h >> 33U)) * kPrime2;
  h = (h ^ (h >> 29U)) * kPrime3;
  return h ^ (h >> 32U);
}

std::uint64_t up_to_16(const unsigned char* p, std::size_t n, std::uint64_t seed) noexcept {
  const unsigned char* const s = kSecret.data();
  if (n > 8) {
    const std::uint64_t low = read64(p) ^ ((read64(s + 24) ^ read64(s + 32)) + seed);
    const std::uint64_t high = read64(p + n - 8) ^ ((read64(s + 40) ^ read64(s + 48)) - seed);
    return avalanched(n + __builtin_bswap64(low) + high + folded(low, high));
  }
  if (n >= 4) {
    seed ^= std::uint64_t{__builtin_bswap32(static_cast<std::uint32_t>(seed))} << 32U;
    const std::uint64_t both = read32(p + n - 4) + (std::uint64_t{read32(p)} << 32U);
    std::uint64_t h = both ^ ((read64(s + 8) ^ read64(s + 16)) - seed);
    h ^= rotated(h, 49) ^ rotated(h, 24);
    h *= kMix2;
    h = (h ^ ((h >> 35U) + n)) * kMix2;
    return h ^ (h >> 28U);
  }
  if (n > 0) {
    const std::uint32_t mixed = std::uint32_t{p[0]} << 16U | std::uint32_t{p[n >> 1U]} << 24U | p[n - 1] |
                                static_cast<std::uint32_t>(n << 8U);
    return avalanched64(mixed ^ ((read32(s) ^ read32(s + 4)) + seed));
  }
  return avalanched64(seed ^ read64(s + 56) ^ read64(s + 64));
}

std::uint64_t mixed16(const unsigned char* p, const unsigned char* s, std::uint64_t seed) noexcept {
  return folded(read64(p) ^ (read64(s) + seed), read64(p + 8) ^ (read64(s + 8) - seed));
}

std::uint64_t up_to_240(const unsigned char* p, std::size_t n, std::uint64_t seed) noexcept {
  const unsigned char* const s = kSecret.data();
  std::uint64_t h = n * kPrime1;
  if (n <= 128) {
    for (std::size_t i = (n - 1) / 32 + 1; i-- > 0;) {
      h += mixed16(p + 16 * i, s + 32 * i, seed);
      h += mixed16(p + n - 16 * (i + 1), s + 32 * i + 16, seed);
    }
    return avalanched(h);
  }
  for (std::size_t i = 0; i < 8; ++i) h += mixed16(p + 16 * i, s + 16 * i, seed);
  h = avalanched(h);
  for (std::size_t i = 8; i < n / 16; ++i) h += mixed16(p + 16 * i, s + 16 * (i - 8) + 3, seed);
  return avalanched(h + mixed16(p + n - 16, s + 136 - 17, seed));
}

using Lanes = std::array<std::uint64_t, 8>;

void take_stripe(Lanes& lanes, const unsigned char* p, const unsigned char* s) noexcept {
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const std::uint64_t value = read64(p + 8 * i);
    const std::uint64_t keyed = value ^ read64(s + 8 * i);
    lanes[i ^ 1U] += value;
    lanes[i] += (keyed & 0xffffffffU) * (keyed >> 32U);
  }
}

std::uint64_t longer(const unsigned char* p, std::size_t n, std::uint64_t seed) noexcept {
  Secret secret = kSecret;
  if (seed != 0) {
    for (std::size_t i = 0; i < kSecretSize; i += 16) {
      std::uint64_t low = read64(kSecret.data() + i) + seed;
      std::uint64_t high = read64(kSecret.data() + i + 8) - seed;
      if constexpr (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) {
        low = __builtin_bswap64(low);
        high = __builtin_bswap64(high);
      }
      std::memcpy(secret.data() + i, &low, 8);
      std::memcpy(secret.data() + i + 8, &high, 8);
    }
  }
  const unsigned char* const s = secret.data();
  Lanes lanes = {kPrime32[2], kPrime1, kPrime2, kPrime3, kPrime4, kPrime32[1], kPrime5, kPrime32[0]};
  constexpr std::size_t kPerBlock = (kSecretSize - kStripe) / 8;
  const std::size_t stripes = (n - 1) / kStripe;
  for (std::size_t i = 0; i < stripes; ++i) {
    take_stripe(lanes, p + i * kStripe, s + i % kPerBlock * 8);
    if ((i + 1) % kPerBlock != 0) continue;
    for (std::size_t k = 0; k < lanes.size(); ++k) {
      lanes[k] ^= lanes[k] >> 47U;
      lanes[k] = (lanes[k] ^ read64(s + kSecretSize - kStripe + 8 * k)) * kPrime32[0];
    }
  }
  take_stripe(lanes, p + n - kStripe, s + kSecretSize - kStripe - 7);
  std::uint64_t h = n * kPrime1;
  for (std::size_t i = 0; i < 4; ++i)
    h += folded(lanes[2 * i] ^ read64(s + 11 + 16 * i), lanes[2 * i + 1] ^ read64(s + 19 + 16 * i));
  return avalanched(h);
}

}  // namespace

std::uint64_t hash_xxh3(std::string_view bytes, std::uint64_t seed) noexcept {
  const auto* const p = reinterpret_cast<const unsigned char*>(bytes.data());
  if (bytes.size() <= 16) return up_to_16(p, bytes.size(), seed);
  return bytes.size() <= 240 ? up_to_240(p, bytes.size(), seed) : longer(p, bytes.size(), seed);
}

}  // namespace evenkeel
