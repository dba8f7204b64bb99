// The response on its way to the client, and what becomes of both connections after it.
#include <algorithm>
#include <array>

#include "core/relay.h"
#include "frontends/access_logs.h"
#include "frontends/debug_events.h"
#include "frontends/filters/stream_filters.h"
#include "frontends/http_transaction.h"
#include "frontends/rule_context.h"
#include "http/serializer.h"

namespace evenkeel::frontends {

// CONNECT and Upgrade: from here on the bytes are not ours to read.
Task<Next> HttpConnection::run_tunnel(std::string_view head) {
  const bool head_sent = co_await write_client(head);
  bool alive = head_sent;
  if (alive && !reply_.empty()) {
    std::array<iovec, 1> first{iovec{const_cast<char*>(reply_.view().data()), reply_.size()}};
    alive = co_await write_client(first);
  }
  reply_.release();
  keep_request_line();  // the buffer goes; the log still wants it
  request_.detach();
  Buffer& in = client_.in;
  if (in.held()) in.consume(std::min(request_head_length_, in.size()));
  request_head_length_ = 0;
  if (alive && !in.empty()) {
    record_.bytes_in += in.size();
    std::array<iovec, 1> first{iovec{const_cast<char*>(in.view().data()), in.size()}};
    alive = co_await write_server(first);
  }
  in.release();
  out_.release();
  if (!alive) co_return Next::close;
  const backends::Timeouts& fe = def_->timeouts;
  const backends::Timeouts& be = target_def_->timeouts;
  RelaySide a{&client_.stream, &client_deadline_, tunnel_timeout_ > 0 ? tunnel_timeout_ : client_timeout_,
              fe.client_fin};
  RelaySide b{&server_stream(), &server_deadline_, tunnel_timeout_ > 0 ? tunnel_timeout_ : server_timeout_,
              be.server_fin};
  RelayOptions options;
  options.splice = !client_.context.engine.config().global.no_splice;
  options.throttle = stream_filters();
  RelayResult result;
  co_await relay(worker(), a, b, options, result);
  record_.bytes_in += result.to_server;
  record_.bytes_out += result.to_client;
  record_.server_bytes_out += result.to_server;
  record_.server_bytes_in += result.to_client;
  if (result.client != IoStatus::ok) {
    fail(result.client == IoStatus::timeout ? Cause::client_timeout : Cause::client_abort, Phase::data);
  } else if (result.server != IoStatus::ok) {
    fail(result.server == IoStatus::timeout ? Cause::server_timeout : Cause::server_abort, Phase::data);
  }
  co_return Next::close;
}

namespace {

// NTLM and its like authenticate the connection, not the request (manual 4.2, http-reuse).
bool authenticates_connection(const http::ResponseHead& response) noexcept {
  for (const std::string_view field : {"www-authenticate", "proxy-authenticate"}) {
    for (std::size_t i = response.headers.find(field); i != http::HeaderBlock::npos;
         i = response.headers.find(field, i + 1)) {
      const std::string_view scheme = response.headers.value(i);
      if (http::iequals(scheme.substr(0, 9), "Negotiate") || http::iequals(scheme.substr(0, 4), "NTLM"))
        return true;
    }
  }
  return false;
}

}  // namespace

// The connection goes to the pool for everybody, or stays with this session.
void HttpConnection::keep_server_connection() {
  const backends::ServerDef& def = lease_.server->def();
  backends::ServerConnection& connection = *lease_.connection;
  const bool worn = def.max_reuse >= 0 && connection.requests >= static_cast<std::uint32_t>(def.max_reuse);
  if (worn) return;
  carry_.last_server = lease_.server;
  carry_.stay_with_server = response_.status == 401 || response_.status == 407;
  if (carry_.stay_with_server && authenticates_connection(response_)) connection.is_private = true;
  if (connection.is_private || target_def_->reuse == backends::Reuse::never) {
    if (!keep_client_) return;
    if (!carry_.own) carry_.own = std::make_unique<HttpCarry::OwnConnections>();
    lease_.keep(worker(), carry_.own->pool);
    return;
  }
  const int limit = def.pool_max_conn;
  lease_.park(worker(),
              limit < 0 ? std::nullopt : std::optional<std::uint32_t>(static_cast<std::uint32_t>(limit)));
}

// After the last byte of the response: what becomes of the two connections.
Task<Next> HttpConnection::settle_response(bool complete) {
  // Where only the end of the connection ends the body, an end in good order would say that this was all
  // (RFC 9112 section 8).
  const bool ends_by_close =
      response_framing_.kind == http::BodyKind::until_close ||
      (response_framing_.kind == http::BodyKind::chunked && request_.version_minor == 0);
  if (!complete && ends_by_close) client_.stream.reset_on_close();
  if (!complete) co_await stop_body_pump();
  // A server that has answered early still gets the rest, as long as it takes it.
  if (body_pump_running_) co_await body_pump_done_;
  if (!request_body_done_) keep_client_ = keep_server_ = false;
  carry_.last_server = nullptr;
  if (complete && keep_server_ && request_body_done_ && reply_.empty()) keep_server_connection();
  co_return complete&& keep_client_ ? Next::done : Next::close;
}

Task<Next> HttpConnection::send_response() {
  if (debug_events::enabled && lease_.connection)
    debug_events::answered(client_, target_->name(), lease_.connection->stream.fd(), response_);
  record_.at.response_done = worker().now_us();
  record_.status = response_.status;
  if ((def_->rules && !def_->rules->response_captures.empty()) || !def_->captured_cookie.name.empty())
    begin_rules().capture_response(response_.headers);
  write_cookies();
  if (has_response_rules()) {
    const Next ruled = co_await run_response_rules();
    if (ruled != Next::proceed) co_return ruled;
  } else if (rules_begun_) {
    client_.rules().begin_response();
  }
  record_.status = response_.status;
  const bool tunnel = response_framing_.kind == http::BodyKind::tunnel;
  keep_server_ = keep_server_ && response_framing_.keep_alive;
  if (response_framing_.kind == http::BodyKind::until_close ||
      (response_framing_.kind == http::BodyKind::chunked && request_.version_minor == 0)) {
    keep_client_ = false;
  }
  if (client_.context.engine.ends_keep_alive()) keep_client_ = false;
  if (filters_) filter_response();
  http::SerializeOptions options;
  options.add_chunked = filters_ && must_add_chunked();
  if (!tunnel) {
    options.connection = response_token(keep_client_);
    if (response_framing_.kind == http::BodyKind::chunked && request_.version_minor == 0) {
      options.skip = http::set_of(http::HeaderId::transfer_encoding);
    }
  }
  Buffer head(worker().buffers());
  head.reserve();
  const std::size_t size = http::serialize_response(response_, options, head.space());
  if (size > head.capacity()) {
    fail(Cause::denied, Phase::headers);
    co_return co_await send_error(502);
  }
  head.commit(size);
  if (client_.frontend.custom_lines) begin_rules();
  log_step(stats::LogStep::response);
  client_.context.engine.logs().early(client_, record_, target_, lease_.server, size);
  if (!body_pump_running_) out_.release();
  if (tunnel) co_return co_await run_tunnel(head.view());
  std::string_view unsent = head.view();
  if (StreamFilters* const watch = stream_filters()) {  // they are about bodies: the head goes ahead
    watch->head(false, "HTTP/1.1 " + std::to_string(response_.status), response_.headers);
    const bool alive = co_await write_client(unsent);
    if (!alive) co_return co_await settle_response(false);
    unsent = {};
  }
  const bool complete = filters_ ? co_await forward_filtered(unsent) : co_await forward_response_body(unsent);
  co_return co_await settle_response(complete);
}

}  // namespace evenkeel::frontends
