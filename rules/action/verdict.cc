// allow, accept, deny, tarpit, reject, silent-drop: actions that end a rule set.
#include "rules/action/families.h"
#include "rules/action/parse.h"
#include "rules/action/reply_spec.h"

namespace evenkeel::rules::action {
namespace {

// Nothing but a verdict.
class Plain final : public Action {
 public:
  explicit Plain(Verdict verdict) : verdict_(verdict) {}
  Verdict run(EvalContext&) const override { return verdict_; }
  [[nodiscard]] bool ends() const noexcept override { return true; }

 private:
  Verdict verdict_;
};

template <Verdict kVerdict>
ActionResult parse_plain(Words&, ActionEnv&, std::string_view) {
  return made<Plain>(kVerdict);
}

class Refuse final : public Action {
 public:
  Refuse(Verdict verdict, ReplySpec reply) : verdict_(verdict), reply_(std::move(reply)) {}
  Verdict run(EvalContext& ctx) const override {
    reply_.fill(ctx, ctx.reply);
    return verdict_;
  }
  [[nodiscard]] bool ends() const noexcept override { return true; }

 private:
  Verdict verdict_;
  ReplySpec reply_;
};

ActionResult parse_deny(Words& words, ActionEnv& env, std::string_view) {
  auto reply = ReplySpec::parse(words, env, env.phase == Phase::http_request ? 403 : 502, true);
  if (!reply) return reply.error();
  return made<Refuse>(Verdict::deny, std::move(*reply));
}
ActionResult parse_tarpit(Words& words, ActionEnv& env, std::string_view) {
  auto reply = ReplySpec::parse(words, env, 500, true);
  if (!reply) return reply.error();
  return made<Refuse>(Verdict::tarpit, std::move(*reply));
}

constexpr unsigned kAllButAfter = kTcpRequest | kTcpResponse | kHttpRequest | kHttpResponse;
class SilentDrop final : public Action {
 public:
  explicit SilentDrop(int ttl) : ttl_(ttl) {}
  Verdict run(EvalContext& ctx) const override {
    ctx.drop_ttl = ttl_;
    return Verdict::silent_drop;
  }
  [[nodiscard]] bool ends() const noexcept override { return true; }

 private:
  int ttl_;
};
ActionResult parse_silent_drop(Words& words, ActionEnv&, std::string_view) {
  std::int64_t ttl = 0;
  if (words.accept("rst-ttl")) {
    auto given = read_integer(words, "the hops of the reset", 1, 255);
    if (!given) return given.error();
    ttl = *given;
  }
  return made<SilentDrop>(static_cast<int>(ttl));
}

constexpr ActionSpec kActions[] = {
    {"allow", kHttp, parse_plain<Verdict::allow>},
    {"accept", kTcpRequest | kTcpResponse, parse_plain<Verdict::allow>},
    {"deny", kHttpRequest | kHttpResponse, parse_deny},
    {"tarpit", kHttpRequest, parse_tarpit},
    {"reject", kTcpRequest | kTcpResponse | kHttpRequest, parse_plain<Verdict::reject>},
    {"close", kTcpResponse, parse_plain<Verdict::end_server>},
    {"silent-drop", kAllButAfter, parse_silent_drop},
};

}  // namespace

std::span<const ActionSpec> verdicts() noexcept { return kActions; }

}  // namespace evenkeel::rules::action
