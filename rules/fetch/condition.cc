// acl(name,...), dump_all_vars and last_rule_* (manual 7.3.2).
#include <algorithm>
#include <memory>

#include "rules/acl.h"
#include "rules/compile_env.h"
#include "rules/fetch/families.h"
#include "rules/variables.h"

namespace evenkeel::rules::fetch {
namespace {

struct Named {
  std::shared_ptr<const Acl> acl;
  bool negated = false;
};

std::string prepare_acl(Args& args, CompileEnv& env) {
  auto list = std::make_shared<std::vector<Named>>();
  if (args.size() > 12) return "at most 12 ACLs are taken";
  for (const Arg& arg : args.list) {
    Named named;
    std::string_view name = arg.text;
    if (!name.empty() && name.front() == '!') {
      named.negated = true;
      name.remove_prefix(1);
    }
    if (std::string error = env.refer_to_acl(name, named.acl); !error.empty()) return error;
    list->push_back(std::move(named));
  }
  args.prepared = std::move(list);
  return {};
}

bool acl(const Args& args, EvalContext& ctx, FetchState& state, Sample& out) {
  bool all = true;
  for (const Named& named : args.as<std::vector<Named>>()) {
    const Truth truth = named.acl->test(ctx);
    if (truth == Truth::pending) {
      state.pending = true;
      return false;
    }
    all = all && (truth == Truth::yes) != named.negated;
  }
  out = Sample::of_bool(all);
  return true;
}

// dump_all_vars([scopes[,prefix[,delimiter]]]): "txn.a=1, txn.b=x".
std::string prepare_dump(Args& args, CompileEnv&) {
  std::string_view rest = args.text(0);
  while (!rest.empty()) {
    const std::string_view scope = rest.substr(0, rest.find('|'));
    if (!VarRef::parse(std::string(scope) + ".x"))
      return "'" + std::string(scope) + "' is no scope of variables";
    rest.remove_prefix(std::min(scope.size() + 1, rest.size()));
  }
  return {};
}
bool dump(const Args& args, EvalContext& ctx, FetchState&, Sample& out) {
  static constexpr std::pair<std::string_view, VarScope> kScopes[] = {
      {"proc", VarScope::proc}, {"sess", VarScope::sess}, {"txn", VarScope::txn},
      {"req", VarScope::req},   {"res", VarScope::res},   {"check", VarScope::check}};
  const std::string wanted = args.text(0).empty() ? "" : "|" + std::string(args.text(0)) + "|";
  const std::string_view delimiter = args.size() > 2 ? args.text(2) : std::string_view(", ");
  std::string text;
  for (const auto& [name, scope] : kScopes) {
    if (!wanted.empty() && wanted.find("|" + std::string(name) + "|") == std::string::npos) continue;
    each_variable(ctx, scope, [&](std::string_view variable, const Sample& value) {
      if (!args.text(1).empty() && variable.substr(0, args.text(1).size()) != args.text(1)) return;
      if (!text.empty()) text += delimiter;
      text.append(name).append(".").append(variable).append("=").append(as_text(value, *ctx.scratch));
    });
  }
  out = Sample::of_text(text.empty() ? std::string_view("") : ctx.scratch->copy(text));
  return text.empty() || !out.text.empty();
}

bool last_rule_file(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  out = Sample::of_text(ctx.last_rule_file);
  return !ctx.last_rule_file.empty();
}
bool last_rule_line(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  out = Sample::of_int(ctx.last_rule_line);
  return ctx.last_rule_line != 0;
}

constexpr FetchSpec kFetches[] = {
    {"acl", "s[s*", SampleType::boolean, scope::kAlways, acl, prepare_acl},
    {"dump_all_vars", "[sss", SampleType::str, scope::kAlways, dump, prepare_dump},
    {"last_rule_file", "", SampleType::str, scope::kInternal, last_rule_file},
    {"last_rule_line", "", SampleType::sint, scope::kInternal, last_rule_line},
};

}  // namespace

std::span<const FetchSpec> conditions() noexcept { return kFetches; }

}  // namespace evenkeel::rules::fetch
