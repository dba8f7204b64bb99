// An argument that is a variable, read at each run, or else a text that stands for itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rules/base64.h"
#include "rules/context.h"
#include "rules/variables.h"

namespace evenkeel::rules::converter {

class TextOperand {
 public:
  TextOperand() = default;
  explicit TextOperand(std::string_view argument) {
    if (auto ref = VarRef::parse(argument)) {
      variable_ = std::move(*ref);
    } else {
      literal_ = std::string(argument);
    }
  }
  // A text that is base64: decoded once here, or from the variable at each run. False: it is neither.
  static bool base64(std::string_view argument, TextOperand& operand) {
    operand = TextOperand(argument);
    operand.encoded_ = true;
    if (operand.variable_) return true;
    Scratch scratch;
    std::string_view bytes;
    if (!base64::decode(operand.literal_, scratch, bytes)) return false;
    operand.literal_ = std::string(bytes);
    return true;
  }

  [[nodiscard]] bool is_variable() const noexcept { return variable_.has_value(); }
  [[nodiscard]] const std::string& literal() const noexcept { return literal_; }

  // False: the variable is not set, or is no base64 where it has to be.
  bool get(EvalContext& ctx, std::string_view& out) const {
    if (!variable_) {
      out = literal_;
      return true;
    }
    Sample value;
    if (!get_variable(ctx, *variable_, value)) return false;
    out = as_text(value, *ctx.scratch);
    return !encoded_ || base64::decode(out, *ctx.scratch, out);
  }

 private:
  std::optional<VarRef> variable_;
  std::string literal_;
  bool encoded_ = false;
};

}  // namespace evenkeel::rules::converter
