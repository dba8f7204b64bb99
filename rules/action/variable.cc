// set-var, set-var-fmt, unset-var.
#include "rules/action/families.h"
#include "rules/action/parse.h"
#include "rules/var_conditions.h"

namespace evenkeel::rules::action {
namespace {

struct Target {
  VarRef ref;
  VarConditions conditions;
};

// "txn.name,ifnotset": what stood in the parentheses.
Result<Target, RuleError> read_target(Words& words, std::string_view inside) {
  const std::string_view name = inside.substr(0, inside.find(','));
  auto ref = VarRef::parse(name);
  if (!ref) return words.error_before(ref.error());
  Target target{std::move(*ref), {}};
  std::string_view rest = inside.substr(name.size());
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view condition = rest.substr(0, rest.find(','));
    if (!target.conditions.add(condition)) {
      return words.error_before("'" + std::string(condition) + "' is no condition of set-var");
    }
    rest.remove_prefix(condition.size());
  }
  return target;
}

class SetVar final : public Action {
 public:
  SetVar(Target target, Expression value) : target_(std::move(target)), value_(std::move(value)) {}
  Verdict run(EvalContext& ctx) const override {
    Sample value;
    // A sample that does not exist leaves the variable as it is.
    if (value_.eval(ctx, value) && target_.conditions.allow(ctx, target_.ref, value)) {
      set_variable(ctx, target_.ref, value);
    }
    return Verdict::proceed;
  }

 private:
  Target target_;
  Expression value_;
};

class SetVarFmt final : public Action {
 public:
  SetVarFmt(Target target, LogFormat value) : target_(std::move(target)), value_(std::move(value)) {}
  Verdict run(EvalContext& ctx) const override {
    const Sample value = Sample::of_text(value_.eval(ctx));
    if (target_.conditions.allow(ctx, target_.ref, value)) set_variable(ctx, target_.ref, value);
    return Verdict::proceed;
  }

 private:
  Target target_;
  LogFormat value_;
};

class UnsetVar final : public Action {
 public:
  explicit UnsetVar(VarRef ref) : ref_(std::move(ref)) {}
  Verdict run(EvalContext& ctx) const override {
    unset_variable(ctx, ref_);
    return Verdict::proceed;
  }

 private:
  VarRef ref_;
};

ActionResult parse_set(Words& words, ActionEnv& env, std::string_view inside) {
  auto target = read_target(words, inside);
  if (!target) return target.error();
  auto value = read_expression(words, env);
  if (!value) return value.error();
  return made<SetVar>(std::move(*target), std::move(*value));
}
ActionResult parse_set_fmt(Words& words, ActionEnv& env, std::string_view inside) {
  auto target = read_target(words, inside);
  if (!target) return target.error();
  auto value = read_format(words, env, "a log-format text");
  if (!value) return value.error();
  return made<SetVarFmt>(std::move(*target), std::move(*value));
}
ActionResult parse_unset(Words& words, ActionEnv&, std::string_view inside) {
  auto ref = VarRef::parse(inside);
  if (!ref) return words.error_before(ref.error());
  return made<UnsetVar>(std::move(*ref));
}

constexpr ActionSpec kActions[] = {
    {"set-var(", kAll, parse_set},
    {"set-var-fmt(", kAll, parse_set_fmt},
    {"unset-var(", kAll, parse_unset},
};

}  // namespace

std::span<const ActionSpec> variables() noexcept { return kActions; }

}  // namespace evenkeel::rules::action
