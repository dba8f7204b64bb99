#include "frontends/global_variables.h"

#include "rules/expression.h"
#include "rules/log_format.h"
#include "rules/process_context.h"

namespace evenkeel::frontends {
namespace {

using conf::Args;

constexpr rules::Places kHere = rules::at(rules::Place::config);

std::optional<rules::VarRef> variable(Args& args) {
  const auto name = args.required("a variable 'proc.<name>' and its value");
  if (!name) return std::nullopt;
  auto ref = rules::VarRef::parse(*name);
  if (!ref) {
    args.error(ref.error());
  } else if (ref->scope != rules::VarScope::proc) {
    args.error("'" + std::string(*name) +
               "' cannot be set here: only variables of the process, 'proc.<name>'");
  } else {
    return std::move(*ref);
  }
  return std::nullopt;
}

}  // namespace

void set_process_variable(GlobalDraft& draft, Args& args) {
  const auto ref = variable(args);
  if (!ref) return;
  const auto text = args.required("a sample expression");
  if (!text) return;
  const auto value = rules::Expression::compile(*text, *draft.services->rules);
  if (!value) {
    args.error(value.error().message);
    return;
  }
  if (!value->usable_in(kHere)) {
    args.error("'" + std::string(*text) + "' cannot be used here: there is no connection to take it from");
    return;
  }
  rules::ProcessContext context(draft.def.process_vars);
  rules::Sample sample;
  if (value->eval(context, sample)) draft.def.process_vars.set(*ref, sample);
}

void set_process_variable_fmt(GlobalDraft& draft, Args& args) {
  const auto ref = variable(args);
  if (!ref) return;
  const auto text = args.required("a log-format text");
  if (!text) return;
  const auto value =
      rules::LogFormat::compile(*text, *draft.services->rules, kHere, rules::LogFormat::Use::rule);
  if (!value) {
    args.error(value.error().message);
    return;
  }
  rules::ProcessContext context(draft.def.process_vars);
  draft.def.process_vars.set(*ref, rules::Sample::of_text(value->eval(context)));
}

}  // namespace evenkeel::frontends
