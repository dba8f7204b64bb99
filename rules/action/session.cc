// disable-l7-retry, do-log and expect-proxy: what the data plane does with the session once
// a rule has said so.
#include "rules/action/families.h"
#include "rules/action/parse.h"

namespace evenkeel::rules::action {
namespace {

// Sets one mark of the context, and may end the set.
class Mark final : public Action {
 public:
  Mark(bool EvalContext::*mark, Verdict verdict) : mark_(mark), verdict_(verdict) {}
  Verdict run(EvalContext& ctx) const override {
    ctx.*mark_ = true;
    return verdict_;
  }
  [[nodiscard]] bool ends() const noexcept override { return verdict_ != Verdict::proceed; }

 private:
  bool EvalContext::*mark_;
  Verdict verdict_;
};

ActionResult parse_no_retry(Words&, ActionEnv&, std::string_view) {
  return made<Mark>(&EvalContext::no_l7_retry, Verdict::proceed);
}

ActionResult parse_expect_proxy(Words& words, ActionEnv&, std::string_view) {
  if (!words.accept("layer4")) return words.error("'layer4' is expected after 'expect-proxy'");
  return made<Mark>(&EvalContext::expect_proxy, Verdict::proceed);
}

class DoLog final : public Action {
 public:
  Verdict run(EvalContext& ctx) const override {
    ctx.log_now();
    return Verdict::proceed;
  }
};
ActionResult parse_do_log(Words& words, ActionEnv&, std::string_view) {
  if (words.peek() == "profile") return words.error("log profiles are not supported by Evenkeel yet");
  return made<DoLog>();
}

constexpr ActionSpec kActions[] = {
    {"disable-l7-retry", kHttpRequest, parse_no_retry},
    {"do-log", kAll, parse_do_log},
    {"expect-proxy", mask_of(Phase::tcp_connection), parse_expect_proxy},
};

}  // namespace

std::span<const ActionSpec> session() noexcept { return kActions; }

}  // namespace evenkeel::rules::action
