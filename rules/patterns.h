// The matching methods (manual 7.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "rules/sample.h"

namespace evenkeel::rules {

enum class MatchMethod : std::uint8_t {
  found,
  boolean,
  integer,
  ip,
  bin,
  len,
  str,
  beg,
  sub,
  reg,
  end,
  dir,
  dom
};

std::optional<MatchMethod> match_method_of(std::string_view name) noexcept;  // "found", "bool", ...
std::string_view to_string(MatchMethod method) noexcept;
// The method that a type implies; nullopt for bin and any, which need -m.
std::optional<MatchMethod> default_method(SampleType type) noexcept;
// Manual 7.1's table: may samples of this type be matched so?
bool compatible(SampleType type, MatchMethod method) noexcept;

}  // namespace evenkeel::rules
