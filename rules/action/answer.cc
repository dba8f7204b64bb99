// return, redirect, auth: actions that answer in the place of a server.
#include "http/head.h"
#include "rules/action/families.h"
#include "rules/action/redirect.h"
#include "rules/action/reply_spec.h"

namespace evenkeel::rules::action {
namespace {

class Return final : public Action {
 public:
  explicit Return(ReplySpec reply) : reply_(std::move(reply)) {}
  Verdict run(EvalContext& ctx) const override {
    reply_.fill(ctx, ctx.reply);
    return Verdict::respond;
  }
  [[nodiscard]] bool ends() const noexcept override { return true; }

 private:
  ReplySpec reply_;
};

ActionResult parse_return(Words& words, ActionEnv& env, std::string_view) {
  auto reply = ReplySpec::parse(words, env, 200, false);
  if (!reply) return reply.error();
  return made<Return>(std::move(*reply));
}

ActionResult redirect(Words& words, ActionEnv& env, std::string_view) {
  return parse_redirect(words, env, true);
}

// Asks for credentials (RFC 7617); a proxy-style request is asked with 407.
class Auth final : public Action {
 public:
  explicit Auth(const std::string& realm) : challenge_("Basic realm=\"" + realm + "\"") {}
  Verdict run(EvalContext& ctx) const override {
    const bool proxy_style = ctx.request != nullptr && ctx.request->form == http::TargetForm::absolute;
    Reply& reply = ctx.reply;
    reply.clear();
    reply.kind = Reply::Kind::standard;
    reply.status = proxy_style ? 407 : 401;
    reply.headers.emplace_back(proxy_style ? "proxy-authenticate" : "www-authenticate", challenge_);
    return Verdict::respond;
  }
  [[nodiscard]] bool ends() const noexcept override { return true; }

 private:
  std::string challenge_;
};

ActionResult parse_auth(Words& words, ActionEnv& env, std::string_view) {
  std::string realm(env.proxy);
  if (words.accept("realm")) {
    auto given = read_word(words, "a realm");
    if (!given) return given.error();
    realm = std::move(*given);
  }
  if (!safe_value(realm) || realm.find('"') != std::string::npos) {
    return words.error_before("a realm must not hold quotes or line breaks");
  }
  return made<Auth>(realm);
}

constexpr ActionSpec kActions[] = {
    {"return", kHttpRequest | kHttpResponse, parse_return},
    {"redirect", kHttpRequest | kHttpResponse, redirect},
    {"auth", kHttpRequest, parse_auth},
};

}  // namespace

std::span<const ActionSpec> answers() noexcept { return kActions; }

}  // namespace evenkeel::rules::action
