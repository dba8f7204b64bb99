// The client's request: waiting for it, reading its head, refusing what cannot be understood.
#include <algorithm>

#include "frontends/capture_error.h"
#include "frontends/http_transaction.h"
#include "frontends/session_end.h"
#include "http/status.h"

namespace evenkeel::frontends {
namespace {

// A session that waits for its next request is parked after this time, or at once when so many others wait: a
// crowd must not leave a high-water mark of full sessions behind. Those that have come back before are likely
// to do so again. A shorter time would serve, too, but timers that are always near make every sleep of the
// processor dear (a third of a request's CPU at 4,000 requests per second).
constexpr Millis kParkAfter = 1000;
constexpr std::uint32_t kWarmSessions = 64;
constexpr std::uint32_t kWarmReturning = 1024;

}  // namespace

void HttpConnection::begin_request() {
  record_ = {};
  begin_record(record_, client_);
  record_.http = true;
  if (carry_.requests > 0) {
    record_.at.accepted = carry_.idle_since_us;
    record_.at.handshaken = carry_.idle_since_us;
  }
  request_.clear();
  response_.clear();
  request_head_length_ = 0;
  request_size_ = 0;
  body_sent_along_ = 0;
  request_body_done_ = true;
  request_body_failed_ = false;
  body_streamed_ = false;
  response_started_ = false;
  continue_sent_ = false;
  rules_begun_ = false;
  cookies_ = {};
  filters_.reset();
  client_left_ = false;
  client_timeout_ = def_->timeouts.client;
  keep_client_ = true;
  keep_server_ = true;
}

// Nothing is here yet. A client that takes its time is waited for in two steps: for a moment with everything
// in place, then parked (see serve_http).
void HttpConnection::begin_idle() {
  const backends::Timeouts& t = def_->timeouts;
  Millis wait = t.http_request > 0 ? t.http_request : t.client;
  if (carry_.requests > 0 && t.http_keep_alive > 0) wait = t.http_keep_alive;
  if (carry_.idle_until == kNever && wait > 0) carry_.idle_until = worker().now() + wait;
  client_deadline_.set(std::min(carry_.idle_until, worker().now() + kParkAfter));
}

void HttpConnection::start_request_clock() {
  record_.at.first_byte = worker().now_us();
  record_.request_wall_us = client_.accepted_wall_us + (record_.at.first_byte - client_.accepted_us);
  const backends::Timeouts& t = def_->timeouts;
  const Millis limit = t.http_request > 0 ? t.http_request : t.client;
  request_due_ = limit > 0 ? worker().now() + limit : 0;
  if (limit > 0) {
    client_deadline_.set(request_due_);
  } else {
    client_deadline_.clear();
  }
}

// Waits for and reads bytes of the request. The time allowed is counted from the first byte on, so that a
// client cannot hold the connection by sending a byte now and then (manual 4.2, timeout http-request).
Task<IoStatus> HttpConnection::fill_request() {
  Buffer& in = client_.in;
  if (in.empty()) {
    in.release();
    if (carry_.time_is_up) co_return IoStatus::timeout;
    begin_idle();
    const std::uint32_t limit = carry_.requests > 1 ? kWarmReturning : kWarmSessions;
    if (client_.context.warm_sessions >= limit && !client_.stream.may_be_readable()) {
      co_return IoStatus::timeout;
    }
    ++client_.context.warm_sessions;
    const IoResult ready = co_await client_.stream.readable();
    --client_.context.warm_sessions;
    if (!ready.ok()) co_return ready.status;
    fetch_ahead();
    in.reserve();
  }
  if (in.space().empty()) in.compact();
  if (in.space().empty()) co_return IoStatus::no_resource;
  const IoResult read = co_await client_.stream.read(in.space());
  if (!read.ok()) co_return read.status;
  if (record_.at.first_byte == stats::kUnset) start_request_clock();
  in.commit(read.bytes);
  co_return IoStatus::ok;
}

Task<Next> HttpConnection::read_request() {
  begin_request();
  Buffer& in = client_.in;
  if (!in.empty()) start_request_clock();  // pipelined
  for (;;) {
    if (!in.empty()) {
      const http::ParseResult parsed = http::parse_request_head(in.bytes(), request_limits_, request_);
      if (parsed.is_complete()) {
        request_head_length_ = parsed.offset;
        break;
      }
      if (parsed.is_bad()) {
        capture_error(client_.context, client_.frontend, nullptr, client_.peer, in.view(), parsed.offset);
        co_return co_await refuse_request(400, Cause::denied, Phase::request);
      }
    }
    const IoStatus status = co_await fill_request();
    if (status == IoStatus::ok) continue;
    if (killed_ != Cause::none) co_return Next::close;
    if (status == IoStatus::no_resource)
      co_return co_await refuse_request(400, Cause::denied, Phase::request);
    const bool untouched = in.empty();
    if (untouched && status == IoStatus::timeout && worker().now() < carry_.idle_until) {
      in.release();
      co_return Next::park;
    }
    // Nothing came at all: browsers open connections for later, and idle ones end; neither is an error.
    if (untouched && (carry_.requests > 0 || def_->ignore_probes || status != IoStatus::timeout))
      co_return Next::close;
    if (status == IoStatus::timeout)
      co_return co_await refuse_request(408, Cause::client_timeout, Phase::request);
    ++client_.frontend.counters(client_.context.index()).cli_aborts;
    co_return co_await refuse_request(400, Cause::client_abort, Phase::request);
  }
  client_deadline_.clear();
  carry_.idle_until = kNever;
  request_framing_ = http::frame_request(request_);
  if (request_framing_.error != http::ErrorCode::none) {
    capture_error(client_.context, client_.frontend, nullptr, client_.peer, in.view(), request_head_length_);
    co_return co_await refuse_request(http::status_of(request_framing_.error), Cause::denied, Phase::request);
  }
  start_body();
  // What is broken from the start reaches no server.
  std::size_t size = 0;
  if (request_framing_.kind == http::BodyKind::chunked && inspect_body(size) == BodyHere::bad) {
    co_return co_await refuse_request(400, Cause::denied, Phase::request);
  }
  record_.at.request_done = worker().now_us();
  note_request();
  co_return Next::proceed;
}

void HttpConnection::start_body() {
  const bool has_length = request_framing_.kind == http::BodyKind::length;
  request_body_left_ = has_length ? request_framing_.length : 0;
  request_body_done_ = request_framing_.kind != http::BodyKind::chunked && request_body_left_ == 0;
  request_chunks_ = http::ChunkDecoder(request_limits_);
}

// What the log and the counters want to know of a good request.
void HttpConnection::note_request() {
  ++carry_.requests;
  if (client_.account) client_.account->reset();
  record_.captured = true;
  number_record(record_, client_);
  record_.method = request_.method_text();
  record_.target_uri = request_.target();
  // The whole line counts, as a C string that tune.http.logurilen has room for.
  const auto room = static_cast<std::size_t>(client_.context.engine.config().global.log_uri_length);
  const std::size_t taken = record_.method.size() + 2;
  record_.target_uri = record_.target_uri.substr(0, room > taken ? room - taken : 0);
  record_.version = request_.version_minor == 0 ? "HTTP/1.0" : "HTTP/1.1";
  record_.bytes_in = request_head_length_;
  keep_client_ = request_framing_.keep_alive && def_->http_mode != backends::HttpMode::close;
  const auto index = client_.context.index();
  auto& counters = client_.frontend.counters(index);
  ++counters.cum_req;
  counters.rate(stats::RateId::req_rate, worker().now());
  client_.context.engine.totals.at(index).rate(stats::RateId::req_rate, worker().now());
  ++client_.context.engine.totals.at(index).cum_req;
}

// The request line as it came; the buffer that holds it is about to be reused, or rules may change it.
void HttpConnection::keep_request_line() {
  if (record_.method.data() == request_line_.data() && !request_line_.empty()) return;
  const std::size_t method = record_.method.size();
  const std::size_t target = record_.target_uri.size();
  request_line_.assign(record_.method).append(record_.target_uri);  // its memory serves all requests
  record_.method = std::string_view(request_line_).substr(0, method);
  record_.target_uri = std::string_view(request_line_).substr(method, target);
}

// Answers what could not be taken for a request, and closes.
Task<Next> HttpConnection::refuse_request(int status, Cause cause, Phase phase) {
  fail(cause, phase);
  if (!record_.captured) number_record(record_, client_);
  auto& counters = client_.frontend.counters(client_.context.index());
  ++counters.cum_req;
  ++counters.failed_req;
  keep_client_ = false;
  request_head_length_ = client_.in.held() ? client_.in.size() : 0;
  (void)co_await send_error(status);
  finish_request();
  discard_unread(client_.stream);
  co_return Next::close;
}

}  // namespace evenkeel::frontends
