// The conditions of set-var: set-var(txn.x,ifnotexists) (manual, "http-request set-var").
#pragma once

#include <cstdint>
#include <string_view>

#include "rules/sample.h"
#include "rules/variables.h"

namespace evenkeel::rules {

class VarConditions {
 public:
  // One of ifexists, ifnotexists, ifempty, ifnotempty, ifset, ifnotset, ifgt, iflt; false: none of them.
  bool add(std::string_view name) noexcept;
  // Whether all hold for the variable as it is and the value that it would get.
  [[nodiscard]] bool allow(EvalContext& ctx, const VarRef& ref, const Sample& value) const noexcept;

 private:
  static constexpr std::uint8_t kIfExists = 1;
  static constexpr std::uint8_t kIfNotExists = 2;
  static constexpr std::uint8_t kIfEmpty = 4;
  static constexpr std::uint8_t kIfNotEmpty = 8;
  static constexpr std::uint8_t kIfSet = 16;
  static constexpr std::uint8_t kIfNotSet = 32;
  static constexpr std::uint8_t kIfGreater = 64;
  static constexpr std::uint8_t kIfLess = 128;
  std::uint8_t set_ = 0;
};

}  // namespace evenkeel::rules
