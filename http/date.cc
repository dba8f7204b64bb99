#include "http/date.h"

#include <chrono>
#include <cstddef>
#include <cstring>

namespace evenkeel::http {
namespace {

constexpr const char kDays[] = "SunMonTueWedThuFriSat";
constexpr const char kMonths[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

void put2(char* p, unsigned v) noexcept {
  p[0] = static_cast<char>('0' + v / 10 % 10);
  p[1] = static_cast<char>('0' + v % 10);
}

// The number in n digits at p; -1 when one is none.
int digits(const char* p, int n) noexcept {
  int v = 0;
  for (int i = 0; i < n; ++i) {
    if (p[i] < '0' || p[i] > '9') return -1;
    v = v * 10 + (p[i] - '0');
  }
  return v;
}

}  // namespace

ImfDate::ImfDate(std::int64_t seconds) noexcept {
  using std::chrono::days;
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const auto of_day = static_cast<unsigned>((time - day).count());
  char* p = text_.data();
  std::memcpy(p, "Sun, 00 Jan 0000 00:00:00 GMT", text_.size());
  std::memcpy(p, &kDays[std::size_t{3} * std::chrono::weekday(day).c_encoding()], 3);
  put2(p + 5, static_cast<unsigned>(date.day()));
  std::memcpy(p + 8, &kMonths[std::size_t{3} * (static_cast<unsigned>(date.month()) - 1)], 3);
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  put2(p + 12, year / 100);
  put2(p + 14, year % 100);
  put2(p + 17, of_day / 3600);
  put2(p + 20, of_day / 60 % 60);
  put2(p + 23, of_day % 60);
}

std::optional<std::int64_t> parse_imf_date(std::string_view text) noexcept {
  if (text.size() != 29) return std::nullopt;
  const char* p = text.data();
  std::size_t month = 0;
  while (month < 12 && std::memcmp(&kMonths[3 * month], p + 8, 3) != 0) ++month;
  const int day = digits(p + 5, 2);
  const int year = digits(p + 12, 4);
  const std::int64_t hour = digits(p + 17, 2);
  const std::int64_t minute = digits(p + 20, 2);
  const int second = digits(p + 23, 2);
  if (month == 12 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
    return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month) + 1),
                                         std::chrono::day(static_cast<unsigned>(day < 0 ? 0 : day)));
  if (year < 1 || !date.ok()) return std::nullopt;
  const std::int64_t seconds =
      std::chrono::sys_days(date).time_since_epoch().count() * 86400LL + hour * 3600 + minute * 60 + second;
  // The rest of the text (weekday, blanks, colons, zone) must be what we would write; :60 is a leap second.
  const ImfDate again(seconds - (second == 60 ? 1 : 0));
  const std::string_view expected = again.text();
  const bool same =
      second == 60 ? expected.substr(0, 23) == text.substr(0, 23) && text.substr(25) == expected.substr(25)
                   : expected == text;
  return same ? std::optional(seconds) : std::nullopt;
}

}  // namespace evenkeel::http
