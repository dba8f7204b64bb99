#include "stats/page_service.h"

#include "stats/auth.h"
#include "stats/csv.h"
#include "stats/json.h"
#include "stats/typed.h"

namespace evenkeel::stats {
namespace {

PageReply text_reply(int status, std::string text) {
  return {.status = status,
          .headers = {{"cache-control", "no-cache"}, {"content-type", "text/plain"}},
          .body = std::move(text)};
}

std::string render_csv(const PageRequest& request, const std::vector<PageProxy>& proxies) {
  std::string out;
  append_csv_header(out);
  for (const PageProxy& proxy : proxies) {
    for (const Row& row : proxy.rows) {
      if (row_wanted(request, row)) append_csv_row(out, row);
    }
  }
  return out;
}

std::string render_typed(const PageRequest& request, const std::vector<PageProxy>& proxies) {
  std::string out;
  for (const PageProxy& proxy : proxies) {
    for (const Row& row : proxy.rows) {
      if (row_wanted(request, row)) append_typed_row(out, row);
    }
  }
  return out;
}

std::string render_json(const PageRequest& request, const std::vector<PageProxy>& proxies) {
  std::string out = "[";
  for (const PageProxy& proxy : proxies) {
    for (const Row& row : proxy.rows) {
      if (!row_wanted(request, row)) continue;
      if (out.size() > 1) out += ',';
      append_json_row(out, row);
    }
  }
  return out + "]";
}

}  // namespace

PageStep PageService::begin(const StatsPageDef& def, const PageQuery& query) {
  PageStep step;
  step.request = parse_page_request(query.target.substr(std::min(def.uri.size(), query.target.size())));
  if (!def.users.empty()) {
    std::optional<std::string> user = authenticate(query.authorization, def.users);
    if (!user) {
      step.reply = text_reply(401, "You need a valid user and password to access this content.\n");
      step.reply.headers.emplace_back("www-authenticate", basic_challenge(def.realm));
      // The first request of every browser comes without credentials; that is no guess.
      if (!query.authorization.empty()) step.reply.delay = throttle_.failed(query.source);
      return step;
    }
    throttle_.succeeded(query.source);
    step.user = *std::move(user);
  }
  if (query.method == "GET" || query.method == "HEAD") {
    step.kind = PageStep::Kind::show;
    return step;
  }
  if (query.method != "POST") {
    step.reply = text_reply(405, "The statistics page answers GET, HEAD and POST.\n");
    step.reply.headers.emplace_back("allow", "GET, HEAD, POST");
    return step;
  }
  std::optional<PageAction> action = parse_page_action(query.body);
  const bool token_valid = action && tokens_.valid(action->token, step.user, clock_.now_ms() / 1000);
  std::optional<PageResult> refusal = refusal_of(action, query.admin, token_valid);
  if (query.admin && query.body_too_large) refusal = PageResult::too_large;
  if (refusal) {
    step.reply = redirect(def, step, *refusal);
    return step;
  }
  step.kind = PageStep::Kind::perform;
  step.action = *std::move(action);
  return step;
}

PageReply PageService::show(const StatsPageDef& def, const PageStep& step, const PageProcess& process,
                            const std::vector<PageProxy>& proxies, bool admin) const {
  PageReply reply{.headers = page_headers(def, step.request)};
  switch (step.request.form) {
    case PageForm::html: {
      const std::string token = admin ? tokens_.make(step.user, clock_.now_ms() / 1000) : std::string();
      reply.body = render_page({def, step.request, process, proxies, admin, token});
      break;
    }
    case PageForm::csv:
      reply.body = render_csv(step.request, proxies);
      break;
    case PageForm::typed:
      reply.body = render_typed(step.request, proxies);
      break;
    case PageForm::json:
      reply.body = render_json(step.request, proxies);
      break;
    case PageForm::json_schema:
      reply.body = json_schema();
      break;
  }
  return reply;
}

PageReply PageService::redirect(const StatsPageDef& def, const PageStep& step, PageResult result) {
  PageRequest request = step.request;
  request.result = result;
  PageReply reply = text_reply(303, "");
  reply.headers.emplace_back("location", page_target(def.uri, request));
  return reply;
}

}  // namespace evenkeel::stats
