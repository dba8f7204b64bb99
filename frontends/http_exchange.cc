// The server's part of a request: reaching it, sending the request, reading the head of the response, trying
// again.
#include <poll.h>

#include <algorithm>

#include "core/relay.h"
#include "frontends/capture_error.h"
#include "frontends/http_transaction.h"
#include "frontends/rule_context.h"
#include "frontends/send_proxy.h"
#include "frontends/session_end.h"
#include "http/serializer.h"
#include "http/url.h"

namespace evenkeel::frontends {
namespace {

// Whether a response with this error may have been meant to end, or to take over, the client's connection.
bool ends_client(http::ErrorCode error) noexcept {
  return error == http::ErrorCode::none || error == http::ErrorCode::bad_transfer_encoding ||
         error == http::ErrorCode::unexpected_framing || error == http::ErrorCode::unexpected_switch;
}

bool is_idempotent(http::Method method) noexcept {
  switch (method) {  // RFC 9110 section 9.2.2
    case http::Method::get:
    case http::Method::head:
    case http::Method::put:
    case http::Method::del:
    case http::Method::options:
    case http::Method::trace:
      return true;
    default:
      return false;
  }
}

}  // namespace

namespace {

bool has_closed(const FdStream& stream) noexcept {
  pollfd state{stream.fd(), POLLRDHUP, 0};
  return ::poll(&state, 1, 0) > 0;
}

}  // namespace

void HttpConnection::watch_client() {
  if (!def_->abort_on_close && !target_def_->abort_on_close) return;
  if (!request_body_done_ || client_.in.size() > request_head_length_) return;
  client_.stream.watch_idle([](void* self) noexcept { static_cast<HttpConnection*>(self)->client_moved(); },
                            this);
  // It may have left already: no edge tells of that any more.
  client_left_ = client_.stream.disturbed_while_idle() && has_closed(client_.stream);
}

// The client has closed, or has sent something: a pipelined request, behind which its end may come.
void HttpConnection::client_moved() noexcept {
  if (!has_closed(client_.stream)) {
    client_.stream.watch_idle([](void* self) noexcept { static_cast<HttpConnection*>(self)->client_moved(); },
                              this);
    return;
  }
  client_left_ = true;
  if (connector_) connector_->abort(Cause::client_abort);
  if (lease_.connection) lease_.connection->stream.cancel(IoStatus::cancelled);
}

void HttpConnection::unwatch_client() { client_.stream.unwatch_idle(); }

Task<Next> HttpConnection::connect_failed(const backends::ConnectOutcome& outcome) {
  fail(client_left_ ? Cause::client_abort : outcome.cause, outcome.phase);
  if (killed_ != Cause::none || client_left_) co_return Next::close;
  co_return co_await send_error(outcome.status);
}

// The server of the last request, if this one should go there too (manual 4.2, option prefer-last-server,
// max-keep-alive-queue). After a 401 or 407 it always should: some authentication is for the connection.
backends::Server* HttpConnection::preferred_server() const noexcept {
  if (carry_.last_server == nullptr || &carry_.last_server->backend() != target_) return nullptr;
  const balance::Algorithm algorithm = target_def_->balance.algorithm;
  const bool free_choice = algorithm <= balance::Algorithm::first || algorithm == balance::Algorithm::random;
  if (!free_choice || !carry_.last_server->can_serve() || carry_.last_server->draining()) return nullptr;
  if (carry_.stay_with_server) return carry_.last_server;
  if (!target_def_->prefer_last_server) return nullptr;
  const int limit = target_def_->max_keep_alive_queue;
  const auto waiting = static_cast<int>(carry_.last_server->queued.load(std::memory_order_relaxed));
  const bool joins = limit < 0 || !carry_.last_server->full() || waiting + 1 < limit;
  return joins ? carry_.last_server : nullptr;
}

void HttpConnection::describe_balancing(balance::PickContext& pick) {
  pick.source = rules_begun_ ? &client_.rules().src : &client_.peer;
  pick.target = request_.target();
  const balance::BalanceDef& balance = target_def_->balance;
  if (balance.algorithm == balance::Algorithm::hdr) {
    const std::size_t at = request_.headers.find(balance.name);
    if (at != http::HeaderBlock::npos) pick.header = request_.headers.value(at);
  }
  if (target_def_->hash_sample) pick.sample = begin_rules().bytes_of(*target_def_->hash_sample);
  if (balance.needs_body() && client_.in.held()) {
    pick.body = client_.in.view().substr(request_head_length_ - body_sent_along_);
  }
}

namespace {

// What rules have said about the way to the server.
void obey_rules(backends::Demand& demand, const RuleContext& ctx) {
  demand.connect_timeout = ctx.timeout_connect_ms.value_or(demand.connect_timeout);
  demand.queue_timeout = ctx.timeout_queue_ms.value_or(demand.queue_timeout);
  demand.retries = ctx.retries.value_or(demand.retries);
  demand.priority_class = ctx.priority_class.value_or(0);
  demand.priority_offset = ctx.priority_offset.value_or(0);
  demand.marks = ctx.server_marks();
}

}  // namespace

backends::Demand HttpConnection::make_demand() {
  using backends::Reuse;
  backends::Demand demand;
  demand.def = target_def_.get();
  describe_balancing(demand.pick);
  demand.wanted = choose_server();
  if (demand.wanted != nullptr) {
    cookies_.request = backends::RequestCookie::unused;
  } else if (cookies_.server != nullptr) {
    demand.wanted = cookies_.server;
    demand.insist = persist_insisted_;
  } else {
    demand.preferred = preferred_server();
  }
  demand.client = &client_.peer;
  demand.send_buffer = client_.context.engine.config().global.sndbuf_server;
  demand.receive_buffer = client_.context.engine.config().global.rcvbuf_server;
  if (needs_local_) demand.local = &client_.local();
  const backends::Timeouts& t = target_def_->timeouts;
  demand.connect_timeout = t.connect;
  demand.queue_timeout = t.queue > 0 ? t.queue : t.connect;
  demand.retries = target_def_->retries;
  if (rules_begun_) frontends::obey_rules(demand, client_.rules());
  demand.may_redirect = request_.method == http::Method::get || request_.method == http::Method::head;
  demand.own = carry_.own ? &carry_.own->pool : nullptr;
  const Reuse reuse = target_def_->reuse;
  demand.allow_reuse =
      reuse == Reuse::always || reuse == Reuse::aggressive || (reuse == Reuse::safe && carry_.requests > 1);
  demand.reuse_min_requests = reuse == Reuse::aggressive && carry_.requests == 1 ? 2 : 0;
  return demand;
}

// The server's option `redir` (manual 5.2): the client is to fetch it there itself.
Task<Next> HttpConnection::redirect_to_server() {
  fail(Cause::local, Phase::connect);
  record_.status = 302;
  std::string text = "HTTP/1.1 302 Found\r\ncache-control: no-cache\r\ncontent-length: 0\r\nlocation: ";
  text.append(server->def().redir).append(http::split_url(request_.target()).path_and_query());
  text.append("\r\nconnection: close\r\n\r\n");
  co_return co_await send_bytes_and_end(text, false);
}

Task<Next> HttpConnection::connect_server() {
  const backends::Demand demand = make_demand();
  watch_client();
  if (client_left_) {
    unwatch_client();
    co_return co_await connect_failed({false, Cause::client_abort, Phase::connect});
  }
  const backends::ConnectOutcome outcome = co_await connector_->run(demand, lease_);
  if (!outcome.ok) {
    unwatch_client();
    co_return co_await connect_failed(outcome);
  }
  server = lease_.server;
  if (cookies_.request == backends::RequestCookie::valid && server != cookies_.server) {
    cookies_.request = backends::RequestCookie::down;  // redispatched
  }
  ++server->counters(client_.context.index()).cum_req;
  if (!lease_.connection) {
    unwatch_client();
    co_return co_await redirect_to_server();
  }
  note_server_addresses(record_, client_, server_stream());
  server_stream().bill(client_.account.get());
  log_step(stats::LogStep::connect);
  co_return Next::proceed;
}

Task<bool> HttpConnection::send_request_head() {
  if (!lease_.reused) {
    const backends::ServerDef& def = lease_.server->def();
    const bool with_id = def.send_proxy.unique_id && def_->unique_id != nullptr;
    const std::string header =
        proxy_header_for(def, client_, with_id ? begin_rules().unique_id() : std::string_view());
    if (!header.empty()) {
      lease_.connection->is_private = true;
      const IoResult sent =
          co_await write_all(worker(), server_stream(), header, &server_deadline_, server_timeout_);
      record_.server_bytes_out += sent.bytes;
      if (!sent.ok()) co_return false;
    }
  }
  if (!target_def_->send_name_header.empty()) {
    request_.headers.set(target_def_->send_name_header, lease_.server->name);
    if (!serialize_head()) co_return false;
  }
  // The beginning of a longer body follows at once and shares the segment.
  const bool more =
      request_framing_.kind == http::BodyKind::length && !request_body_done_ && !client_.in.empty();
  const IoResult sent = co_await write_all(worker(), server_stream(), out_.view().substr(0, request_size_),
                                           &server_deadline_, server_timeout_, more);
  record_.server_bytes_out += sent.bytes;
  co_return sent.ok();
}

// As long as nothing has been sent to the client, it is better told than cut off.
bool HttpConnection::chunks_begin_badly(std::size_t head_length) {
  if (response_framing_.kind != http::BodyKind::chunked) return false;
  response_chunks_ = http::ChunkDecoder(response_limits_);
  std::span<char> bytes = reply_.bytes().subspan(head_length);
  while (!bytes.empty()) {
    const http::ChunkDecoder::Step step = response_chunks_.next(bytes);
    if (step.kind == http::ChunkDecoder::Kind::bad) return true;
    if (step.kind != http::ChunkDecoder::Kind::data) break;
    bytes = bytes.subspan(step.consumed);
  }
  return false;
}

// Not within read_response_head(): its frame, which waits for every slow answer, would hold the bytes.
Task<bool> HttpConnection::forward_interim() {
  std::string head(http::serialize_response(response_, {}, {}), '\0');
  http::serialize_response(response_, {}, head);
  co_return co_await write_client(head);
}

// Bytes of the response until its head is complete. Interim responses go through to the client.
Task<IoStatus> HttpConnection::read_response_head() {
  for (;;) {
    if (!reply_.empty()) {
      const http::ParseResult parsed = http::parse_response_head(reply_.bytes(), response_limits_, response_);
      if (parsed.is_bad()) {
        capture_error(client_.context, client_.frontend, server, client_.peer, reply_.view(), parsed.offset);
        co_return IoStatus::failed;
      }
      if (parsed.is_complete()) {
        const http::RequestFacts facts{request_.method, request_framing_.upgrade};
        response_framing_ = http::frame_response(response_, facts);
        if (response_framing_.error != http::ErrorCode::none || response_framing_.faulty) {
          keep_client_ = keep_client_ && !ends_client(response_framing_.error);
        }
        if (response_framing_.error != http::ErrorCode::none || chunks_begin_badly(parsed.offset)) {
          capture_error(client_.context, client_.frontend, server, client_.peer, reply_.view(),
                        parsed.offset);
          co_return IoStatus::failed;
        }
        if (response_.status >= 200 || response_.status == 101) {
          response_started_ = true;
          reply_.consume(parsed.offset);
          co_return IoStatus::ok;
        }
        bool passed_on = true;
        if (request_.version_minor > 0) passed_on = co_await forward_interim();
        if (!passed_on) co_return IoStatus::cancelled;
        reply_.consume(parsed.offset);
        response_.clear();
        continue;
      }
    }
    reply_.reserve();
    if (reply_.space().empty()) reply_.compact();
    if (reply_.space().empty()) co_return IoStatus::failed;
    if (server_timeout_ > 0) server_deadline_.set(worker().now() + server_timeout_);
    const IoResult in = co_await server_stream().read(reply_.space());
    if (!in.ok()) co_return in.status;
    fetch_ahead();
    record_.server_bytes_in += in.bytes;
    reply_.commit(in.bytes);
  }
}

// Whether this request may be sent once more. Without `retry-on`, only over a kept connection that the server
// closed while the request was on its way, and only where repeating does no harm (RFC 9112 section 9.3.1).
bool HttpConnection::may_replay(IoStatus why, int status) const noexcept {
  if (!request_body_done_ || body_streamed_ || killed_ != Cause::none || client_left_) return false;
  const bool nothing_came = reply_.empty() && status == 0;
  const bool cut_off = why == IoStatus::eof || why == IoStatus::reset;
  if (lease_.reused && nothing_came && cut_off && is_idempotent(request_.method)) return true;
  if (replays_left_ <= 0 || (rules_begun_ && client_.rules().no_l7_retry)) return false;
  const backends::RetryOn& retry = target_def_->retry_on;
  if (status != 0) return retry.has_status(status);
  if (why == IoStatus::timeout) return retry.response_timeout && nothing_came;
  if (cut_off && nothing_came) return retry.empty_response;
  if (why == IoStatus::failed) return retry.junk_response;
  return false;
}

Task<Next> HttpConnection::response_failed(IoStatus why) {
  const auto index = client_.context.index();
  if (killed_ != Cause::none || client_left_) {
    fail(client_left_ ? Cause::client_abort : killed_, Phase::headers);
    if (client_left_) record_.status = 400;  // what it would have been told
    co_return Next::close;
  }
  if (request_body_failed_) {
    // The client's own fault; `fail` knows already. A client that only stopped sending is told so.
    if (record_.cause == Cause::client_timeout) co_return co_await send_error(408);
    if (record_.cause == Cause::denied) co_return co_await send_error(400);
    co_return Next::close;
  }
  ++target_->counters(index).failed_resp;
  ++lease_.server->counters(index).failed_resp;
  if (why == IoStatus::timeout) {
    fail(Cause::server_timeout, Phase::headers);
    co_return co_await send_error(504);
  }
  if (why == IoStatus::failed) {
    fail(Cause::denied, Phase::headers);
  } else {
    fail(Cause::server_abort, Phase::headers);
  }
  // A kept connection that was closed under a request which must not be repeated: like a client whose
  // connection was closed, ours will decide for itself.
  if (lease_.reused && reply_.empty() && why != IoStatus::failed && !is_idempotent(request_.method)) {
    co_return Next::close;
  }
  co_return co_await send_error(502);
}

// For `observe layer7`. What the client broke off says nothing about the server, nor does a kept connection
// that ended before it was used again.
void HttpConnection::note_response(IoStatus status) {
  using health::TrafficError;
  if (killed_ != Cause::none || client_left_ || request_body_failed_) return;
  std::optional<TrafficError> error;
  if (status == IoStatus::timeout) {
    error = TrafficError::timeout;
  } else if (status == IoStatus::failed) {
    error = TrafficError::headers;
  } else if (status == IoStatus::eof || status == IoStatus::reset) {
    if (lease_.reused && reply_.empty()) return;
    error = TrafficError::closed;
  } else if (status != IoStatus::ok) {
    return;
  } else if (!health::is_good_status(response_.status)) {
    error = TrafficError::status;
  }
  lease_.server->note_traffic(health::Observe::layer7, error ? &*error : nullptr);
}

Task<Next> HttpConnection::attempt(bool& again) {
  const Next connected = co_await connect_server();
  if (connected != Next::proceed) co_return connected;
  if (inspects_response(true)) {
    const Next inspected = co_await inspect_response(true);
    if (inspected != Next::proceed) co_return inspected;
  }
  const bool sent = co_await send_request_head();
  IoStatus status = IoStatus::reset;
  if (sent || !lease_.reused) {
    if (!request_body_done_) {
      body_pump_running_ = body_streamed_ = true;
      body_pump_done_.reset();
      spawn(pump_request_body());
    }
    // Under load the answer is here when everybody else has had a turn: a connection that serves one request
    // then never enters the poller.
    if (!lease_.reused && worker().is_busy()) {
      co_await worker().yield();
      if (lease_.connection) server_stream().expect_bytes();
    }
    // Even after a failed write: the server may have answered before it closed.
    status = co_await read_response_head();
  }
  unwatch_client();
  const bool complete = status == IoStatus::ok;
  note_response(status);
  if (complete && !target_def_->retry_on.has_status(response_.status)) co_return Next::proceed;
  if (may_replay(status, complete ? response_.status : 0)) {
    if (!(lease_.reused && reply_.empty())) {
      --replays_left_;
      ++record_.retries;
      ++target_->counters(client_.context.index()).retries;
      ++lease_.server->counters(client_.context.index()).retries;
      connector_->avoid(*lease_.server);
    }
    server = nullptr;
    lease_.release();
    reply_.release();
    response_.clear();
    response_started_ = false;
    again = true;
    co_return Next::proceed;
  }
  if (complete) co_return Next::proceed;
  co_await stop_body_pump();
  co_return co_await response_failed(status);
}

Task<Next> HttpConnection::exchange() {
  if (request_size_ > out_.capacity()) {
    fail(Cause::denied, Phase::request);
    co_return co_await send_error(400);
  }
  if (!connector_ || &connector_->backend() != target_) {
    connector_ = std::make_unique<backends::Connector>(worker(), *target_, record_);
  }
  connector_->forget_failures();
  replays_left_ = target_def_->retries;
  if (rules_begun_) replays_left_ = client_.rules().retries.value_or(replays_left_);
  for (;;) {
    bool again = false;
    const Next next = co_await attempt(again);
    if (!again) co_return next;
  }
}

}  // namespace evenkeel::frontends
