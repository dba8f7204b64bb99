// Durations, sizes, integers and percentages of the configuration (manual, chapter 2.5).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace evenkeel::conf {

// A value, or why there is none. The messages are made to stand in front of " in 'timeout client'".
template <class T>
struct Parsed {
  T value{};
  std::string error;    // empty: value counts
  std::string warning;  // value counts, but the text deserves a remark

  explicit operator bool() const noexcept { return error.empty(); }
};

enum class TimeUnit : std::uint8_t { us, ms, s, m, h, d };

// HAProxy's timers are 32 bits of milliseconds, half of them; ~24.8 days.
inline constexpr std::int64_t kMaxTimerMs = 2147483647;

// "5s", "100ms", "30" in the default unit. In microseconds; limited to kMaxTimerMs.
Parsed<std::int64_t> parse_duration_us(std::string_view text, TimeUnit default_unit = TimeUnit::ms);
// The same in milliseconds, rounded up, so that "1us" is not 0.
Parsed<std::int64_t> parse_duration_ms(std::string_view text, TimeUnit default_unit = TimeUnit::ms);

// "10", "10k", "10M", "1g" (powers of 1024). In bytes or whatever is counted.
Parsed<std::uint64_t> parse_size(std::string_view text, std::uint64_t max = UINT64_MAX);

// A decimal integer within [low, high]. Letters behind the number are a warning: HAProxy ignores them
// silently.
Parsed<std::int64_t> parse_integer(std::string_view text, std::int64_t low, std::int64_t high);

struct Percentage {
  double value = 0;      // 50 for "50%"; the plain number otherwise
  bool percent = false;  // there was a '%'
};
// "50%" or "50": [0, max].
Parsed<Percentage> parse_percentage(std::string_view text, double max = 100);

}  // namespace evenkeel::conf
