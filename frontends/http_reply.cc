// Answers that need no server: errors, monitor requests, rules, the statistics page.
#include <array>

#include "core/relay.h"
#include "frontends/debug_events.h"
#include "frontends/http_transaction.h"
#include "frontends/rule_context.h"
#include "frontends/send_proxy.h"
#include "http/status.h"
#include "rules/action/reply_spec.h"

namespace evenkeel::frontends {
namespace {

bool path_is(std::string_view target, std::string_view uri) noexcept {
  return target == uri ||
         (target.size() > uri.size() && target.starts_with(uri) && target[uri.size()] == '?');
}

}  // namespace

// A connection stays only when both sides know where the next request begins. What has come of a body that
// nobody wants is skipped.
bool HttpConnection::client_may_stay() noexcept {
  std::size_t size = 0;
  if (!request_body_done_ && keep_client_ && inspect_body(size) == BodyHere::all) skip_body(size);
  return keep_client_ && request_body_done_ && !client_.context.engine.ends_keep_alive();
}

// HTTP/1.0 closes unless told otherwise, HTTP/1.1 stays; the older of both sides decides what must be said.
http::ConnectionToken HttpConnection::response_token(bool stay) const noexcept {
  if (!stay) return response_.version_minor == 0 ? http::ConnectionToken::none : http::ConnectionToken::close;
  const bool old = request_.version_minor == 0 || response_.version_minor == 0;
  return old ? http::ConnectionToken::keep_alive : http::ConnectionToken::none;
}

Task<Next> HttpConnection::send_message(std::string_view message, bool may_keep, const MoreHeaders* more) {
  std::string copy(message);  // parsing may join folded lines in place
  response_.clear();
  const http::ParseResult parsed =
      http::parse_response_head(copy, {.accept_bare_lf = true, .accept_unsafe = true}, response_);
  const http::RequestFacts facts{request_.method, false};
  const http::Framing framing =
      parsed.is_complete() ? http::frame_response(response_, facts) : http::Framing{};
  if (!parsed.is_complete() || framing.error != http::ErrorCode::none) {
    co_return co_await send_bytes_and_end(message, false);  // whatever it is, it was asked for
  }
  if (more != nullptr)
    for (const auto& [name, value] : *more) response_.headers.add(name, value);
  if (record_.captured) run_after_response_rules();
  record_.status = response_.status;
  const std::string_view body = std::string_view(copy).substr(parsed.offset);
  const bool has_end = framing.kind == http::BodyKind::none ||
                       (framing.kind == http::BodyKind::length && framing.length == body.size());
  const bool stay = may_keep && has_end;
  http::SerializeOptions options;
  options.connection = response_token(stay);
  std::string text(http::serialize_response(response_, options, {}), '\0');
  http::serialize_response(response_, options, text);
  if (request_.method != http::Method::head) text += body;
  co_return co_await send_bytes_and_end(text, stay);
}

Task<Next> HttpConnection::send_bytes_and_end(std::string_view bytes, bool may_keep) {
  // What limits bodies leaves heads alone.
  const std::size_t end = stream_filters() == nullptr ? std::string_view::npos : bytes.find("\r\n\r\n");
  if (end != std::string_view::npos) {
    bool ok = co_await write_client(bytes.substr(0, end + 4));
    std::array<iovec, 1> body{iovec{const_cast<char*>(bytes.data()) + end + 4, bytes.size() - end - 4}};
    if (ok) ok = co_await write_client(body);
    co_return ok&& may_keep ? Next::done : Next::close;
  }
  const IoResult sent =
      co_await write_all(worker(), client_.stream, bytes, &client_deadline_, client_timeout_);
  record_.bytes_out += sent.bytes;
  if (!sent.ok()) {
    fail(sent.status == IoStatus::timeout ? Cause::client_timeout : Cause::client_abort, Phase::data);
    co_return Next::close;
  }
  co_return may_keep ? Next::done : Next::close;
}

const backends::ErrorReply* HttpConnection::custom_error(int status, std::string_view http_errors) const {
  if (!http_errors.empty()) {
    const auto& sections = client_.context.engine.config().http_errors;
    const auto section = sections.find(http_errors);
    if (section != sections.end()) {
      const auto it = section->second.find(status);
      if (it != section->second.end()) return &it->second;
    }
  }
  for (const backends::ProxyDef* def : {static_cast<const backends::ProxyDef*>(target_def_.get()),
                                        static_cast<const backends::ProxyDef*>(def_.get())}) {
    if (def == nullptr) continue;
    const auto it = def->errors.find(status);
    if (it != def->errors.end()) return &it->second;
  }
  return nullptr;
}

// The computed answer of `http-error`, where it is the one that counts: not where a section has its own.
const rules::action::ReplySpec* HttpConnection::made_error(int status, std::string_view http_errors) const {
  if (!record_.captured) return nullptr;  // there is no request that anything could be computed from
  if (!http_errors.empty()) {
    const auto& sections = client_.context.engine.config().http_errors;
    const auto section = sections.find(http_errors);
    if (section != sections.end() && section->second.contains(status)) return nullptr;
  }
  for (const backends::ProxyDef* def : {static_cast<const backends::ProxyDef*>(target_def_.get()),
                                        static_cast<const backends::ProxyDef*>(def_.get())}) {
    if (def == nullptr) continue;
    const auto it = def->made_errors.find(status);
    if (it != def->made_errors.end()) return it->second.get();
    if (def->errors.contains(status)) return nullptr;
  }
  return nullptr;
}

Task<Next> HttpConnection::send_error(int status, std::string_view http_errors, const MoreHeaders* more) {
  record_.status = status;
  if (record_.cause == Cause::none) fail(Cause::local, Phase::none);
  if (const rules::action::ReplySpec* const made = made_error(status, http_errors)) {
    rules::Reply reply;
    made->fill(begin_rules(), reply);
    if (more != nullptr) reply.headers.insert(reply.headers.end(), more->begin(), more->end());
    co_return co_await send_reply(reply);
  }
  const backends::ErrorReply* const custom = custom_error(status, http_errors);
  const bool stay = client_may_stay() && status != 400 && status != 408;
  if (custom != nullptr && *custom) {
    if ((*custom)->empty()) co_return Next::close;
    co_return co_await send_message(**custom, stay, more);
  }
  const bool parsed = record_.captured;
  if (!parsed) {
    const std::string_view raw = http::raw_error(status);
    if (!raw.empty()) co_return co_await send_bytes_and_end(raw, false);
  }
  const http::ErrorPage* page = http::error_page(status);
  if (page == nullptr) page = http::error_page(500);
  if (parsed && (more != nullptr || has_after_response_rules())) {
    char text[2048];
    const std::size_t size = http::write_error_page(*page, http::ConnectionToken::none, false, text);
    co_return co_await send_message({text, std::min(size, sizeof text)}, stay, more);
  }
  out_.release();
  out_.reserve();
  const http::ConnectionToken token = !stay                         ? http::ConnectionToken::close
                                      : request_.version_minor == 0 ? http::ConnectionToken::keep_alive
                                                                    : http::ConnectionToken::none;
  const std::size_t size =
      http::write_error_page(*page, token, request_.method == http::Method::head, out_.space());
  out_.commit(size);
  co_return co_await send_bytes_and_end(out_.view(), stay);
}

// monitor-uri: before all rules; `monitor fail` tells the other answer (manual 4.2).
Task<Next> HttpConnection::answer_monitor() {
  ++client_.frontend.counters(client_.context.index()).intercepted;
  const bool failing = def_->rules && any_holds(def_->rules->monitor_fail);
  fail(Cause::local, Phase::request);
  constexpr int kSilent = 8;
  record_.level = kSilent;  // probes come every second and say nothing
  co_return co_await send_error(failing ? 503 : 200);
}

void HttpConnection::enter_backend(backends::Backend& chosen) {
  target_ = &chosen;
  backend = target_;
  target_def_ = target_->shared_def();
  if (asked_def_ != target_def_) {
    asked_def_ = target_def_;
    needs_local_ = needs_local_address(*target_def_);
  }
  record_.backend = target_->name();
  server_timeout_ = target_def_->timeouts.server;
  tunnel_timeout_ = target_def_->timeouts.tunnel;
  if (rules_begun_) obey_rules();
  response_limits_.accept_unsafe = target_def_->accept_unsafe_response;
  ++target_->counters(client_.context.index()).cum_req;
  target_->session_began(client_.context.index(), worker().now());
}

// option http-buffer-request: waits for the body as far as one buffer holds it (manual 4.2).
Task<Next> HttpConnection::buffer_body() {
  if (request_body_done_) co_return Next::proceed;
  if (!def_->buffer_request && !target_def_->buffer_request && !target_def_->balance.needs_body()) {
    co_return Next::proceed;
  }
  co_return co_await gather_body(0);
}

// Reads the body until it is complete, its first `least` bytes are here (0: that is not enough), or the
// buffer is full.
Task<Next> HttpConnection::gather_body(std::uint64_t least) {
  if (request_framing_.expect_continue && !continue_sent_ && client_.in.size() == request_head_length_) {
    continue_sent_ = true;
    request_.headers.remove_all(http::HeaderId::expect);
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    const IoResult sent =
        co_await write_all(worker(), client_.stream, kContinue, &client_deadline_, client_timeout_);
    if (!sent.ok()) co_return Next::close;
  }
  for (;;) {
    std::size_t size = 0;
    const BodyHere here = inspect_body(size);
    if (here == BodyHere::all) co_return Next::proceed;
    if (least > 0 && client_.in.size() - request_head_length_ >= least) co_return Next::proceed;
    const IoStatus more = here == BodyHere::bad ? IoStatus::failed : co_await read_more_body();
    if (more == IoStatus::no_resource) co_return Next::proceed;
    if (more == IoStatus::ok) continue;
    const bool late = more == IoStatus::timeout;
    fail(late                    ? Cause::client_timeout
         : here == BodyHere::bad ? Cause::denied
                                 : Cause::client_abort,
         Phase::request);
    keep_client_ = false;
    co_return co_await send_error(late ? 408 : 400);
  }
}

// Everything between the request's head and its server: rules, pages of our own, the choice of the backend.
Task<Next> HttpConnection::answer_locally() {
  if (debug_events::enabled) debug_events::begins(client_, &request_);
  if ((def_->rules && !def_->rules->request_captures.empty()) || !def_->captured_cookie.name.empty())
    begin_rules().capture_request(request_.headers);
  if (!def_->monitor_uri.empty() && path_is(request_.target(), def_->monitor_uri))
    co_return co_await answer_monitor();
  log_step(stats::LogStep::request);
  RuleStop stop;
  if (def_->rules && !run_proxy_rules(*def_->rules, stop)) {
    const Next next = co_await finish_rules(*def_->rules, stop);
    if (next != Next::proceed) co_return next;
  }
  if (stats::is_page_target(def_->stats_page, request_.target())) {
    co_return co_await serve_stats(*def_);
  }
  backends::Backend* const chosen = choose_backend();
  if (chosen == nullptr) {
    fail(Cause::server_abort, Phase::connect);
    co_return co_await send_error(503);
  }
  enter_backend(*chosen);
  if (target_def_->rules && target_def_->rules != def_->rules &&
      !run_proxy_rules(*target_def_->rules, stop)) {
    const Next next = co_await finish_rules(*target_def_->rules, stop);
    if (next != Next::proceed) co_return next;
  }
  if (stats::is_page_target(target_def_->stats_page, request_.target())) {
    co_return co_await serve_stats(*target_def_);
  }
  co_return co_await buffer_body();
}

}  // namespace evenkeel::frontends
