// Credentials of the Authorization header (RFC 7617, RFC 6750; manual 7.3.6).
#include "http/head.h"
#include "rules/base64.h"
#include "rules/compile_env.h"
#include "rules/credentials.h"
#include "rules/fetch/families.h"
#include "rules/text.h"
#include "rules/userlist.h"

namespace evenkeel::rules::fetch {
namespace {

std::string prepare_list(Args& args, CompileEnv& env) {
  auto list = env.userlists.find(args.text(0));
  if (!list) return "there is no userlist '" + std::string(args.text(0)) + "'";
  args.prepared = std::move(list);
  return {};
}

bool http_auth(const Args& args, EvalContext& ctx, FetchState&, Sample& out) {
  Credentials who;
  out = Sample::of_bool(read_basic(ctx, who) && args.as<Userlist>().accepts(who.user, who.password));
  return true;
}

// One value per group of the user, if the password is right.
bool http_auth_group(const Args& args, EvalContext& ctx, FetchState& state, Sample& out) {
  Credentials who;
  const auto& list = args.as<Userlist>();
  if (!read_basic(ctx, who)) return false;
  if (state.cursor == 0 && !list.accepts(who.user, who.password)) return false;
  const User* const user = list.find(who.user);
  if (user == nullptr || state.cursor >= user->groups.size()) return false;
  out = Sample::of_text(user->groups[state.cursor++]);
  state.more = state.cursor < user->groups.size();
  return true;
}

bool http_auth_user(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  Credentials who;
  if (!read_basic(ctx, who)) return false;
  out = Sample::of_text(who.user);
  return true;
}
bool http_auth_pass(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  Credentials who;
  if (!read_basic(ctx, who)) return false;
  out = Sample::of_text(who.password);
  return true;
}
bool http_auth_type(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  std::string_view scheme;
  std::string_view rest;
  if (!read_scheme(ctx, {}, scheme, rest)) return false;
  out = Sample::of_text(scheme);
  return true;
}
bool http_auth_bearer(const Args& args, EvalContext& ctx, FetchState&, Sample& out) {
  std::string_view scheme;
  std::string_view rest;
  if (!read_scheme(ctx, args.text(0), scheme, rest) || !text::equal_fold(scheme, "bearer")) return false;
  out = Sample::of_text(rest);
  return true;
}

constexpr FetchSpec kFetches[] = {
    {"http_auth", "s", SampleType::boolean, scope::kRequest, http_auth, prepare_list},
    {"http_auth_group", "s", SampleType::str, scope::kRequest, http_auth_group, prepare_list},
    {"http_auth_user", "", SampleType::str, scope::kRequest, http_auth_user},
    {"http_auth_pass", "", SampleType::str, scope::kRequest, http_auth_pass},
    {"http_auth_type", "", SampleType::str, scope::kRequest, http_auth_type},
    {"http_auth_bearer", "[s", SampleType::str, scope::kRequest, http_auth_bearer},
};

}  // namespace

std::span<const FetchSpec> http_auth() noexcept { return kFetches; }

}  // namespace evenkeel::rules::fetch
