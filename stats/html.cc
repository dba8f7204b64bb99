#include "stats/html.h"

#include <array>
#include <cstdio>

namespace evenkeel::stats {

Html& Html::text(std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out_ += "&amp;";
        break;
      case '<':
        out_ += "&lt;";
        break;
      case '>':
        out_ += "&gt;";
        break;
      case '"':
        out_ += "&quot;";
        break;
      case '\'':
        out_ += "&#39;";
        break;
      case '\n':
        out_ += "&#10;";
        break;
      default:
        out_ += c;
        break;
    }
  }
  return *this;
}

Html& Html::number(std::uint64_t value) {
  const std::string digits = std::to_string(value);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) out_ += "\u202F";
    out_ += digits[i];
  }
  return *this;
}

Html& Html::bytes(std::uint64_t value) {
  constexpr std::array<const char*, 6> kUnits{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  auto scaled = static_cast<double>(value);
  std::size_t unit = 0;
  while (scaled >= 1024 && unit + 1 < kUnits.size()) {
    scaled /= 1024;
    ++unit;
  }
  char text[48];
  std::snprintf(text, sizeof text, unit == 0 || scaled >= 100 ? "%.0f\u202F%s" : "%.1f\u202F%s", scaled,
                kUnits[unit]);
  out_ += text;
  return *this;
}

Html& Html::duration(std::uint64_t seconds) {
  constexpr std::array<std::pair<std::uint64_t, char>, 4> kUnits{
      {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}}};
  std::size_t unit = 0;
  while (unit + 1 < kUnits.size() && seconds < kUnits[unit].first) ++unit;
  out_ += std::to_string(seconds / kUnits[unit].first) + kUnits[unit].second;
  seconds %= kUnits[unit].first;
  if (seconds != 0 && unit + 1 < kUnits.size() && seconds >= kUnits[unit + 1].first) {
    out_ += std::to_string(seconds / kUnits[unit + 1].first) + kUnits[unit + 1].second;
  }
  return *this;
}

}  // namespace evenkeel::stats
