// Rules that can never do anything, found when a proxy is complete.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/rule_sets.h"

namespace evenkeel::rules {

struct LintFinding {
  std::uint32_t line = 0;
  std::string message;
};

// Two kinds, in the order of the rules within each set:
// - conditions that contradict themselves: `a !a`, or two values of a sample that has one (`{ path /a } {
// path /b }`);
// - rules behind others that end the set, or choose a backend, whenever their own condition holds.
// Nothing is said where a rule in between, a variable or a file of patterns could make the difference: a
// finding is a mistake, though never an error, because HAProxy loads such rules.
std::vector<LintFinding> lint_rules(const RuleSets& sets);

}  // namespace evenkeel::rules
