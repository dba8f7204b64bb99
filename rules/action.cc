#include "rules/action.h"

#include "http/head.h"

namespace evenkeel::rules {

std::string_view to_string(Phase phase) noexcept {
  static constexpr std::string_view kNames[] = {
      "tcp-request connection", "tcp-request session", "tcp-request content", "http-request",
      "tcp-response content",   "http-response",       "http-after-response"};
  return kNames[static_cast<std::size_t>(phase)];
}

void RuleSet::build_index() {
  std::vector<const Condition*> conditions;
  for (const Rule& rule : rules_) conditions.push_back(&rule.condition);
  index_ = RuleIndex::build(conditions, true);
}

Verdict RuleSet::run(EvalContext& ctx, std::size_t& next) const {
  if (next == 0) ctx.strict = true;
  ctx.waiting_rule_line = 0;
  const std::size_t all = rules_.size();
  Candidates candidates = index_ ? index_->candidates(ctx) : Candidates(nullptr, all);
  for (next = candidates.next(next); next < all; next = candidates.next(next + 1)) {
    const Rule& rule = rules_[next];
    if (!ctx.early_hints.empty() && !rule.action->hints()) [[unlikely]]
      return Verdict::hints;
    const Truth truth =
        index_ ? index_->test(candidates, next, rule.condition, ctx) : rule.condition.test(ctx);
    if (truth == Truth::pending && !ctx.inspection_ended) {
      ctx.waiting_rule_file = rule.file;
      ctx.waiting_rule_line = rule.line;
      return Verdict::wait;
    }
    if (truth != Truth::yes) continue;
    const http::HeaderBlock* const head = ctx.request == nullptr ? nullptr : &ctx.request->headers;
    const bool remembers = head != nullptr && ctx.memo.fits(*head, *ctx.scratch);
    const Verdict verdict = rule.action->run(ctx);
    const std::string_view header = rule.action->only_header();
    if (remembers && !header.empty()) ctx.memo.keep_but(header, *head);
    if (verdict == Verdict::wait || verdict == Verdict::pause || verdict == Verdict::wait_body) {
      ctx.waiting_rule_file = rule.file;
      ctx.waiting_rule_line = rule.line;
    }
    if (verdict == Verdict::wait) return verdict;
    if (verdict != Verdict::proceed && (verdict != Verdict::failed || ctx.strict)) {
      ++next;
      ctx.last_rule_file = rule.file;
      ctx.last_rule_line = rule.line;
      return verdict;
    }
    if (!index_ || !candidates) continue;
    // Rules that the old message ruled out may hold for the new one.
    if (header.empty() || index_->depends_on_header(header)) candidates = index_->candidates(ctx);
  }
  return ctx.early_hints.empty() ? Verdict::proceed : Verdict::hints;
}

}  // namespace evenkeel::rules
