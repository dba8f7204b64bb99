// Rules of an HTTP request, in the order of the manual (chapter 4, http-request): the frontend's, then the
// backend's.
#include <utility>

#include "core/relay.h"
#include "frontends/content_switching.h"
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

// Nearly all sets end without waiting and let the request go on. True: this one did, and no coroutine was
// needed for it; else its first verdict is to be carried out by finish_set().
bool HttpConnection::run_at_once(const RuleSet& set, std::size_t& next, Verdict& verdict) {
  if (set.empty()) return true;
  next = 0;
  verdict = set.run(begin_rules(), next);
  if (verdict != Verdict::proceed && verdict != Verdict::allow) return false;
  obey_rules();
  return true;
}

Task<Next> HttpConnection::finish_set(const RuleSet& set, std::size_t next, Verdict verdict) {
  for (;; verdict = set.run(begin_rules(), next)) {
    RuleContext& ctx = client_.rules();
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
    if (verdict == Verdict::pause || verdict == Verdict::wait_body || verdict == Verdict::hints) {
      const Next waited = co_await linger(verdict, ctx);
      if (waited != Next::proceed) co_return waited;
      continue;
    }
    obey_rules();
    co_return co_await apply_verdict(verdict);
  }
}

// What has to happen before the next rule of the same set.
Task<Next> HttpConnection::linger(Verdict verdict, RuleContext& ctx) {
  if (verdict == Verdict::wait_body) co_return co_await wait_for_body(ctx);
  if (verdict == Verdict::hints) {
    const bool sent = co_await send_hints(ctx.early_hints);
    co_return sent ? Next::proceed : Next::close;
  }
  co_await nap(ctx.pause_ms);
  if (killed_ == Cause::none) co_return Next::proceed;
  fail(killed_, Phase::request);
  co_return Next::close;
}

// What rules have said about this request as a whole.
void HttpConnection::obey_rules() noexcept {
  const RuleContext& ctx = client_.rules();
  if (ctx.timeout_client_ms) client_timeout_ = *ctx.timeout_client_ms;
  if (ctx.timeout_server_ms) server_timeout_ = *ctx.timeout_server_ms;
  if (ctx.timeout_tunnel_ms) tunnel_timeout_ = *ctx.timeout_tunnel_ms;
  if (ctx.log_level >= 0) record_.level = ctx.log_level;
  ctx.mark_client();
}

Task<void> HttpConnection::nap(Millis duration) {
  Nap nap(worker(), worker().now() + duration);
  napping_ = &nap;
  co_await nap;
  napping_ = nullptr;
}

// wait-for-body has a time of its own; a body that is late ends the request (408).
Task<Next> HttpConnection::wait_for_body(const rules::EvalContext& ctx) {
  if (request_body_done_) co_return Next::proceed;
  const Millis due = std::exchange(request_due_, worker().now() + ctx.wait_body_ms);
  const Next gathered = co_await gather_body(ctx.wait_body_least);
  request_due_ = due;
  co_return gathered;
}

// RFC 8297; HTTP/1.0 knows no interim responses.
Task<bool> HttpConnection::send_hints(std::string& lines) {
  std::string text = "HTTP/1.1 103 Early Hints\r\n";
  text.append(lines).append("\r\n");
  lines.clear();
  if (request_.version_minor == 0) co_return true;
  co_return co_await write_client(text);
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
    case Verdict::pause:
    case Verdict::wait_body:
    case Verdict::hints:
    case Verdict::end_server:
      co_return Next::proceed;
    case Verdict::respond:
      ++counters.intercepted;
      fail(Cause::local, Phase::request);
      co_return co_await send_reply(ctx.reply);
    case Verdict::tarpit: {
      const backends::Timeouts& t = target_def_ ? target_def_->timeouts : def_->timeouts;
      const Millis configured = t.tarpit > 0 ? t.tarpit : (t.connect > 0 ? t.connect : 0);
      co_await nap(ctx.timeout_tarpit_ms.value_or(configured));
      ++counters.denied_req;
      fail(Cause::denied, Phase::tarpit);
      co_return co_await send_reply(ctx.reply);
    }
    case Verdict::deny:
      ++counters.denied_req;
      if (target_ != nullptr) ++target_->counters(index).denied_req;
      fail(Cause::denied, Phase::request);
      co_return co_await send_reply(ctx.reply);
    case Verdict::serve:
      ++counters.intercepted;
      fail(Cause::local, Phase::request);
      co_return co_await serve_metrics();
    case Verdict::reject:
    case Verdict::silent_drop:
      ++counters.denied_req;
      fail(Cause::denied, Phase::request);
      record_.status = -1;
      if (verdict == Verdict::silent_drop) drop_silently(client_.stream.fd(), client_.rules().drop_ttl);
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
    co_return co_await send_error(status, reply.http_errors,
                                  reply.headers.empty() ? nullptr : &reply.headers);
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

namespace {

// The sets of a proxy that look at a request, in their order.
constexpr unsigned kSets = 4;
const RuleSet& set_of(const RuleSets& sets, unsigned number) noexcept {
  switch (number) {
    case 0:
      return sets.tcp_request_content;
    case 1:
      return sets.http_request;
    case 2:
      return sets.request_lines;
    default:
      return sets.redirects;
  }
}

}  // namespace

bool HttpConnection::run_sets(const RuleSets& sets, RuleStop& at) {
  for (; at.set < kSets; ++at.set) {
    if (!run_at_once(set_of(sets, at.set), at.next, at.verdict)) return false;
  }
  return true;
}

// True: all rules of the proxy have run and the request goes on, which needed no coroutine; else the rest is
// for finish_rules().
bool HttpConnection::run_proxy_rules(const RuleSets& sets, RuleStop& at) {
  RuleContext* const ctx = client_.rules_if_any();
  const bool upgraded = ctx != nullptr && &sets == def_->rules.get() && ctx->content_rules_done();
  at.set = upgraded ? 1 : 0;
  return run_sets(sets, at);
}

Task<Next> HttpConnection::finish_rules(const RuleSets& sets, RuleStop at) {
  do {
    const Next next = co_await finish_set(set_of(sets, at.set), at.next, at.verdict);
    if (next != Next::proceed) co_return next;
    ++at.set;
  } while (!run_sets(sets, at));
  co_return Next::proceed;
}

// use_backend, else default_backend (manual 4.2). Null: there is nowhere to go.
backends::Backend* HttpConnection::choose_backend() {
  Engine& engine = client_.context.engine;
  if (def_->rules && !def_->rules->force_be_switch.empty()) begin_rules();
  if (def_->rules && !def_->rules->use_backend.empty()) {
    RuleContext& ctx = begin_rules();
    backends::Backend* found = nullptr;
    const auto exists = [&](std::string_view n) -> bool {
      found = engine.find_backend(n);
      return found != nullptr && may_switch_to(client_, *found);
    };
    if (!def_->rules->use_backend.pick(ctx, exists).empty()) return found;
  }
  return default_backend_of(client_);
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

}  // namespace evenkeel::frontends
