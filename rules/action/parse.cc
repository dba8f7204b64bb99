#include "rules/action/parse.h"

#include <algorithm>

namespace evenkeel::rules::action {

Result<std::string, RuleError> read_word(Words& words, std::string_view what) {
  if (words.done() || words.peek().empty()) return words.error(std::string(what) + " is expected here");
  return std::string(words.next());
}

Result<LogFormat, RuleError> read_format(Words& words, ActionEnv& env, std::string_view what) {
  if (words.done()) return words.error(std::string(what) + " is expected here");
  auto format = LogFormat::compile(words.peek(), env.env, env.places, LogFormat::Use::rule);
  if (!format) {
    const ExpressionError& error = format.error();
    return RuleError{words.position(), error.offset, error.length, error.message};
  }
  words.next();
  return std::move(*format);
}

Result<Expression, RuleError> read_expression(Words& words, ActionEnv& env) {
  if (words.done()) return words.error("a sample expression is expected here");
  auto expression = Expression::compile(words.peek(), env.env);
  if (!expression) {
    const ExpressionError& error = expression.error();
    return RuleError{words.position(), error.offset, error.length, error.message};
  }
  if (!expression->usable_in(env.places)) {
    return words.error("'" + expression->source() + "' is not available in '" +
                       std::string(to_string(env.phase)) + "' rules");
  }
  words.next();
  return std::move(*expression);
}

Result<std::int64_t, RuleError> read_integer(Words& words, std::string_view what, std::int64_t low,
                                             std::int64_t high) {
  std::int64_t value = 0;
  if (!parse_int(words.peek(), value) || value < low || value > high) {
    return words.error(std::string(what) + " must be an integer from " + std::to_string(low) + " to " +
                       std::to_string(high));
  }
  words.next();
  return value;
}

Result<Regex, RuleError> read_regex(Words& words) {
  if (words.done()) return words.error("a regular expression is expected here");
  auto regex = Regex::compile(words.peek(), false);
  if (!regex) return words.error(regex.error());
  words.next();
  return std::move(*regex);
}

Result<std::string, RuleError> read_header_name(Words& words) {
  auto name = read_word(words, "a header name");
  if (!name) return name.error();
  const bool token = std::all_of(name->begin(), name->end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
  if (!token) return words.error_before("'" + *name + "' cannot be the name of a header");
  return name;
}

bool safe_value(std::string_view value) noexcept {
  return std::none_of(value.begin(), value.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

}  // namespace evenkeel::rules::action
