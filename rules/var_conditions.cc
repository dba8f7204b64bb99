#include "rules/var_conditions.h"

#include "rules/context.h"

namespace evenkeel::rules {

bool VarConditions::add(std::string_view name) noexcept {
  static constexpr std::string_view kNames[] = {"ifexists", "ifnotexists", "ifempty", "ifnotempty",
                                                "ifset",    "ifnotset",    "ifgt",    "iflt"};
  for (unsigned i = 0; i < 8; ++i) {
    if (kNames[i] != name) continue;
    set_ |= static_cast<std::uint8_t>(1U << i);
    return true;
  }
  return false;
}

bool VarConditions::allow(EvalContext& ctx, const VarRef& ref, const Sample& value) const noexcept {
  if (set_ == 0) return true;
  Sample current;
  const bool is_set = get_variable(ctx, ref, current);
  const bool empty = value.is_text() && value.text.empty();
  // Process variables exist from the configuration on, set or not.
  const bool exists = is_set || ref.scope == VarScope::proc;
  if ((set_ & kIfExists) != 0 && !exists) return false;
  if ((set_ & kIfNotExists) != 0 && exists) return false;
  if ((set_ & kIfEmpty) != 0 && !empty) return false;
  if ((set_ & kIfNotEmpty) != 0 && empty) return false;
  if ((set_ & kIfSet) != 0 && !is_set) return false;
  if ((set_ & kIfNotSet) != 0 && is_set) return false;
  // Comparisons hold where they cannot be made (manual).
  if (!is_set || current.type != SampleType::sint || value.type != SampleType::sint) return true;
  if ((set_ & kIfGreater) != 0 && current.integer <= value.integer) return false;
  return (set_ & kIfLess) == 0 || current.integer < value.integer;
}

}  // namespace evenkeel::rules
