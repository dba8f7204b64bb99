// Answers that need no server: errors, monitor requests, rules, the statistics page.
#include "core/relay.h"
#include "frontends/http_transaction.h"
#include "http/status.h"

namespace evenkeel::frontends {
namespace {

bool path_is(std::string_view target, std::string_view uri) noexcept {
  return target == uri ||
         (target.size() > uri.size() && target.starts_with(uri) && target[uri.size()] == '?');
}

}  // namespace

// A connection stays only when both sides know where the next request begins.
bool HttpConnection::client_may_stay() const noexcept {
  return keep_client_ && request_body_done_ && !client_.context.engine.stopping();
}

Task<Next> HttpConnection::send_bytes_and_end(std::string_view bytes, bool may_keep) {
  record_.at.response_done = worker().now_us();
  const IoResult sent =
      co_await write_all(worker(), client_.stream, bytes, &client_deadline_, def_->timeouts.client);
  record_.bytes_out += sent.bytes;
  if (!sent.ok()) {
    fail(sent.status == IoStatus::timeout ? Cause::client_timeout : Cause::client_abort, Phase::data);
    co_return Next::close;
  }
  co_return may_keep ? Next::done : Next::close;
}

Task<Next> HttpConnection::send_error(int status) {
  record_.status = status;
  if (record_.cause == Cause::none) fail(Cause::local, Phase::none);
  const backends::ErrorReply* custom = nullptr;
  for (const backends::ProxyDef* def : {static_cast<const backends::ProxyDef*>(target_def_.get()),
                                        static_cast<const backends::ProxyDef*>(def_.get())}) {
    if (def == nullptr || custom != nullptr) continue;
    const auto it = def->errors.find(status);
    if (it != def->errors.end()) custom = &it->second;
  }
  if (custom != nullptr && *custom) co_return co_await send_bytes_and_end(**custom, false);
  const bool parsed = record_.captured;
  if (!parsed) {
    const std::string_view raw = http::raw_error(status);
    if (!raw.empty()) co_return co_await send_bytes_and_end(raw, false);
  }
  const http::ErrorPage* page = http::error_page(status);
  if (page == nullptr) page = http::error_page(500);
  const bool stay = client_may_stay() && status != 400 && status != 408;
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

Task<Next> HttpConnection::answer_locally() {
  if (!def_->monitor_uri.empty() && path_is(request_.target(), def_->monitor_uri)) {
    ++client_.frontend.counters(client_.context.index()).intercepted;
    co_return co_await send_error(200);
  }
  if (stats::is_page_target(def_->stats_page, request_.target()))
    co_return co_await serve_stats(def_->stats_page, def_->name);
  target_ = client_.frontend.default_backend;
  if (target_ == nullptr) {
    fail(Cause::server_abort, Phase::connect);
    co_return co_await send_error(503);
  }
  backend = target_;
  target_def_ = target_->shared_def();
  record_.backend = target_->name();
  const auto index = client_.context.index();
  auto& counters = target_->counters(index);
  ++counters.cum_sess;
  ++counters.cum_req;
  counters.rate(stats::RateId::sess_rate, worker().now());
  counters.sess_max.note(target_->current_sessions.fetch_add(1, std::memory_order_relaxed) + 1);
  if (stats::is_page_target(target_def_->stats_page, request_.target()))
    co_return co_await serve_stats(target_def_->stats_page, target_def_->name);
  co_return Next::proceed;
}

}  // namespace evenkeel::frontends
