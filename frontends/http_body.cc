// Bodies: streamed both ways at once, framed anew, spliced when they are big.
#include <algorithm>
#include <array>

#include "core/relay.h"
#include "frontends/access_logs.h"
#include "frontends/http_transaction.h"
#include "http/serializer.h"

namespace evenkeel::frontends {
namespace {

// From here on, moving bytes inside the kernel is cheaper than copying them through us.
constexpr std::uint64_t kSpliceFrom = 64 * 1024;

}  // namespace

// ---- request ----

Task<bool> HttpConnection::write_server(std::string_view bytes) {
  const IoResult sent =
      co_await write_all(worker(), server_stream(), bytes, &server_deadline_, server_timeout_);
  co_return sent.ok();
}

// What is in the client's buffer goes out; false: stop pumping.
Task<bool> HttpConnection::forward_request_body() {
  Buffer& in = client_.in;
  if (request_framing_.kind == http::BodyKind::length) {
    const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(request_body_left_, in.size()));
    const bool ok = co_await write_server(in.view().substr(0, n));
    in.consume(n);
    record_.bytes_in += n;
    request_body_left_ -= n;
    request_body_done_ = request_body_left_ == 0;
    co_return ok;
  }
  while (!in.empty()) {
    const http::ChunkDecoder::Step step = request_chunks_.next(in.bytes());
    record_.bytes_in += step.consumed;
    if (step.kind == http::ChunkDecoder::Kind::bad) {
      request_body_failed_ = true;
      fail(Cause::denied, Phase::data);
      co_return false;
    }
    if (step.kind == http::ChunkDecoder::Kind::data) {
      const http::ChunkHeader header(step.data.size());
      const bool h = co_await write_server(header.text());
      const bool d = h && co_await write_server({step.data.data(), step.data.size()});
      const bool e = d && co_await write_server(http::kChunkEnd);
      in.consume(step.consumed);
      if (!e) co_return false;
      continue;
    }
    in.consume(step.consumed);
    if (step.kind == http::ChunkDecoder::Kind::end) {
      request_body_done_ = true;
      co_return co_await write_server(http::kLastChunk);
    }
    break;  // needs more
  }
  co_return true;
}

// Runs beside the reading of the response. A server that stops listening is no failure: its answer tells.
Task<void> HttpConnection::pump_request_body() {
  Buffer& in = client_.in;
  for (;;) {
    if (!in.empty()) {
      const bool ok = co_await forward_request_body();
      if (!ok || request_body_done_) break;
    }
    in.reserve();
    if (in.space().empty()) in.compact();
    if (in.space().empty()) {  // trailers larger than the buffer
      request_body_failed_ = true;
      fail(Cause::denied, Phase::data);
      break;
    }
    if (def_->timeouts.client > 0) client_deadline_.set(worker().now() + def_->timeouts.client);
    const IoResult read = co_await client_.stream.read(in.space());
    client_deadline_.clear();
    if (!read.ok()) {
      if (read.status == IoStatus::cancelled) break;
      request_body_failed_ = true;
      fail(read.status == IoStatus::timeout ? Cause::client_timeout : Cause::client_abort,
           response_started_ ? Phase::data : Phase::headers);
      break;
    }
    in.commit(read.bytes);
    if (server_timeout_ > 0) server_deadline_.set(worker().now() + server_timeout_);
  }
  body_pump_running_ = false;
  if (request_body_failed_ && lease_.connection) server_stream().cancel(IoStatus::cancelled);
  body_pump_done_.set();
}

// ---- response ----

Task<bool> HttpConnection::write_client(std::string_view bytes) {
  const IoResult sent =
      co_await write_all(worker(), client_.stream, bytes, &client_deadline_, def_->timeouts.client);
  record_.bytes_out += sent.bytes;
  if (!body_pump_running_) client_deadline_.clear();
  if (!sent.ok()) {
    fail(sent.status == IoStatus::timeout ? Cause::client_timeout : Cause::client_abort, Phase::data);
  }
  co_return sent.ok();
}

Task<bool> HttpConnection::write_client(std::span<iovec> parts) {
  while (!parts.empty()) {
    if (parts.front().iov_len == 0) {
      parts = parts.subspan(1);
      continue;
    }
    if (def_->timeouts.client > 0) client_deadline_.set(worker().now() + def_->timeouts.client);
    const IoResult sent = co_await client_.stream.write(std::span<const iovec>(parts));
    if (!sent.ok()) {
      fail(sent.status == IoStatus::timeout ? Cause::client_timeout : Cause::client_abort, Phase::data);
      co_return false;
    }
    record_.bytes_out += sent.bytes;
    std::size_t left = sent.bytes;
    while (!parts.empty() && left >= parts.front().iov_len) {
      left -= parts.front().iov_len;
      parts = parts.subspan(1);
    }
    if (!parts.empty()) {
      parts.front().iov_base = static_cast<char*>(parts.front().iov_base) + left;
      parts.front().iov_len -= left;
    }
  }
  if (!body_pump_running_) client_deadline_.clear();
  co_return true;
}

Task<IoStatus> HttpConnection::fill_response() {
  reply_.reserve();
  if (reply_.space().empty()) reply_.compact();
  if (reply_.space().empty()) co_return IoStatus::failed;
  if (server_timeout_ > 0) server_deadline_.set(worker().now() + server_timeout_);
  const IoResult in = co_await server_stream().read(reply_.space());
  server_deadline_.clear();
  if (in.ok()) reply_.commit(in.bytes);
  co_return in.status;
}

namespace {

iovec part(std::string_view bytes) noexcept { return {const_cast<char*>(bytes.data()), bytes.size()}; }

}  // namespace

Task<bool> HttpConnection::forward_length(std::string_view& pending, std::uint64_t left) {
  for (;;) {
    const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(left, reply_.size()));
    if (n > 0 || !pending.empty()) {
      std::array<iovec, 2> parts{part(pending),
                                 part(reply_.held() ? reply_.view().substr(0, n) : std::string_view())};
      const bool ok = co_await write_client(parts);
      if (!ok) co_return false;
      pending = {};
      if (n > 0) reply_.consume(n);
      left -= n;
    }
    if (left == 0) co_return true;
    if (left >= kSpliceFrom && reply_.empty() && !client_.context.engine.config().global.no_splice) {
      reply_.release();
      SpliceTimes times{&server_deadline_, server_timeout_, &client_deadline_, def_->timeouts.client};
      const SpliceResult r = co_await splice_stream(worker(), server_stream(), client_.stream, left, times);
      left -= r.bytes;
      record_.bytes_out += r.bytes;
      if (r.write_status != IoStatus::ok) {
        fail(r.write_status == IoStatus::timeout ? Cause::client_timeout : Cause::client_abort, Phase::data);
        co_return false;
      }
      if (r.read_status != IoStatus::ok) {
        fail(r.read_status == IoStatus::timeout ? Cause::server_timeout : Cause::server_abort, Phase::data);
        co_return false;
      }
      if (left == 0) co_return true;
    }
    const IoStatus status = co_await fill_response();
    if (status != IoStatus::ok) {
      fail(status == IoStatus::timeout ? Cause::server_timeout : Cause::server_abort, Phase::data);
      co_return false;
    }
  }
}

Task<bool> HttpConnection::forward_chunked(std::string_view& pending) {
  const bool unchunk = request_.version_minor == 0;  // RFC 9112 section 7: not for HTTP/1.0
  response_chunks_ = http::ChunkDecoder(response_limits_);
  http::HeaderBlock trailers;
  response_chunks_.keep_trailers(&trailers);
  for (;;) {
    while (!reply_.empty() || !pending.empty()) {
      const http::ChunkDecoder::Step step =
          reply_.held() ? response_chunks_.next(reply_.bytes()) : http::ChunkDecoder::Step{};
      if (step.kind == http::ChunkDecoder::Kind::bad) {
        fail(Cause::server_abort, Phase::data);
        co_return false;
      }
      std::string tail;
      std::array<iovec, 4> parts{part(pending)};
      const http::ChunkHeader header(step.data.empty() ? 1 : step.data.size());
      if (step.kind == http::ChunkDecoder::Kind::data) {
        if (!unchunk) parts[1] = part(header.text());
        parts[2] = {step.data.data(), step.data.size()};
        if (!unchunk) parts[3] = part(http::kChunkEnd);
      } else if (step.kind == http::ChunkDecoder::Kind::end && !unchunk) {
        if (trailers.empty()) {
          parts[1] = part(http::kLastChunk);
        } else {
          tail.resize(8192);
          const std::size_t size = http::serialize_fields(trailers, tail);
          tail.resize(std::min(size, tail.size()));
          parts[1] = part(http::kLastChunkLine);
          parts[2] = part(size <= tail.size() ? std::string_view(tail) : std::string_view("\r\n"));
        }
      }
      const bool ok = co_await write_client(parts);
      if (!ok) co_return false;
      pending = {};
      if (step.consumed > 0) reply_.consume(step.consumed);
      if (step.kind == http::ChunkDecoder::Kind::end) co_return true;
      if (step.kind == http::ChunkDecoder::Kind::need_more) break;
    }
    const IoStatus status = co_await fill_response();
    if (status != IoStatus::ok) {
      fail(status == IoStatus::timeout ? Cause::server_timeout : Cause::server_abort, Phase::data);
      co_return false;
    }
  }
}

Task<bool> HttpConnection::forward_until_close(std::string_view& pending) {
  for (;;) {
    if (!reply_.empty() || !pending.empty()) {
      std::array<iovec, 2> parts{part(pending), part(reply_.held() ? reply_.view() : std::string_view())};
      const bool ok = co_await write_client(parts);
      if (!ok) co_return false;
      pending = {};
      if (!reply_.empty()) reply_.consume(reply_.size());
    }
    const IoStatus status = co_await fill_response();
    if (status == IoStatus::eof) co_return true;
    if (status != IoStatus::ok) {
      fail(status == IoStatus::timeout ? Cause::server_timeout : Cause::server_abort, Phase::data);
      co_return false;
    }
  }
}

Task<bool> HttpConnection::forward_response_body(std::string_view head) {
  std::string_view pending = head;
  switch (response_framing_.kind) {
    case http::BodyKind::length:
      co_return co_await forward_length(pending, response_framing_.length);
    case http::BodyKind::chunked:
      co_return co_await forward_chunked(pending);
    case http::BodyKind::until_close:
      co_return co_await forward_until_close(pending);
    default:
      co_return co_await write_client(head);
  }
}

// CONNECT and Upgrade: from here on the bytes are not ours to read.
Task<Next> HttpConnection::run_tunnel(std::string_view head) {
  const bool head_sent = co_await write_client(head);
  bool alive = head_sent;
  if (alive && !reply_.empty()) alive = co_await write_client(reply_.view());
  reply_.release();
  request_.detach();  // the buffer goes; the log still wants the head
  record_.method = request_.method_text();
  record_.target_uri = request_.target();
  Buffer& in = client_.in;
  if (in.held()) in.consume(std::min(request_head_length_, in.size()));
  request_head_length_ = 0;
  if (alive && !in.empty()) {
    record_.bytes_in += in.size();
    alive = co_await write_server(in.view());
  }
  in.release();
  out_.release();
  if (!alive) co_return Next::close;
  const backends::Timeouts& fe = def_->timeouts;
  const backends::Timeouts& be = target_def_->timeouts;
  RelaySide a{&client_.stream, &client_deadline_, tunnel_timeout_ > 0 ? tunnel_timeout_ : fe.client,
              fe.client_fin};
  RelaySide b{&server_stream(), &server_deadline_, tunnel_timeout_ > 0 ? tunnel_timeout_ : server_timeout_,
              be.server_fin};
  RelayOptions options;
  options.splice = !client_.context.engine.config().global.no_splice;
  RelayResult result;
  co_await relay(worker(), a, b, options, result);
  record_.bytes_in += result.to_server;
  record_.bytes_out += result.to_client;
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
  last_server_ = lease_.server;
  stay_with_server_ = response_.status == 401 || response_.status == 407;
  if (stay_with_server_ && authenticates_connection(response_)) connection.is_private = true;
  if (connection.is_private || target_def_->reuse == backends::Reuse::never) {
    if (keep_client_) lease_.keep(worker(), own_connections_);
    return;
  }
  const int limit = def.pool_max_conn;
  lease_.park(worker(),
              limit < 0 ? std::nullopt : std::optional<std::uint32_t>(static_cast<std::uint32_t>(limit)));
}

// After the last byte of the response: what becomes of the two connections.
Task<Next> HttpConnection::settle_response(bool complete) {
  if (body_pump_running_) {
    // The server has said all it will; what the client still sends has nowhere to go.
    client_.stream.interrupt(IoStatus::cancelled);
    server_stream().cancel(IoStatus::cancelled);
    co_await body_pump_done_;
    keep_client_ = false;
    keep_server_ = false;
  }
  last_server_ = nullptr;
  if (complete && keep_server_ && request_body_done_ && reply_.empty()) keep_server_connection();
  co_return complete&& keep_client_ ? Next::done : Next::close;
}

Task<Next> HttpConnection::send_response() {
  record_.at.response_done = worker().now_us();
  record_.status = response_.status;
  write_cookies();
  const Next ruled = co_await run_response_rules();
  if (ruled != Next::proceed) co_return ruled;
  record_.status = response_.status;
  const bool tunnel = response_framing_.kind == http::BodyKind::tunnel;
  keep_server_ = keep_server_ && response_framing_.keep_alive;
  if (response_framing_.kind == http::BodyKind::until_close ||
      (response_framing_.kind == http::BodyKind::chunked && request_.version_minor == 0)) {
    keep_client_ = false;
  }
  if (client_.context.engine.stopping() || body_pump_running_)
    keep_client_ = keep_client_ && !client_.context.engine.stopping();
  http::SerializeOptions options;
  if (!tunnel) {
    if (!keep_client_) {
      options.connection = http::ConnectionToken::close;
    } else if (request_.version_minor == 0 || response_.version_minor == 0) {
      // A version of 1.0 on either side would mean a close otherwise.
      options.connection = http::ConnectionToken::keep_alive;
    }
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
  client_.context.engine.logs().early(client_, record_, target_, lease_.server, size);
  if (!body_pump_running_) out_.release();
  if (tunnel) co_return co_await run_tunnel(head.view());
  const bool complete = co_await forward_response_body(head.view());
  co_return co_await settle_response(complete);
}

}  // namespace evenkeel::frontends
