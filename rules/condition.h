// `if` and `unless`: ACLs joined by AND (implied), OR and negation (manual 7.2).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "rules/acl.h"

namespace evenkeel::rules {

class Condition {
 public:
  // Always true.
  Condition() = default;

  // Reads "if ..." or "unless ..." and takes all words to the end; no words at all make it always true.
  // Doubts, such as an ACL that has no meaning in this place, go to env.warnings.
  static Result<Condition, RuleError> compile(Words& words, AclTable& acls, CompileEnv& env, Places places);

  [[nodiscard]] Truth test(EvalContext& ctx) const noexcept {
    return alternatives_.empty() ? Truth::yes : evaluate(ctx);
  }
  // Whether it holds now; what is pending counts as no.
  [[nodiscard]] bool holds(EvalContext& ctx) const noexcept { return test(ctx) == Truth::yes; }
  // The same for a condition of one alternative whose literal of this number is known to hold.
  [[nodiscard]] Truth test_without(EvalContext& ctx, std::size_t known) const noexcept;
  [[nodiscard]] bool unconditional() const noexcept { return alternatives_.empty(); }

  struct Literal {
    std::shared_ptr<const Acl> acl;
    bool negated = false;
  };
  using Conjunction = std::vector<Literal>;
  [[nodiscard]] const std::vector<Conjunction>& alternatives() const noexcept { return alternatives_; }
  [[nodiscard]] bool inverted() const noexcept { return inverted_; }  // `unless`

 private:
  Truth evaluate(EvalContext& ctx) const noexcept;

  std::vector<Conjunction> alternatives_;
  bool inverted_ = false;
};

}  // namespace evenkeel::rules
