// A sample expression, "fetch(args),converter(args),...", compiled at load (manual 7.3).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "rules/catalog.h"

namespace evenkeel::rules {

// Why an expression was refused: which bytes of the text are at fault, and what to say.
struct ExpressionError {
  std::size_t offset = 0;
  std::size_t length = 0;
  std::string message;
};

// What the fetch at the head of an ACL may carry in its name: "hdr_beg" is "hdr" matched by "beg".
struct AclFetchName {
  std::string_view fetch;
  std::string_view method;  // empty: none implied
};
AclFetchName resolve_acl_fetch(std::string_view name) noexcept;

class Expression {
 public:
  // Reads one expression. With `used`, it receives the length and text may follow; without, all of it must be
  // taken. With `implied_method`, the derivative names of ACLs are accepted too and their method is told
  // there (empty when a converter follows, manual 7.1).
  static Result<Expression, ExpressionError> compile(std::string_view text, CompileEnv& env,
                                                     std::size_t* used = nullptr,
                                                     std::string_view* implied_method = nullptr);

  // False: the sample does not exist (or, with state.pending, not yet). Throws nothing, allocates from
  // ctx.scratch.
  bool eval(EvalContext& ctx, FetchState& state, Sample& out) const noexcept {
    if (!fetch_(fetch_args_, ctx, state, out)) return false;
    return steps_.empty() || convert(ctx, out);
  }
  bool eval(EvalContext& ctx, Sample& out) const noexcept {
    FetchState state;
    return eval(ctx, state, out);
  }
  // eval() for those who ask for all values (state.iterate) and begin: out of the request's memo when an
  // expression that yields the same was asked before.
  bool first(EvalContext& ctx, FetchState& state, Sample& out) const noexcept {
    return memo_number_ == 0 ? eval(ctx, state, out) : remembered(ctx, state, out);
  }

  [[nodiscard]] SampleType type() const noexcept { return out_; }
  [[nodiscard]] const std::string& source() const noexcept { return source_; }
  // Whether the fetch has a meaning where the expression is used.
  [[nodiscard]] bool usable_in(Places places) const noexcept { return (scope_ & places) != 0; }
  // Which fetch it begins with and with which arguments: for indexes over many rules (see
  // action/use_backend).
  [[nodiscard]] FetchFn fetch() const noexcept { return fetch_; }
  [[nodiscard]] const Args& fetch_args() const noexcept { return fetch_args_; }
  [[nodiscard]] std::size_t converter_count() const noexcept { return steps_.size(); }

 private:
  struct Step {
    ConvertFn convert;
    SampleType in;
    Args args;
  };
  bool convert(EvalContext& ctx, Sample& out) const noexcept;
  bool remembered(EvalContext& ctx, FetchState& state, Sample& out) const noexcept;

  FetchFn fetch_ = nullptr;
  Args fetch_args_;
  std::vector<Step> steps_;
  SampleType out_ = SampleType::any;
  std::uint32_t scope_ = scope::kAlways;
  std::uint32_t memo_number_ = 0;  // 0: not to be remembered
  std::uint64_t memo_fields_ = 0;  // FetchMemo::bit_of() what it reads
  std::string source_;
};

}  // namespace evenkeel::rules
