// capture, set-log-level: what rules add to logs.
#include "rules/action/families.h"
#include "rules/action/parse.h"
#include "rules/captures.h"
#include "rules/compile_env.h"

namespace evenkeel::rules::action {
namespace {

class Capture final : public Action {
 public:
  Capture(bool response, std::size_t slot, std::size_t length, Expression value)
      : response_(response), slot_(slot), length_(length), value_(std::move(value)) {}
  Verdict run(EvalContext& ctx) const override {
    CaptureSlots* const slots = response_ ? ctx.response_captures : ctx.request_captures;
    Sample value;
    if (slots == nullptr || !value_.eval(ctx, value)) return Verdict::proceed;
    if (slots->values.size() <= slot_) slots->values.resize(slot_ + 1);
    slots->values[slot_] = std::string(as_text(value, *ctx.scratch).substr(0, length_));
    return Verdict::proceed;
  }

 private:
  bool response_;
  std::size_t slot_;
  std::size_t length_;
  Expression value_;
};

// "capture <sample> len <n>" opens a slot of its own, "capture <sample> id <n>" fills a declared one.
ActionResult parse_capture(Words& words, ActionEnv& env, std::string_view) {
  auto value = read_expression(words, env);
  if (!value) return value.error();
  const bool response = env.phase == Phase::http_response || env.phase == Phase::http_after_response;
  std::vector<int>& slots = response ? env.env.response_captures : env.env.request_captures;
  if (words.accept("len")) {
    if (response)
      return words.error_before("responses are captured into a declared slot: write 'id' and its number");
    const auto length = read_integer(words, "the length", 1, 65535);
    if (!length) return length.error();
    slots.push_back(static_cast<int>(*length));
    return made<Capture>(response, slots.size() - 1, static_cast<std::size_t>(*length), std::move(*value));
  }
  if (!words.accept("id")) return words.error("'len' or 'id' is expected after the sample");
  const auto slot = read_integer(words, "the slot", 0, 65535);
  if (!slot) return slot.error();
  const auto index = static_cast<std::size_t>(*slot);
  if (index >= slots.size()) return words.error_before("there is no capture slot " + std::to_string(index));
  return made<Capture>(response, index, static_cast<std::size_t>(slots[index]), std::move(*value));
}

class SetLogLevel final : public Action {
 public:
  explicit SetLogLevel(int level) : level_(level) {}
  Verdict run(EvalContext& ctx) const override {
    ctx.log_level = level_;
    return Verdict::proceed;
  }

 private:
  int level_;
};

ActionResult parse_level(Words& words, ActionEnv&, std::string_view) {
  static constexpr std::string_view kLevels[] = {"emerg",  "alert", "crit",  "err",   "warning",
                                                 "notice", "info",  "debug", "silent"};
  static_assert(std::size(kLevels) == EvalContext::kSilent + 1);
  for (int i = 0; i <= EvalContext::kSilent; ++i) {
    if (words.accept(kLevels[i])) return made<SetLogLevel>(i);
  }
  return words.error(
      "a log level is expected: emerg, alert, crit, err, warning, notice, info, debug or silent");
}

constexpr ActionSpec kActions[] = {
    {"capture", kHttpRequest | kHttpResponses | kTcpRequestContent, parse_capture},
    {"set-log-level", kHttp | kTcpRequestContent | kTcpResponse, parse_level},
};

}  // namespace

std::span<const ActionSpec> logging() noexcept { return kActions; }

}  // namespace evenkeel::rules::action
