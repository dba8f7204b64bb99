// Finding the end of a token, target or field value: sixteen bytes at a time where SSE2 is there, else one by
// one.
//
// None of these functions reads at or beyond `end`.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace evenkeel::http {

// RFC 9110 section 5.6.2.
constexpr bool is_token_char(unsigned char c) noexcept {
  if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) return true;
  switch (c) {
    case '!':
    case '#':
    case '$':
    case '%':
    case '&':
    case '\'':
    case '*':
    case '+':
    case '-':
    case '.':
    case '^':
    case '_':
    case '`':
    case '|':
    case '~':
      return true;
    default:
      return false;
  }
}

constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
constexpr bool is_ows(char c) noexcept { return c == ' ' || c == '\t'; }
// What ends a field value or is an error inside it: control characters but HTAB.
constexpr bool is_value_stop(unsigned char c) noexcept { return (c < 0x20 && c != '\t') || c == 0x7f; }
// What ends a request target or is an error inside it: everything outside of the visible US-ASCII characters,
// and '#'.
constexpr bool is_target_stop(unsigned char c) noexcept { return c <= 0x20 || c >= 0x7f || c == '#'; }

namespace detail {

struct TokenTable {
  char lower[256] = {};  // 0: not a token character
  constexpr TokenTable() noexcept {
    for (int c = 0; c < 256; ++c) {
      if (is_token_char(static_cast<unsigned char>(c))) lower[c] = to_lower(static_cast<char>(c));
    }
  }
};
inline constexpr TokenTable kTokens{};

}  // namespace detail

// The first character of [p, end) that cannot be part of a token; everything before it has become lower case.
inline char* lower_token(char* p, char* end) noexcept {
#if defined(__SSE2__)
  const __m128i index = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  while (end - p >= 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i upper =
        _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8('A' - 1)), _mm_cmplt_epi8(v, _mm_set1_epi8('Z' + 1)));
    const __m128i lower = _mm_or_si128(v, _mm_and_si128(upper, _mm_set1_epi8(0x20)));
    const __m128i from_a = _mm_sub_epi8(lower, _mm_set1_epi8('a'));
    const __m128i from_0 = _mm_sub_epi8(v, _mm_set1_epi8('0'));
    const __m128i common =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(from_a, _mm_set1_epi8(25)), from_a),
                                  _mm_cmpeq_epi8(_mm_min_epu8(from_0, _mm_set1_epi8(9)), from_0)),
                     _mm_cmpeq_epi8(v, _mm_set1_epi8('-')));
    const unsigned stop = static_cast<unsigned>(_mm_movemask_epi8(common)) ^ 0xffffU;
    const int n = stop != 0 ? __builtin_ctz(stop) : 16;
    const __m128i change = _mm_and_si128(upper, _mm_cmplt_epi8(index, _mm_set1_epi8(static_cast<char>(n))));
    if (_mm_movemask_epi8(change) != 0) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(p),
                       _mm_or_si128(v, _mm_and_si128(change, _mm_set1_epi8(0x20))));
    }
    p += n;
    if (n < 16) break;  // a ':' or one of the rarer characters: the loop below knows them all
  }
#endif
  for (; p < end; ++p) {
    const char c = detail::kTokens.lower[static_cast<unsigned char>(*p)];
    if (c == 0) return p;
    *p = c;
  }
  return p;
}

inline const char* skip_token(const char* p, const char* end) noexcept {
  while (p < end && detail::kTokens.lower[static_cast<unsigned char>(*p)] != 0) ++p;
  return p;
}

// The first is_value_stop() character, or end.
inline const char* find_value_stop(const char* p, const char* end) noexcept {
#if defined(__SSE2__)
  while (end - p >= 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
    const __m128i stop = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\t')), low),
                                      _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
    const unsigned mask = static_cast<unsigned>(_mm_movemask_epi8(stop));
    if (mask != 0) return p + __builtin_ctz(mask);
    p += 16;
  }
#endif
  while (p < end && !is_value_stop(static_cast<unsigned char>(*p))) ++p;
  return p;
}

// The first is_target_stop() character, or end.
inline const char* find_target_stop(const char* p, const char* end) noexcept {
#if defined(__SSE2__)
  while (end - p >= 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i stop = _mm_or_si128(
        _mm_cmplt_epi8(v, _mm_set1_epi8(0x21)),  // signed: 0x80 and above, too
        _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)), _mm_cmpeq_epi8(v, _mm_set1_epi8('#'))));
    const unsigned mask = static_cast<unsigned>(_mm_movemask_epi8(stop));
    if (mask != 0) return p + __builtin_ctz(mask);
    p += 16;
  }
#endif
  while (p < end && !is_target_stop(static_cast<unsigned char>(*p))) ++p;
  return p;
}

}  // namespace evenkeel::http
