// Variables of the process, shown and set.
#include "control/commands/commands.h"
#include "frontends/engine.h"
#include "rules/compile_env.h"
#include "rules/expression.h"
#include "rules/log_format.h"
#include "rules/process_context.h"
#include "rules/variables.h"

namespace evenkeel::control {
namespace {

constexpr rules::Places kHere = rules::at(rules::Place::cli);

Answer set_to_expression(rules::EvalContext& context, const rules::VarRef& ref, std::string_view text,
                         rules::CompileEnv& env) {
  const auto value = rules::Expression::compile(text, env);
  if (!value) return failed(value.error().message + "\n");
  if (!value->usable_in(kHere))
    return failed("'" + std::string(text) +
                  "' cannot be used here: there is no connection to take it from\n");
  rules::Sample sample;
  if (value->eval(context, sample)) rules::set_variable(context, ref, sample);
  return done();
}

Answer set_to_format(rules::EvalContext& context, const rules::VarRef& ref, std::string_view text,
                     rules::CompileEnv& env) {
  const auto value = rules::LogFormat::compile(text, env, kHere, rules::LogFormat::Use::rule);
  if (!value) return failed(value.error().message + "\n");
  rules::set_variable(context, ref, rules::Sample::of_text(value->eval(context)));
  return done();
}

}  // namespace

Answer get_var(Call& call) {
  if (call.arg(0).empty()) return failed("Missing process-wide variable identifier.\n");
  const auto ref = rules::VarRef::parse(call.arg(0));
  rules::ProcessContext context(call.engine.process_vars);
  rules::Sample value;
  if (!ref || ref->scope != rules::VarScope::proc || !rules::get_variable(context, *ref, value))
    return failed("Variable not found.\n");
  std::string text(call.arg(0));
  text.append(": type=").append(rules::to_string(value.type)).append(" value=<");
  const auto shown = rules::as_text(value, *context.scratch);
  text.append(value.type == rules::SampleType::bin ? std::string_view() : shown).append(">");
  return {std::move(text), Severity::info};
}

// set var <name> [expr] <expression>, set var <name> fmt <format> (management guide 9.3). Nothing is read
// from files: they are the business of loading, and the process may have given up its rights to them.
Answer set_var(Call& call) {
  if (!call.session.experimental) return failed("This command is restricted to experimental mode only.\n");
  if (call.arg(0).empty()) return failed("Missing process-wide variable identifier.\n");
  if (call.arg(1).empty()) return failed("Missing either 'expr', 'fmt' or expression.\n");
  const auto ref = rules::VarRef::parse(call.arg(0));
  if (!ref) return failed(ref.error() + "\n");
  if (ref->scope != rules::VarScope::proc)
    return failed("'set var': cannot set variable '" + std::string(call.arg(0)) +
                  "', only scope 'proc' is permitted here.");
  const bool typed = !call.arg(2).empty();
  const std::string_view type = typed ? call.arg(1) : std::string_view("expr");
  rules::CompileEnv env;
  env.read_file = [](const std::string&, std::string& reason) {
    reason = "no file is read while the process runs";
    return false;
  };
  rules::ProcessContext context(call.engine.process_vars);
  if (type == "expr") return set_to_expression(context, *ref, call.arg(typed ? 2 : 1), env);
  if (type == "fmt") return set_to_format(context, *ref, call.arg(2), env);
  return failed("'set var': arg type must be either 'expr' or 'fmt' but got '" + std::string(type) + "'.");
}

}  // namespace evenkeel::control
