// Rules of a server's response: tcp-response content, then http-response, the backend's before the
// frontend's, and http-after-response for every response.
#include "core/relay.h"
#include "frontends/http_transaction.h"
#include "frontends/rule_context.h"

namespace evenkeel::frontends {

using rules::RuleSet;
using rules::RuleSets;
using rules::Verdict;

// Whether as much of the response's body is in the buffer as can be waited for: all of it, or `least` bytes.
bool HttpConnection::response_is_here(std::uint64_t least) {
  const std::size_t here = reply_.size();
  if (least > 0 && here >= least) return true;
  if (response_framing_.kind == http::BodyKind::length) return here >= response_framing_.length;
  if (response_framing_.kind == http::BodyKind::until_close) return false;
  if (response_framing_.kind != http::BodyKind::chunked) return true;
  http::ChunkDecoder probe(response_limits_);
  std::span<char> bytes = reply_.held() ? reply_.bytes() : std::span<char>();
  while (!bytes.empty()) {
    const http::ChunkDecoder::Step step = probe.next(bytes);
    if (step.kind == http::ChunkDecoder::Kind::end || step.kind == http::ChunkDecoder::Kind::bad) return true;
    if (step.kind == http::ChunkDecoder::Kind::need_more) break;
    bytes = bytes.subspan(step.consumed);
  }
  return false;
}

// Reads the response's body as far as one buffer holds it; false: it did not come in time.
Task<bool> HttpConnection::gather_response(Millis duration, std::uint64_t least) {
  if (!lease_.connection) co_return true;  // out of a cache
  response_.detach();                      // the buffer is about to be written to
  const Millis due = worker().now() + duration;
  while (!response_is_here(least)) {
    reply_.reserve();
    if (reply_.space().empty()) reply_.compact();
    if (reply_.space().empty()) co_return true;
    server_deadline_.set(due);
    const IoResult in = co_await server_stream().read(reply_.space());
    server_deadline_.clear();
    if (in.status == IoStatus::timeout) co_return false;
    if (!in.ok()) co_return true;  // forwarding meets it again
    record_.server_bytes_in += in.bytes;
    reply_.commit(in.bytes);
  }
  co_return true;
}

Task<Verdict> HttpConnection::run_response_set(const RuleSet& set) {
  std::size_t next = 0;
  for (;;) {
    RuleContext& ctx = begin_rules();
    ctx.response = &response_;
    ctx.in_response = true;
    const bool from_server = lease_.connection != nullptr && reply_.held();
    ctx.response_body = {from_server ? reply_.view() : std::string_view(), response_is_here(0)};
    ctx.response_body_size =
        response_framing_.kind == http::BodyKind::length ? response_framing_.length : reply_.size();
    const Verdict verdict = set.run(ctx, next);
    if (verdict == Verdict::cache_store) {
      begin_store(ctx.cache);
      continue;
    }
    if (verdict == Verdict::pause) {
      co_await nap(ctx.pause_ms);
      if (killed_ == Cause::none) continue;
      co_return Verdict::reject;
    }
    if (verdict != Verdict::wait_body) co_return verdict;
    const bool here = co_await gather_response(ctx.wait_body_ms, ctx.wait_body_least);
    if (here) continue;
    fail(Cause::server_timeout, Phase::data);
    ctx.reply.clear();
    ctx.reply.kind = rules::Reply::Kind::standard;
    ctx.reply.status = 504;
    co_return Verdict::respond;
  }
}

// tcp-response content: without an inspect-delay there is nothing to look at, because the rules run as soon
// as the connection stands; with one, they wait for the head.
bool HttpConnection::inspects_response(bool connected) const noexcept {
  if (!lease_.connection) return false;  // out of a cache
  const RuleSets* const sets = target_def_->rules.get();
  return sets != nullptr && !sets->tcp_response_content.empty() &&
         connected == (sets->response_inspect_delay <= 0);
}

Task<Next> HttpConnection::inspect_response(bool connected) {
  const RuleSets* const sets = target_def_->rules.get();
  RuleContext& ctx = begin_rules();
  ctx.response = connected ? nullptr : &response_;
  ctx.in_response = true;
  ctx.inspection_ended = true;
  const Verdict verdict = sets->tcp_response_content.run(ctx);
  ctx.in_response = false;
  obey_rules();
  if (verdict == Verdict::end_server) {
    keep_server_ = false;
    if (!connected) co_return Next::proceed;
    lease_.reused = false;  // no sudden end of an idle connection, so no reason to try again
    server_stream().cancel(IoStatus::eof);
    co_return Next::proceed;
  }
  if (verdict != Verdict::reject && verdict != Verdict::silent_drop) co_return Next::proceed;
  co_await stop_body_pump();
  const auto index = client_.context.index();
  if (verdict == Verdict::reject) {
    ++target_->counters(index).denied_resp;
    ++client_.frontend.counters(index).denied_resp;
    ++server->counters(index).denied_resp;
  } else {
    ++client_.frontend.counters(index).denied_req;
    drop_silently(client_.stream.fd(), client_.rules().drop_ttl);
  }
  fail(Cause::denied, verdict == Verdict::reject ? Phase::data : Phase::request);
  record_.status = -1;
  co_return Next::close;
}

// A response that a rule has put aside. Its connection serves on when nothing of it is still to come.
Task<Next> HttpConnection::refuse_response(Verdict verdict) {
  RuleContext& ctx = client_.rules();
  co_await stop_body_pump();
  if (lease_.connection && keep_server_ && response_framing_.keep_alive && request_body_done_ &&
      response_framing_.kind != http::BodyKind::chunked && response_is_here(0)) {
    reply_.release();
    keep_server_connection();
  }
  if (verdict != Verdict::deny) co_return co_await apply_verdict(verdict);
  const auto index = client_.context.index();
  if (target_ != nullptr) ++target_->counters(index).denied_resp;
  ++client_.frontend.counters(index).denied_resp;
  fail(Cause::denied, Phase::headers);
  record_.at.response_done = stats::kUnset;  // this one never came, as far as the client goes
  if (ctx.reply.kind == rules::Reply::Kind::standard && ctx.reply.status == 403) ctx.reply.status = 502;
  co_return co_await send_reply(ctx.reply);
}

// The server's response meets the backend's rules, then the frontend's.
Task<Next> HttpConnection::run_response_rules() {
  if (rules_begun_) client_.rules().begin_response();
  if (inspects_response(false)) {
    const Next inspected = co_await inspect_response(false);
    if (inspected != Next::proceed) co_return inspected;
  }
  const RuleSets* const be = target_ != nullptr ? target_def_->rules.get() : nullptr;
  const RuleSets* const fe = def_->rules.get();
  for (const RuleSets* sets : {be, fe == be ? nullptr : fe}) {
    if (sets == nullptr || sets->http_response.empty()) continue;
    const Verdict verdict = co_await run_response_set(sets->http_response);
    obey_rules();
    if (verdict == Verdict::proceed || verdict == Verdict::allow || verdict == Verdict::wait) continue;
    co_return co_await refuse_response(verdict);
  }
  run_after_response_rules();
  co_return Next::proceed;
}

bool HttpConnection::has_response_rules() const noexcept {
  const auto has = [](const backends::ProxyDef* def) {
    return def != nullptr && def->rules &&
           !(def->rules->http_response.empty() && def->rules->http_after_response.empty() &&
             def->rules->tcp_response_content.empty());
  };
  return has(def_.get()) || has(target_def_.get());
}

bool HttpConnection::has_after_response_rules() const noexcept {
  const auto has = [](const backends::ProxyDef* def) {
    return def != nullptr && def->rules && !def->rules->http_after_response.empty();
  };
  return has(def_.get()) || has(target_def_.get());
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
