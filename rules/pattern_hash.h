// Hashing and comparing bytes for the indexes over patterns, with and without regard to case.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace evenkeel::rules {

// Differs from process to process: keys may come from clients (add-acl, set-map), who must not be able to
// choose texts that meet in one slot.
extern const std::uint64_t kHashSeed;

// Eight bytes at once into lower case; bytes above 127 stay (patterns know ASCII letters only).
constexpr std::uint64_t lower8(std::uint64_t w) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
  const std::uint64_t low = w & (0x7f * kOnes);
  const std::uint64_t above_z = low + (0x7f - 'Z') * kOnes;
  const std::uint64_t from_a = low + (0x80 - 'A') * kOnes;
  const std::uint64_t upper = ~w & (from_a ^ above_z) & (0x80 * kOnes);
  return w | (upper >> 2U);
}

inline std::uint64_t load_bytes(const char* at, std::size_t n) noexcept {
  std::uint64_t w = 0;
  std::memcpy(&w, at, n);
  return w;
}

// The last up to eight bytes of a text that is not empty. Those of a longer one may have been seen before,
// which costs less than a copy of a length that the compiler does not know.
inline std::uint64_t load_tail(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  std::uint64_t w = 0;
  if (text.size() >= 8) {
    std::memcpy(&w, end - 8, 8);
  } else if (text.size() >= 4) {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    std::memcpy(&low, text.data(), 4);
    std::memcpy(&high, end - 4, 4);
    w = low | std::uint64_t{high} << 32U;
  } else {
    // One to three bytes: the first, the middle and the last.
    const auto byte = [&](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(text[i])}; };
    w = byte(0) | byte(text.size() / 2) << 8U | byte(text.size() - 1) << 16U;
  }
  return w;
}

// One widening multiplication per eight bytes; the text in lower case when fold is set.
template <bool kFold>
inline std::uint64_t hash_bytes(std::string_view text) noexcept {
  constexpr std::uint64_t kMultiplier = 0x9e3779b97f4a7c15ULL;
  const auto mix = [](std::uint64_t a) noexcept {
    const auto product = static_cast<unsigned __int128>(a) * kMultiplier;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
  };
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t h = kHashSeed ^ (text.size() * 0xd6e8feb86659fd93ULL);
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t w = 0;
    std::memcpy(&w, at, 8);
    h = mix(h ^ (kFold ? lower8(w) : w));
  }
  if (left > 0) {
    const std::uint64_t w = load_tail(text);
    h = mix(h ^ (kFold ? lower8(w) : w));
  }
  return mix(h);
}
inline std::uint64_t hash_bytes(std::string_view text, bool fold) noexcept {
  return fold ? hash_bytes<true>(text) : hash_bytes<false>(text);
}

// Equal but for the case of ASCII letters.
inline bool equal_folded(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i + 8 <= a.size(); i += 8) {
    std::uint64_t x = 0;
    std::uint64_t y = 0;
    std::memcpy(&x, a.data() + i, 8);
    std::memcpy(&y, b.data() + i, 8);
    if (lower8(x) != lower8(y)) return false;
  }
  return a.size() % 8 == 0 || lower8(load_tail(a)) == lower8(load_tail(b));
}

}  // namespace evenkeel::rules
