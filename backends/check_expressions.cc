#include "backends/check_expressions.h"

#include <memory>
#include <utility>

#include "core/clock.h"
#include "rules/context.h"
#include "rules/expression.h"
#include "rules/log_format.h"
#include "rules/scratch.h"
#include "rules/variables.h"

namespace evenkeel::backends {
namespace {

using health::CheckScope;
using health::Template;

// A check has no session: it knows its server, what was received, and its variables.
class CheckContext final : public rules::EvalContext {
 public:
  explicit CheckContext(const CheckScope& scope) : scope_(scope) {
    scratch = &memory_;
    clock = &system_clock_;
    check_vars = &vars_;
    in_response = true;
    response_bytes = {scope.received, false};
    if (scope.vars == nullptr) return;
    for (const auto& [name, value] : *scope.vars)
      if (const auto ref = rules::VarRef::parse(name)) vars_.set(*ref, rules::Sample::of_text(value));
  }

  [[nodiscard]] std::optional<std::string_view> text(rules::Text what) const override {
    if (what == rules::Text::be_name) return scope_.backend;
    if (what == rules::Text::srv_name) return scope_.server;
    return EvalContext::text(what);
  }

 private:
  const CheckScope& scope_;
  rules::Scratch memory_;
  SystemClock system_clock_;
  rules::VariableStore vars_;
};

}  // namespace

health::FormatCompiler check_formats(rules::CompileEnv& env) {
  return [&env](std::string_view text) -> Result<Template, std::string> {
    auto format = rules::LogFormat::compile(text, env, at(rules::Place::check), rules::LogFormat::Use::rule);
    if (!format) return {boost::system::in_place_error, format.error().message};
    if (format->is_literal()) return Template{std::string(format->literal_text()), nullptr};
    auto shared = std::make_shared<const rules::LogFormat>(std::move(*format));
    return Template{{}, [shared](const CheckScope& scope, std::string& out) {
                      CheckContext context(scope);
                      shared->append(context, out);
                    }};
  };
}

health::FormatCompiler check_expressions(rules::CompileEnv& env) {
  return [&env](std::string_view text) -> Result<Template, std::string> {
    auto expression = rules::Expression::compile(text, env);
    if (!expression) return {boost::system::in_place_error, expression.error().message};
    if (!expression->usable_in(at(rules::Place::check)))
      return {boost::system::in_place_error,
              "'" + std::string(text) + "' has no meaning in a check, where there is no session"};
    auto shared = std::make_shared<const rules::Expression>(std::move(*expression));
    return Template{{}, [shared](const CheckScope& scope, std::string& out) {
                      CheckContext context(scope);
                      rules::Sample sample;
                      if (shared->eval(context, sample)) out += rules::as_text(sample, *context.scratch);
                    }};
  };
}

}  // namespace evenkeel::backends
