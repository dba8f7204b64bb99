// Log-format texts (manual 8.2.6): literals, %aliases and %[expressions], compiled at load. Logs use them,
// and so do header values, locations, bodies and names in rules.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "rules/expression.h"

namespace evenkeel::rules {

class LogFormat {
 public:
  enum class Use : std::uint8_t {
    rule,  // what has no value leaves nothing, bytes stand as they are
    log,   // what has no value leaves "-", bytes that would break a line are escaped
  };
  enum Flag : std::uint8_t { kQuote = 1, kHex = 2, kEscape = 4, kJson = 8, kCbor = 16, kBytes = 32 };

  static Result<LogFormat, ExpressionError> compile(std::string_view text, CompileEnv& env, Places places,
                                                    Use use);
  // A text that stands for itself.
  static LogFormat literal(std::string text);

  void append(EvalContext& ctx, std::string& out) const;
  // The same as a view, valid until ctx.scratch is reset or the message changes; the common cases (one
  // literal, one expression) copy nothing.
  [[nodiscard]] std::string_view eval(EvalContext& ctx) const;
  [[nodiscard]] bool is_literal() const noexcept {
    return encoding_ == 0 && (nodes_.empty() || (nodes_.size() == 1 && nodes_[0].kind == Kind::text));
  }
  [[nodiscard]] std::string_view literal_text() const noexcept {
    return nodes_.empty() ? std::string_view() : nodes_[0].text;
  }
  [[nodiscard]] const std::string& source() const noexcept { return source_; }
  // The name of an alias that only HTTP can fill; empty: there is none.
  [[nodiscard]] std::string_view http_alias() const noexcept;

 private:
  enum class Kind : std::uint8_t { text, alias, expression };
  struct Node {
    Kind kind = Kind::text;
    std::uint8_t flags = 0;
    std::uint16_t alias = 0;  // index into the table of aliases
    std::string text;         // of a named item: its name
    Expression expression;
    SampleType hint = SampleType::any;  // %(name:type)
  };
  friend class LogFormatParser;

  void append_alias(const Node& node, EvalContext& ctx, std::string& out) const;
  void append_expression(const Node& node, EvalContext& ctx, std::string& out) const;
  void append_safe(std::string_view value, bool escape, std::string& out) const;
  void append_value(const Node& node, EvalContext& ctx, std::string& out) const;
  void append_one(const Node& node, EvalContext& ctx, std::string& out) const;
  void append_map(EvalContext& ctx, std::string& out) const;

  std::vector<Node> nodes_;
  Use use_ = Use::rule;
  std::uint8_t encoding_ = 0;  // kJson or kCbor of %o: the whole line is one map of the named items
  std::string source_;
};

}  // namespace evenkeel::rules
