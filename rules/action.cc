#include "rules/action.h"

namespace evenkeel::rules {

std::string_view to_string(Phase phase) noexcept {
  static constexpr std::string_view kNames[] = {
      "tcp-request connection", "tcp-request session", "tcp-request content", "http-request",
      "tcp-response content",   "http-response",       "http-after-response"};
  return kNames[static_cast<std::size_t>(phase)];
}

Verdict RuleSet::run(EvalContext& ctx, std::size_t& next) const {
  if (next == 0) ctx.strict = true;
  while (next < rules_.size()) {
    const Rule& rule = rules_[next];
    const Truth truth = rule.condition.test(ctx);
    if (truth == Truth::pending && !ctx.inspection_ended) return Verdict::wait;
    if (truth == Truth::yes) {
      const Verdict verdict = rule.action->run(ctx);
      if (verdict == Verdict::wait) return verdict;
      if (verdict != Verdict::proceed && (verdict != Verdict::failed || ctx.strict)) {
        ++next;
        ctx.last_rule_file = rule.file;
        ctx.last_rule_line = rule.line;
        return verdict;
      }
    }
    ++next;
  }
  return Verdict::proceed;
}

}  // namespace evenkeel::rules
