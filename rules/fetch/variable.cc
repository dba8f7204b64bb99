// var(scope.name[,default]) (manual 7.3.2).
#include <memory>

#include "rules/fetch/families.h"
#include "rules/variables.h"

namespace evenkeel::rules::fetch {
namespace {

std::string prepare(Args& args, CompileEnv&) {
  auto ref = VarRef::parse(args.text(0));
  if (!ref) return ref.error();
  args.prepared = std::make_shared<const VarRef>(std::move(*ref));
  return {};
}

bool var(const Args& args, EvalContext& ctx, FetchState&, Sample& out) {
  if (get_variable(ctx, args.as<VarRef>(), out)) return true;
  if (args.size() < 2) return false;
  out = Sample::of_text(args.text(1));
  return true;
}

constexpr FetchSpec kFetches[] = {
    {"var", "s[s", SampleType::any, scope::kAlways, var, prepare},
};

}  // namespace

std::span<const FetchSpec> variables() noexcept { return kFetches; }

}  // namespace evenkeel::rules::fetch
