#include "conf/units.h"

#include <charconv>
#include <optional>

namespace evenkeel::conf {
namespace {

constexpr std::int64_t kMaxTimerUs = kMaxTimerMs * 1000;

std::string quoted_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x20 && byte < 0x7f) return std::string("'") + c + "'";
  static constexpr char kHex[] = "0123456789abcdef";
  return std::string("'\\x") + kHex[byte >> 4] + kHex[byte & 15] + "'";
}

std::int64_t microseconds_of(TimeUnit unit) noexcept {
  switch (unit) {
    case TimeUnit::us:
      return 1;
    case TimeUnit::ms:
      return 1000;
    case TimeUnit::s:
      return 1000000;
    case TimeUnit::m:
      return 60000000;
    case TimeUnit::h:
      return 3600000000;
    case TimeUnit::d:
      return 86400000000;
  }
  return 1;
}

// Takes the suffix off text; nullopt when its first letter is none.
std::optional<TimeUnit> take_unit(std::string_view& text, TimeUnit default_unit) {
  if (text.empty()) return default_unit;
  struct Suffix {
    std::string_view word;
    TimeUnit unit;
  };
  static constexpr Suffix kSuffixes[] = {{"us", TimeUnit::us}, {"ms", TimeUnit::ms}, {"s", TimeUnit::s},
                                         {"m", TimeUnit::m},   {"h", TimeUnit::h},   {"d", TimeUnit::d}};
  for (const Suffix& suffix : kSuffixes) {
    if (!text.starts_with(suffix.word)) continue;
    text.remove_prefix(suffix.word.size());
    return suffix.unit;
  }
  return std::nullopt;
}

// Leading digits of text; nullopt when they overflow. No digits: 0 with text unchanged.
std::optional<std::uint64_t> take_digits(std::string_view& text) {
  std::uint64_t n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (ec == std::errc::result_out_of_range) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return n;
}

std::string overflow_message(std::string_view text) {
  return "timer overflow in argument '" + std::string(text) +
         "' (maximum value is 2147483647 ms or ~24.8 days)";
}

}  // namespace

Parsed<std::int64_t> parse_duration_us(std::string_view text, TimeUnit default_unit) {
  if (text.empty()) return {0, "missing duration", {}};
  std::string_view rest = text;
  const auto n = take_digits(rest);
  if (!n) return {0, overflow_message(text), {}};
  if (rest.size() == text.size()) return {0, "unexpected character " + quoted_char(text[0]), {}};
  const char first = rest.empty() ? '\0' : rest[0];
  const auto unit = take_unit(rest, default_unit);
  if (!unit) return {0, "unexpected character " + quoted_char(first), {}};
  const std::int64_t factor = microseconds_of(*unit);
  if (*n > static_cast<std::uint64_t>(kMaxTimerUs / factor)) return {0, overflow_message(text), {}};
  Parsed<std::int64_t> result{static_cast<std::int64_t>(*n) * factor, {}, {}};
  if (!rest.empty())
    result.warning = "unexpected character " + quoted_char(rest[0]) + " after the timer value '" +
                     std::string(text) + "', only us, ms, s, m, h, d are units";
  return result;
}

Parsed<std::int64_t> parse_duration_ms(std::string_view text, TimeUnit default_unit) {
  Parsed<std::int64_t> result = parse_duration_us(text, default_unit);
  result.value = (result.value + 999) / 1000;
  return result;
}

Parsed<std::uint64_t> parse_size(std::string_view text, std::uint64_t max) {
  if (text.empty()) return {0, "missing size", {}};
  std::string_view rest = text;
  const auto n = take_digits(rest);
  const std::string too_big =
      "size '" + std::string(text) + "' is too big (maximum value is " + std::to_string(max) + ")";
  if (!n) return {0, too_big, {}};
  if (rest.size() == text.size()) return {0, "unexpected character " + quoted_char(text[0]), {}};
  unsigned shift = 0;
  if (!rest.empty()) {
    switch (rest[0]) {
      case 'k':
      case 'K':
        shift = 10;
        break;
      case 'm':
      case 'M':
        shift = 20;
        break;
      case 'g':
      case 'G':
        shift = 30;
        break;
      default:
        return {0, "unexpected character " + quoted_char(rest[0]), {}};
    }
    if (rest.size() > 1) return {0, "unexpected character " + quoted_char(rest[1]), {}};
  }
  if (*n > (max >> shift)) return {0, too_big, {}};
  return {*n << shift, {}, {}};
}

Parsed<std::int64_t> parse_integer(std::string_view text, std::int64_t low, std::int64_t high) {
  const std::string range = "an integer from " + std::to_string(low) + " to " + std::to_string(high);
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  std::int64_t n = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
  if (ec == std::errc::invalid_argument)
    return {
        0, "expected " + range + (text.empty() ? std::string() : ", not '" + std::string(text) + "'"), {}};
  if (ec != std::errc() || n < low || n > high)
    return {0, "'" + std::string(text) + "' is out of range, expected " + range, {}};
  Parsed<std::int64_t> result{n, {}, {}};
  if (end != digits.data() + digits.size())
    result.warning = "'" + std::string(text) + "' is not a clean integer, taken as " + std::to_string(n);
  return result;
}

Parsed<Percentage> parse_percentage(std::string_view text, double max) {
  Percentage p;
  std::string_view number = text;
  if (number.ends_with('%')) {
    p.percent = true;
    number.remove_suffix(1);
  }
  const auto [end, ec] = std::from_chars(number.data(), number.data() + number.size(), p.value);
  // The negated form refuses NaN as well.
  if (ec != std::errc() || end != number.data() + number.size() || !(p.value >= 0 && p.value <= max))
    return {
        {},
        "'" + std::string(text) + "' is not a percentage from 0 to " + std::to_string(static_cast<long>(max)),
        {}};
  return {p, {}, {}};
}

}  // namespace evenkeel::conf
