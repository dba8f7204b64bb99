// What several actions read alike.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/regex.h"
#include "rules/action.h"
#include "rules/log_format.h"

namespace evenkeel::rules::action {

// The next word as a log-format text. what: "a header value", for the error when it is missing.
Result<LogFormat, RuleError> read_format(Words& words, ActionEnv& env, std::string_view what);
// The next word as a sample expression that is available here.
Result<Expression, RuleError> read_expression(Words& words, ActionEnv& env);
// The next word as an integer in a range.
Result<std::int64_t, RuleError> read_integer(Words& words, std::string_view what, std::int64_t low,
                                             std::int64_t high);
Result<Regex, RuleError> read_regex(Words& words);
// The next word as it is; it must be there.
Result<std::string, RuleError> read_word(Words& words, std::string_view what);
// The next word as the name of a header.
Result<std::string, RuleError> read_header_name(Words& words);

// A value that may stand in a header: what breaks lines would let a client write headers of its own.
bool safe_value(std::string_view value) noexcept;

template <class T, class... Parts>
ActionResult made(Parts&&... parts) {
  return std::shared_ptr<const Action>(std::make_shared<T>(std::forward<Parts>(parts)...));
}

}  // namespace evenkeel::rules::action
