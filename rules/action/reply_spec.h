// The answer that `return`, `deny`, `tarpit` and `http-error` describe with the same words (manual,
// "http-request return").
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rules/action/parse.h"
#include "rules/reply.h"

namespace evenkeel::rules::action {

class ReplySpec {
 public:
  // Reads the answer's words up to a condition or the end. Without any, it is the standard one (deny, tarpit)
  // or empty (return). deny: accept "deny_status" for the status, too.
  static Result<ReplySpec, RuleError> parse(Words& words, ActionEnv& env, int default_status, bool deny);

  void fill(EvalContext& ctx, Reply& reply) const;
  [[nodiscard]] int status() const noexcept { return status_; }
  // errorfile: the message as it was read; null for all other forms.
  [[nodiscard]] std::shared_ptr<const std::string> whole_message() const noexcept {
    return payload_ == Payload::raw ? text_ : nullptr;
  }
  // default-errorfiles and errorfiles; the section's name, empty for the former.
  [[nodiscard]] bool is_standard() const noexcept { return payload_ == Payload::standard; }
  [[nodiscard]] const std::string& http_errors() const noexcept { return http_errors_; }

 private:
  enum class Payload : std::uint8_t { none, standard, raw, text, format };
  Result<bool, RuleError> read_option(Words& words, ActionEnv& env, bool deny);
  Result<bool, RuleError> read_payload(Words& words, ActionEnv& env);
  Result<bool, RuleError> read_file(std::string_view kind, Words& words, ActionEnv& env);

  int status_ = 200;
  Payload payload_ = Payload::none;
  std::string content_type_;
  std::string http_errors_;
  std::shared_ptr<const std::string> text_;
  LogFormat format_;
  std::vector<std::pair<std::string, LogFormat>> headers_;
};

}  // namespace evenkeel::rules::action
