// Persistence cookies of a request and its response; the arithmetic is backends/persistence_cookie.h.
#include "frontends/http_transaction.h"
#include "http/cookie.h"

namespace evenkeel::frontends {

std::string HttpConnection::server_cookie(const backends::Server& of) const {
  if (!of.def().cookie.empty() || !target_def_->cookie.dynamic) return of.def().cookie;
  return backends::dynamic_cookie(target_def_->cookie.dynamic_key, of.address());
}

// ignore-persist: the log tells that there was a cookie.
void HttpConnection::note_unused_cookie() {
  const http::HeaderBlock& headers = request_.headers;
  http::CookieSpan cookie;
  for (std::size_t i = headers.find(http::HeaderId::cookie); i != http::HeaderBlock::npos;
       i = headers.find(http::HeaderId::cookie, i + 1)) {
    if (http::find_cookie(headers.value(i), target_def_->cookie.name, cookie))
      record_.cookie_in = static_cast<char>(backends::RequestCookie::unused);
  }
}

void HttpConnection::read_cookies() {
  persist_insisted_ = target_def_->persist;
  persist_ignored_ = false;
  // Shown from here on, also when no server comes to answer.
  if (target_def_->cookie.logged())
    record_.cookie_in = record_.cookie_out = static_cast<char>(backends::RequestCookie::none);
  if (target_def_->rules) {
    persist_insisted_ = persist_insisted_ || any_holds(target_def_->rules->force_persist);
    persist_ignored_ = any_holds(target_def_->rules->ignore_persist);
  }
  if (persist_ignored_ && target_def_->cookie.on() && target_def_->cookie.logged()) note_unused_cookie();
  if (!target_def_->cookie.on() || persist_ignored_) return;
  const auto find = [this](std::string_view value) {
    backends::CookieMatch match;
    for (backends::Server* candidate : target_->servers()) {
      if (server_cookie(*candidate) != value) continue;
      if (candidate->can_serve()) return backends::CookieMatch{candidate, true};
      if (match.server == nullptr) match.server = candidate;
    }
    return match;
  };
  cookies_ = backends::read_request_cookie(target_def_->cookie, request_.headers,
                                           client_.accepted_wall_us / 1'000'000, persist_insisted_, find);
  if (target_def_->cookie.logged()) record_.cookie_in = static_cast<char>(cookies_.request);
}

void HttpConnection::write_cookies() {
  if (!target_def_->cookie.on() || persist_ignored_) return;
  const std::string value = server_cookie(*lease_.server);
  backends::CookieResponse session;
  session.method = request_.method;
  session.server_cookie = value;
  session.direct = lease_.server == cookies_.server;
  session.now = SystemClock().wall_us() / 1'000'000;
  backends::edit_response_cookies(target_def_->cookie, cookies_, response_, session);
  if (target_def_->cookie.logged()) {
    record_.cookie_in = static_cast<char>(cookies_.request);
    record_.cookie_out = static_cast<char>(cookies_.response);
  }
}

}  // namespace evenkeel::frontends
