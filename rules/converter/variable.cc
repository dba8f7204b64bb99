// set-var(name) and unset-var(name) inside of an expression (manual 7.3.1).
#include <memory>

#include "rules/converter/families.h"
#include "rules/var_conditions.h"
#include "rules/variables.h"

namespace evenkeel::rules::converter {
namespace {

struct Target {
  VarRef ref;
  VarConditions conditions;
};

std::string prepare_set(Args& args, CompileEnv&) {
  auto ref = VarRef::parse(args.text(0));
  if (!ref) return ref.error();
  auto target = std::make_shared<Target>(Target{std::move(*ref), {}});
  for (std::size_t i = 1; i < args.size(); ++i) {
    if (!target->conditions.add(args.text(i)))
      return "'" + std::string(args.text(i)) + "' is no condition of set-var";
  }
  args.prepared = std::move(target);
  return {};
}
std::string prepare_unset(Args& args, CompileEnv&) {
  auto ref = VarRef::parse(args.text(0));
  if (!ref) return ref.error();
  args.prepared = std::make_shared<const VarRef>(std::move(*ref));
  return {};
}

bool set_var(const Args& args, EvalContext& ctx, Sample& sample) {
  const auto& target = args.as<Target>();
  return !target.conditions.allow(ctx, target.ref, sample) || set_variable(ctx, target.ref, sample);
}
bool unset_var(const Args& args, EvalContext& ctx, Sample&) { return unset_variable(ctx, args.as<VarRef>()); }

constexpr ConverterSpec kConverters[] = {
    {"set-var", "s[ssss", SampleType::any, SampleType::any, set_var, prepare_set},
    {"unset-var", "s", SampleType::any, SampleType::any, unset_var, prepare_unset},
};

}  // namespace

std::span<const ConverterSpec> variable() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
