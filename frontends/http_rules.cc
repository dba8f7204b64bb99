// Rules of an HTTP request and its response, in the order of the manual (chapter 4, http-request): the
// frontend's, then the backend's; for responses the other way round.
#include <unistd.h>

#include "core/relay.h"
#include "frontends/http_transaction.h"
#include "frontends/rule_context.h"
#include "http/serializer.h"
#include "http/status.h"

namespace evenkeel::frontends {

using rules::RuleSet;
using rules::RuleSets;
using rules::Verdict;

RuleContext& HttpConnection::begin_rules() {
  RuleContext& ctx = client_.rules();
  if (!rules_begun_) {
    rules_begun_ = true;
    // The log shows the request as it came, whatever rules make of it.
    keep_request_line();
    ctx.use_record(record_);
    ctx.begin(&request_, carry_.requests);
    ctx.unique_id_format = record_.captured ? def_->unique_id : nullptr;
    ctx.request_body_size = request_body_left_;
  }
  ctx.backend = target_;
  ctx.server = server;
  ctx.lease = &lease_;
  const std::string_view here =
      client_.in.held() ? client_.in.view().substr(request_head_length_) : std::string_view();
  ctx.request_body = {here, request_body_done_ || here.size() >= request_body_left_ ||
                                client_.in.size() >= client_.in.capacity()};
  return ctx;
}

// Rules that look at the body ask for more of it, within the time that the whole request may take.
Task<IoStatus> HttpConnection::read_more_body() {
  Buffer& in = client_.in;
  if (in.size() >= in.capacity()) co_return IoStatus::no_resource;
  in.compact();
  request_.headers.rebase(in.view().data());
  if (request_due_ > 0) client_deadline_.set(request_due_);
  const IoStatus status = co_await fill_request();
  request_.headers.rebase(in.held() ? in.view().data() : "");
  client_deadline_.clear();
  co_return status;
}

Task<Next> HttpConnection::run_set(const RuleSet& set) {
  if (set.empty()) co_return Next::proceed;
  std::size_t next = 0;
  for (;;) {
    RuleContext& ctx = begin_rules();
    const Verdict verdict = set.run(ctx, next);
    if (verdict == Verdict::wait) {
      const IoStatus more = co_await read_more_body();
      if (more == IoStatus::ok) continue;
      ctx.inspection_ended = true;
      ++next;
      continue;
    }
    if (verdict == Verdict::cache_use) {
      if (look_up_cache(ctx.cache)) co_return co_await serve_cached();
      continue;
    }
    co_return co_await apply_verdict(verdict);
  }
}

Task<Next> HttpConnection::apply_verdict(Verdict verdict) {
  RuleContext& ctx = client_.rules();
  const auto index = client_.context.index();
  auto& counters = client_.frontend.counters(index);
  switch (verdict) {
    case Verdict::proceed:
    case Verdict::allow:
    case Verdict::wait:
    case Verdict::cache_use:
    case Verdict::cache_store:
      co_return Next::proceed;
    case Verdict::respond:
      ++counters.intercepted;
      fail(Cause::local, Phase::request);
      co_return co_await send_reply(ctx.reply);
    case Verdict::tarpit: {
      const backends::Timeouts& t = target_def_ ? target_def_->timeouts : def_->timeouts;
      const Millis configured = t.tarpit > 0 ? t.tarpit : (t.connect > 0 ? t.connect : 0);
      co_await worker().sleep(ctx.timeout_tarpit_ms.value_or(configured));
      ++counters.denied_req;
      fail(Cause::denied, Phase::tarpit);
      co_return co_await send_reply(ctx.reply);
    }
    case Verdict::deny:
      ++counters.denied_req;
      if (target_ != nullptr) ++target_->counters(index).denied_req;
      fail(Cause::denied, Phase::request);
      co_return co_await send_reply(ctx.reply);
    case Verdict::reject:
    case Verdict::silent_drop:
      ++counters.denied_req;
      fail(Cause::denied, Phase::request);
      record_.status = -1;
      if (verdict == Verdict::silent_drop) drop_silently(client_.stream.fd());
      co_return Next::close;
    case Verdict::failed:
      ++counters.internal_errors;
      fail(Cause::internal, Phase::request);
      co_return co_await send_error(500);
  }
  co_return Next::proceed;
}

// The answer that a rule has made.
Task<Next> HttpConnection::send_reply(const rules::Reply& reply) {
  using Kind = rules::Reply::Kind;
  if (reply.kind == Kind::closed) {
    record_.status = -1;
    co_return Next::close;
  }
  if (reply.kind == Kind::none || reply.kind == Kind::standard) {
    const int status = reply.status != 0 ? reply.status : 403;
    co_return co_await send_error(status, reply.http_errors);
  }
  record_.status = reply.status;
  if (reply.kind == Kind::raw) {
    co_return co_await send_message(reply.payload(), client_may_stay() && !reply.close);
  }
  response_.clear();
  response_.status = static_cast<std::uint16_t>(reply.status);
  response_.version_minor = 1;
  response_.set_reason(reply.reason.empty() ? http::reason_phrase(reply.status) : reply.reason);
  for (const auto& [name, value] : reply.headers) response_.headers.add(name, value);
  if (reply.close) keep_client_ = false;
  if (response_.headers.find(http::HeaderId::content_length) == http::HeaderBlock::npos &&
      reply.status >= 200 && reply.status != 204) {
    response_.headers.add(http::HeaderId::content_length, std::to_string(reply.payload().size()));
  }
  run_after_response_rules();
  const bool stay = client_may_stay();
  http::SerializeOptions options;
  options.connection = response_token(stay);
  std::string text(1024, '\0');
  std::size_t size = http::serialize_response(response_, options, text);
  if (size > text.size()) {
    text.resize(size);
    size = http::serialize_response(response_, options, text);
  }
  text.resize(size);
  const bool has_body = request_.method != http::Method::head && reply.status != 204 && reply.status != 304;
  if (has_body) text += reply.payload();
  co_return co_await send_bytes_and_end(text, stay);
}

Task<Next> HttpConnection::run_proxy_rules(const RuleSets& sets) {
  Next next = Next::proceed;
  if (carry_.requests == 1) next = co_await run_set(sets.tcp_request_content);
  if (next == Next::proceed) next = co_await run_set(sets.http_request);
  if (next == Next::proceed) next = co_await run_set(sets.request_lines);
  if (next == Next::proceed) next = co_await run_set(sets.redirects);
  co_return next;
}

// use_backend, else default_backend (manual 4.2). Null: there is nowhere to go.
backends::Backend* HttpConnection::choose_backend() {
  Engine& engine = client_.context.engine;
  if (def_->rules && !def_->rules->use_backend.empty()) {
    RuleContext& ctx = begin_rules();
    const std::string_view name = def_->rules->use_backend.pick(
        ctx, [&](std::string_view n) { return engine.find_backend(n) != nullptr; });
    if (!name.empty()) return engine.find_backend(name);
  }
  return client_.frontend.default_backend;
}

// use-server: the first rule that holds and whose server can take it (manual 4.2).
backends::Server* HttpConnection::choose_server() {
  if (!target_def_->rules || target_def_->rules->use_server.empty()) return nullptr;
  RuleContext& ctx = begin_rules();
  const std::string_view name = target_def_->rules->use_server.pick(ctx, [&](std::string_view n) {
    const backends::Server* s = target_->find_server(n);
    return s != nullptr && (s->can_serve() || target_def_->persist);
  });
  return name.empty() ? nullptr : target_->find_server(name);
}

bool HttpConnection::any_holds(const std::vector<rules::Condition>& conditions) {
  if (conditions.empty()) return false;
  RuleContext& ctx = begin_rules();
  for (const rules::Condition& condition : conditions) {
    if (condition.holds(ctx)) return true;
  }
  return false;
}

// The server's response meets the backend's rules, then the frontend's.
Task<Next> HttpConnection::run_response_rules() {
  const RuleSets* const be = target_ != nullptr ? target_def_->rules.get() : nullptr;
  const RuleSets* const fe = def_->rules.get();
  for (const RuleSets* sets : {be, fe == be ? nullptr : fe}) {
    if (sets == nullptr || sets->http_response.empty()) continue;
    RuleContext& ctx = begin_rules();
    ctx.response = &response_;
    ctx.in_response = true;
    std::size_t next = 0;
    Verdict verdict = sets->http_response.run(ctx, next);
    while (verdict == Verdict::cache_store) {
      begin_store(ctx.cache);
      verdict = sets->http_response.run(ctx, next);
    }
    if (verdict == Verdict::proceed || verdict == Verdict::allow || verdict == Verdict::wait) continue;
    keep_server_ = false;
    if (verdict == Verdict::deny) {
      const auto index = client_.context.index();
      if (target_ != nullptr) ++target_->counters(index).denied_resp;
      ++client_.frontend.counters(index).denied_resp;
      fail(Cause::denied, Phase::headers);
      if (ctx.reply.kind == rules::Reply::Kind::standard && ctx.reply.status == 403) ctx.reply.status = 502;
      co_return co_await send_reply(ctx.reply);
    }
    co_return co_await apply_verdict(verdict);
  }
  run_after_response_rules();
  co_return Next::proceed;
}

// http-after-response: for every response, our own included.
void HttpConnection::run_after_response_rules() {
  const RuleSets* const be = target_def_ ? target_def_->rules.get() : nullptr;
  const RuleSets* const fe = def_->rules.get();
  for (const RuleSets* sets : {be, fe == be ? nullptr : fe}) {
    if (sets == nullptr || sets->http_after_response.empty()) continue;
    RuleContext& ctx = begin_rules();
    ctx.response = &response_;
    ctx.in_response = true;
    (void)sets->http_after_response.run(ctx);
  }
}

}  // namespace evenkeel::frontends
