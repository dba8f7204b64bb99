#include "frontends/http_session.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>

#include "frontends/access_logs.h"
#include "frontends/http_transaction.h"
#include "frontends/rule_context.h"
#include "frontends/session_end.h"

namespace evenkeel::frontends {

HttpConnection::HttpConnection(ClientConnection& client, HttpCarry& carry)
    : client_(client),
      def_(client.frontend.shared_def()),
      out_(client.context.worker.buffers()),
      reply_(client.context.worker.buffers()),
      client_deadline_(client.context.worker.timers(), &HttpConnection::expire_client, this),
      server_deadline_(client.context.worker.timers(), &HttpConnection::expire_server, this),
      carry_(carry) {
  frontend = &client.frontend;
  request_limits_.max_headers = client.context.engine.config().global.max_headers;
  request_limits_.accept_unsafe = def_->accept_unsafe_request;
  response_limits_.max_headers = request_limits_.max_headers;
  client.context.sessions.join(*this);
}

void HttpConnection::expire_client(void* self) noexcept {
  static_cast<HttpConnection*>(self)->client_.stream.interrupt(IoStatus::timeout);
}

void HttpConnection::expire_server(void* self) noexcept {
  auto& lease = static_cast<HttpConnection*>(self)->lease_;
  if (lease.connection) lease.connection->stream.interrupt(IoStatus::timeout);
}

void drop_silently(int fd, int ttl) noexcept {
  const int on = 1;
  if (ttl == 0 && ::setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof on) == 0)
    return;  // the close sends nothing
  const int hops = ttl == 0 ? 1 : ttl;
  ::setsockopt(fd, IPPROTO_IP, IP_TTL, &hops, sizeof hops);
  ::setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &hops, sizeof hops);
  reset_on_close(fd);
}

void HttpConnection::kill(Cause why) noexcept {
  if (killed_ != Cause::none) return;
  killed_ = why;
  if (connector_) connector_->abort(why);
  if (napping_ != nullptr) napping_->cut();
  client_.stream.cancel(IoStatus::cancelled);
  if (lease_.connection) lease_.connection->stream.cancel(IoStatus::cancelled);
}

void HttpConnection::describe(backends::SessionFacts& facts) const {
  client_.describe(facts);
  facts.http = true;
  if (target_ != nullptr) {
    facts.backend = target_->name();
    facts.backend_id = target_->def().id;
  }
  if (lease_.connection) facts.server_fd = lease_.connection->stream.fd();
  facts.client_deadline = client_deadline_.at();
  facts.server_deadline = server_deadline_.at();
}

void HttpConnection::fail(Cause cause, Phase phase) noexcept {
  if (record_.cause != Cause::none) return;  // the first trouble is the one that counts
  record_.cause = killed_ != Cause::none ? killed_ : cause;
  record_.phase = phase;
}

Task<bool> HttpConnection::run() {
  while (killed_ == Cause::none) {
    Next next = co_await read_request();
    if (next == Next::park) co_return true;
    if (next == Next::close) break;
    if (next == Next::proceed) next = co_await answer_locally();
    if (next == Next::proceed) {
      prepare_request();
      next = co_await exchange();
    }
    if (next == Next::proceed) next = co_await send_response();
    finish_request();
    if (next == Next::close || client_.context.engine.ends_idle_at_once()) break;
  }
  if (!request_body_done_) discard_unread(client_.stream);
  if (def_->nolinger) client_.stream.reset_on_close();
  co_return false;
}

void HttpConnection::log_step(stats::LogStep step) {
  if (def_->log.steps == 0) return;
  if (client_.frontend.custom_lines) begin_rules();
  client_.context.engine.logs().step(step, client_, record_, target_, lease_.server);
}

// The one place where a request is counted and logged.
void HttpConnection::finish_request() {
  client_deadline_.clear();
  server_deadline_.clear();
  backends::Server* const used = server;
  server = nullptr;
  if (lease_.connection) lease_.connection->stream.skip_time_wait();
  lease_.release();
  if (target_ != nullptr) target_->session_ended();
  if (client_.frontend.custom_lines || rules_begun_) {
    RuleContext& ctx = begin_rules();
    ctx.server = used;
    if (!record_.captured) ctx.request = nullptr;
    if (ctx.log_level >= 0) record_.level = ctx.log_level;
  }
  finish_record(record_, client_, target_, used, connector_ ? connector_->last_tried() : nullptr);
  if (connector_) connector_->forget_failures();
  target_ = nullptr;
  target_def_ = nullptr;  // or its error answers would meet the next request in the frontend
  backend = nullptr;
  if (client_.in.held()) {
    client_.in.consume(std::min(request_head_length_, client_.in.size()));
    request_head_length_ = 0;
    if (client_.in.empty()) client_.in.release();
  }
  out_.release();
  reply_.release();
  carry_.idle_since_us = worker().now_us();
}

namespace {

// An idle connection, as operators and a stopping process see it.
class Parked final : public backends::LiveSession {
 public:
  Parked(ClientConnection& client, Millis until)
      : client_(client),
        deadline_(
            client.context.worker.timers(),
            [](void* s) noexcept { static_cast<FdStream*>(s)->interrupt(IoStatus::timeout); },
            &client.stream) {
    frontend = &client.frontend;
    client.context.sessions.join(*this);
    deadline_.set(until);
  }
  ~Parked() override = default;
  void kill(Cause) noexcept override { client_.stream.cancel(IoStatus::cancelled); }
  void describe(backends::SessionFacts& facts) const override {
    client_.describe(facts);
    facts.client_deadline = deadline_.at();
  }
  void limit_idle(Millis at) noexcept override {
    if (client_.frontend.def().idle_close_on_response || at >= deadline_.at()) return;
    limited_ = true;
    deadline_.set(at);
  }
  // The deadline that counts is that of a stopping process.
  [[nodiscard]] bool limited() const noexcept { return limited_; }

 private:
  ClientConnection& client_;
  Deadline deadline_;
  bool limited_ = false;
};

// The state of requests lives in this frame, and goes with it.
Task<bool> serve_requests(ClientConnection& client, HttpCarry& carry) {
  HttpConnection connection(client, carry);
  co_return co_await connection.run();
}

}  // namespace

// A connection that lies idle holds its descriptor and little else: the state of requests, some kilobytes, is
// given up after a moment without one. What waits is this frame itself, and not one of its own.
Task<void> serve_http(ClientConnection& client) {
  HttpCarry carry;
  for (;;) {
    const bool idle = co_await serve_requests(client, carry);
    if (!idle) co_return;
    Parked parked(client, carry.idle_until);
    parked.limit_idle(client.context.engine.idle_limit());
    const IoResult ready = co_await client.stream.readable();
    const bool timeout = ready.status == IoStatus::timeout;
    if (timeout && parked.limited()) co_return;
    carry.time_is_up = timeout;
    if (!ready.ok() && !timeout) co_return;
  }
}

}  // namespace evenkeel::frontends
