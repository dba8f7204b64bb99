// Variables of the process, shown.
#include "control/commands/commands.h"
#include "frontends/engine.h"
#include "rules/context.h"
#include "rules/scratch.h"
#include "rules/variables.h"

namespace evenkeel::control {
namespace {

class ProcessContext final : public rules::EvalContext {
 public:
  explicit ProcessContext(rules::VariableStore& variables) {
    process_vars = &variables;
    scratch = &scratch_;
  }

 private:
  rules::Scratch scratch_;
};

}  // namespace

Answer get_var(Call& call) {
  if (call.arg(0).empty()) return failed("Missing process-wide variable identifier.\n");
  const auto ref = rules::VarRef::parse(call.arg(0));
  ProcessContext context(call.engine.process_vars);
  rules::Sample value;
  if (!ref || ref->scope != rules::VarScope::proc || !rules::get_variable(context, *ref, value))
    return failed("Variable not found.\n");
  std::string text(call.arg(0));
  text.append(": type=").append(rules::to_string(value.type)).append(" value=<");
  const auto shown = rules::as_text(value, *context.scratch);
  text.append(value.type == rules::SampleType::bin ? std::string_view() : shown).append(">");
  return {std::move(text), Severity::info};
}

}  // namespace evenkeel::control
