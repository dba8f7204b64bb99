#include "rules/action/families.h"

#include <array>

namespace evenkeel::rules::action {

std::span<const std::span<const ActionSpec>> families() noexcept {
  static const std::array all = {verdicts(),      answers(),    headers(), request_line(),
                                 variables(),     connection(), logging(), status(),
                                 strictness(),    lines(),      maps(),    caching(),
                                 normalize_uri(), session(),    waiting(), binary_headers()};
  return all;
}

}  // namespace evenkeel::rules::action
