#include "rules/credentials.h"

#include "http/auth.h"
#include "http/head.h"
#include "rules/context.h"
#include "rules/text.h"

namespace evenkeel::rules {
namespace {

std::string_view authorization(const http::RequestHead& request) noexcept {
  // A request in absolute form came to us as to a proxy.
  const bool proxy_style = request.form == http::TargetForm::absolute;
  return request.headers.get(proxy_style ? http::HeaderId::proxy_authorization
                                         : http::HeaderId::authorization);
}

}  // namespace

bool read_scheme(EvalContext& ctx, std::string_view header, std::string_view& scheme,
                 std::string_view& rest) noexcept {
  if (ctx.request == nullptr) return false;
  const std::string_view value =
      header.empty() ? authorization(*ctx.request) : ctx.request->headers.get(header);
  if (value.empty()) return false;
  scheme = value.substr(0, value.find(' '));
  rest = text::trim(value.substr(scheme.size()));
  return !scheme.empty() && !rest.empty();
}

bool read_basic(EvalContext& ctx, Credentials& out) {
  http::BasicCredentials who;
  if (ctx.request == nullptr || !http::parse_basic_auth(authorization(*ctx.request), who)) return false;
  out.user = ctx.scratch->copy(who.user);
  out.password = ctx.scratch->copy(who.password);
  return true;
}

}  // namespace evenkeel::rules
