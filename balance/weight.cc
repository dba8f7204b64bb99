#include "balance/weight.h"

#include <algorithm>
#include <charconv>

#include "balance/member.h"

namespace evenkeel::balance {

namespace {

constexpr std::string_view kMissing = "Require <weight> or <weight%>.\n";
constexpr std::string_view kGarbageBefore = "Empty weight string empty or preceded by garbage";
constexpr std::string_view kGarbageBehind = "Trailing garbage in weight string";
constexpr std::string_view kAbsolute = "Absolute weight can only be between 0 and 256 inclusive.\n";
constexpr std::string_view kRelative = "Relative weight must be positive.\n";
constexpr std::string_view kStatic =
    "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.\n";

}  // namespace

WeightChange parse_weight(std::string_view text, std::uint32_t initial, bool dynamic) noexcept {
  if (text.empty()) return {.error = kMissing};
  std::int64_t number = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end == text.data()) return {.error = kGarbageBefore};
  if (status == std::errc::result_out_of_range) number = text.front() == '-' ? -1 : INT32_MAX;
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (!rest.empty() && rest != "%") return {.error = kGarbageBehind};

  if (rest.empty()) {
    if (number < 0 || number > kMaxUserWeight) return {.error = kAbsolute};
  } else {
    if (number < 0) return {.error = kRelative};
    number =
        std::min<std::int64_t>(std::min<std::int64_t>(number, INT32_MAX) * initial / 100, kMaxUserWeight);
  }
  const auto weight = static_cast<std::uint32_t>(number);
  if (!dynamic && weight != 0 && weight != initial) return {.error = kStatic};
  return {.weight = weight};
}

}  // namespace evenkeel::balance
