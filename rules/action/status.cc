// set-status.
#include "http/status.h"

#include "http/head.h"
#include "rules/action/families.h"
#include "rules/action/parse.h"

namespace evenkeel::rules::action {
namespace {

class SetStatus final : public Action {
 public:
  SetStatus(int status, std::string reason) : status_(status), reason_(std::move(reason)) {}
  Verdict run(EvalContext& ctx) const override {
    if (ctx.response == nullptr) return Verdict::proceed;
    ctx.response->status = static_cast<std::uint16_t>(status_);
    ctx.response->set_reason(reason_);
    return Verdict::proceed;
  }

 private:
  int status_;
  std::string reason_;
};

ActionResult parse_status(Words& words, ActionEnv&, std::string_view) {
  const auto status = read_integer(words, "the status", 100, 999);
  if (!status) return status.error();
  std::string reason(http::reason_phrase(static_cast<int>(*status)));
  if (words.accept("reason")) {
    auto given = read_word(words, "a reason");
    if (!given) return given.error();
    if (!safe_value(*given)) return words.error_before("a reason must not break its line");
    reason = std::move(*given);
  }
  return made<SetStatus>(static_cast<int>(*status), std::move(reason));
}

constexpr ActionSpec kActions[] = {
    {"set-status", kHttpResponses, parse_status},
};

}  // namespace

std::span<const ActionSpec> status() noexcept { return kActions; }

}  // namespace evenkeel::rules::action
