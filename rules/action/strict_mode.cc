// strict-mode: whether a rule that cannot be carried out ends the request with 500 (the default) or is passed
// over.
#include "rules/action/families.h"
#include "rules/action/parse.h"

namespace evenkeel::rules::action {
namespace {

class StrictMode final : public Action {
 public:
  explicit StrictMode(bool strict) : strict_(strict) {}
  Verdict run(EvalContext& ctx) const override {
    ctx.strict = strict_;
    return Verdict::proceed;
  }

 private:
  bool strict_;
};

ActionResult parse_strict(Words& words, ActionEnv&, std::string_view) {
  if (words.accept("on")) return made<StrictMode>(true);
  if (words.accept("off")) return made<StrictMode>(false);
  return words.error("'on' or 'off' is expected here");
}

constexpr ActionSpec kActions[] = {
    {"strict-mode", kHttp, parse_strict},
};

}  // namespace

std::span<const ActionSpec> strictness() noexcept { return kActions; }

}  // namespace evenkeel::rules::action
