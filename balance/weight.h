// `set weight`: absolute and relative weights.
#pragma once

#include <cstdint>
#include <string_view>

namespace evenkeel::balance {

// Either a weight or what to tell the operator: HAProxy's sentence, with the line feed that it has. The
// command line interface adds another one.
struct WeightChange {
  std::uint32_t weight = 0;  // 0..256
  std::string_view error{};  // empty: fine

  [[nodiscard]] bool ok() const noexcept { return error.empty(); }
};

// text: "0".."256", or "<n>%" of the initial weight, capped at 256 (management guide 9.3, "set weight"). With
// a static algorithm (dynamic false) only 0 and the initial weight are accepted, in either form.
[[nodiscard]] WeightChange parse_weight(std::string_view text, std::uint32_t initial, bool dynamic) noexcept;

}  // namespace evenkeel::balance
