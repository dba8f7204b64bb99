// Bodies: streamed both ways at once, framed anew, spliced when they are big.
#include <algorithm>
#include <array>
#include <optional>

#include "core/relay.h"
#include "frontends/access_logs.h"
#include "frontends/filters/stream_filters.h"
#include "frontends/http_transaction.h"
#include "frontends/rule_context.h"
#include "http/serializer.h"

namespace evenkeel::frontends {
namespace {

// From here on, moving bytes inside the kernel is cheaper than copying them through us.
constexpr std::uint64_t kSpliceFrom = 64 * 1024;

iovec part(std::string_view bytes) noexcept { return {const_cast<char*>(bytes.data()), bytes.size()}; }

// Takes what has been written off the front, and empty parts with it.
void drop_written(std::span<iovec>& parts, std::size_t written) noexcept {
  while (!parts.empty() && written >= parts.front().iov_len) {
    written -= parts.front().iov_len;
    parts = parts.subspan(1);
  }
  if (parts.empty()) return;
  parts.front().iov_base = static_cast<char*>(parts.front().iov_base) + written;
  parts.front().iov_len -= written;
}

// Chunks that go out in one write, framed anew or, for HTTP/1.0, without frames.
class ChunkBatch {
 public:
  explicit ChunkBatch(bool framed) noexcept : framed_(framed) {}
  [[nodiscard]] bool full() const noexcept { return chunks_ == kMost; }
  [[nodiscard]] std::span<iovec> parts() noexcept { return std::span(parts_).first(count_); }
  void add(std::string_view bytes) noexcept { parts_[count_++] = part(bytes); }
  void add_chunk(std::span<const char> data) noexcept {
    http::ChunkHeader& header = headers_[chunks_++].emplace(data.size());
    if (framed_) add(header.text());
    add({data.data(), data.size()});
    if (framed_) add(http::kChunkEnd);
  }

 private:
  static constexpr std::size_t kMost = 16;
  bool framed_;
  std::size_t chunks_ = 0;
  std::size_t count_ = 0;
  std::array<std::optional<http::ChunkHeader>, kMost> headers_;
  std::array<iovec, (3 * kMost) + 2> parts_;  // beside the chunks, a head and a tail
};

struct Gathered {
  http::ChunkDecoder::Kind kind = http::ChunkDecoder::Kind::data;  // data: the batch is full
  std::size_t used = 0;
};

// Chunks off the front of `bytes`, as many as a batch takes.
Gathered gather(http::ChunkDecoder& decoder, std::span<char> bytes, ChunkBatch& batch) {
  Gathered got;
  while (!batch.full()) {
    const http::ChunkDecoder::Step step = decoder.next(bytes.subspan(got.used));
    got.kind = step.kind;
    if (step.kind == http::ChunkDecoder::Kind::bad) break;
    got.used += step.consumed;
    if (step.kind != http::ChunkDecoder::Kind::data) break;
    batch.add_chunk(step.data);
  }
  return got;
}

// A trailer section with its empty line.
void append_fields(const http::HeaderBlock& fields, std::string& text) {
  const std::size_t before = text.size();
  const std::size_t size = http::serialize_fields(fields, {});
  text.resize(before + size);
  http::serialize_fields(fields, std::span<char>(text).subspan(before));
}

}  // namespace

StreamFilters* HttpConnection::stream_filters() noexcept {
  RuleContext* const ctx = rules_begun_ ? client_.rules_if_any() : nullptr;
  return ctx == nullptr ? nullptr : ctx->stream_filters_if_any();
}

// `filter trace` watches from the request's head on.
void HttpConnection::begin_stream_filters() {
  const auto traces = [](const backends::FilterDefs* defs) {
    return defs != nullptr && !defs->traces.empty();
  };
  if (!traces(def_->filters.get()) && !traces(target_def_->filters.get())) return;
  StreamFilters& filters = begin_rules().stream_filters();
  filters.watch(def_->filters.get());
  filters.watch(target_def_->filters.get());
  const std::string line = std::string(request_.method_text()) + ' ' + std::string(request_.target());
  filters.head(true, line, request_.headers);
}

// Writes as much as the filters permit at this time.
Task<IoResult> HttpConnection::write_filtered(StreamFilters& filters, bool to_server,
                                              std::span<iovec> parts) {
  FdStream& sink = to_server ? server_stream() : client_.stream;
  std::size_t wanted = 0;
  for (const iovec& p : parts) wanted += p.iov_len;
  std::size_t left = co_await filters.take(to_server, wanted, sink);
  std::size_t n = 0;
  while (n < parts.size() && left > parts[n].iov_len) left -= parts[n++].iov_len;
  if (n == parts.size()) --n, left = parts[n].iov_len;
  const std::size_t whole = std::exchange(parts[n].iov_len, left);
  // Time has passed: the deadline was set before it.
  Deadline& deadline = to_server ? server_deadline_ : client_deadline_;
  const Millis timeout = to_server ? server_timeout_ : client_timeout_;
  if (timeout > 0) deadline.set(worker().now() + timeout);
  const IoResult sent = co_await sink.write(std::span<const iovec>(parts.first(n + 1)));
  std::size_t told = sent.ok() ? sent.bytes : 0;
  for (std::size_t i = 0; i <= n && told > 0; ++i) {
    const std::size_t here = std::min(told, parts[i].iov_len);
    if (here > 0) filters.passed(to_server, {static_cast<const char*>(parts[i].iov_base), here});
    told -= here;
  }
  parts[n].iov_len = whole;
  co_return sent;
}

// ---- request ----

Task<bool> HttpConnection::write_server(std::string_view bytes) {
  const IoResult sent =
      co_await write_all(worker(), server_stream(), bytes, &server_deadline_, server_timeout_);
  record_.server_bytes_out += sent.bytes;
  co_return sent.ok();
}

Task<bool> HttpConnection::write_server(std::span<iovec> parts) {
  while (!parts.empty()) {
    if (server_timeout_ > 0) server_deadline_.set(worker().now() + server_timeout_);
    IoResult sent;
    if (StreamFilters* const filters = stream_filters())
      sent = co_await write_filtered(*filters, true, parts);
    else
      sent = co_await server_stream().write(std::span<const iovec>(parts));
    if (!sent.ok()) co_return false;
    record_.server_bytes_out += sent.bytes;
    drop_written(parts, sent.bytes);
  }
  co_return true;
}

// What is in the client's buffer goes out; false: stop pumping.
Task<bool> HttpConnection::forward_request_body() {
  if (filters_ && filters_->request_algorithm) co_return co_await forward_encoded_request();
  if (request_framing_.kind == http::BodyKind::chunked) co_return co_await forward_request_chunks();
  Buffer& in = client_.in;
  const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(request_body_left_, in.size()));
  std::array<iovec, 1> body{part(in.view().substr(0, n))};
  const bool ok = co_await write_server(body);
  in.consume(n);
  record_.bytes_in += n;
  request_body_left_ -= n;
  request_body_done_ = request_body_left_ == 0;
  co_return ok;
}

Task<bool> HttpConnection::forward_request_chunks() {
  Buffer& in = client_.in;
  request_chunks_.keep_trailers(&request_trailers_);
  while (!in.empty()) {
    ChunkBatch batch(true);
    const Gathered got = gather(request_chunks_, in.bytes(), batch);
    record_.bytes_in += got.used;
    if (got.kind == http::ChunkDecoder::Kind::bad) {
      request_body_failed_ = true;
      fail(Cause::denied, Phase::data);
      co_return false;
    }
    const bool ended = got.kind == http::ChunkDecoder::Kind::end;
    std::string tail;
    if (ended) {
      tail = http::kLastChunkLine;
      append_fields(request_trailers_, tail);
      batch.add(tail);
    }
    const bool ok = co_await write_server(batch.parts());
    in.consume(got.used);
    request_body_done_ = ended;
    if (!ok || ended) co_return ok;
    if (got.kind == http::ChunkDecoder::Kind::need_more) break;
  }
  co_return true;
}

Task<void> HttpConnection::stop_body_pump() {
  if (!body_pump_running_) co_return;
  client_.stream.interrupt(IoStatus::cancelled);
  server_stream().cancel(IoStatus::cancelled);
  co_await body_pump_done_;
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
    if (client_timeout_ > 0) client_deadline_.set(worker().now() + client_timeout_);
    const IoResult read = co_await client_.stream.read(in.space());
    client_deadline_.clear();
    if (!read.ok()) {
      if (read.status == IoStatus::cancelled) break;
      request_body_failed_ = true;
      // The manual (8.5) has cH for a client that stops in the middle of its body, and HAProxy CD for one that goes.
      const bool timed_out = read.status == IoStatus::timeout;
      fail(timed_out ? Cause::client_timeout : Cause::client_abort,
           timed_out && !response_started_ ? Phase::headers : Phase::data);
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
      co_await write_all(worker(), client_.stream, bytes, &client_deadline_, client_timeout_);
  record_.bytes_out += sent.bytes;
  if (!body_pump_running_) client_deadline_.clear();
  if (!sent.ok()) {
    fail(sent.status == IoStatus::timeout ? Cause::client_timeout : Cause::client_abort, Phase::data);
  }
  co_return sent.ok();
}

Task<bool> HttpConnection::write_client(std::span<iovec> parts, bool last) {
  drop_written(parts, 0);
  while (!parts.empty()) {
    if (client_timeout_ > 0) client_deadline_.set(worker().now() + client_timeout_);
    IoResult sent;
    if (StreamFilters* const filters = stream_filters())
      sent = co_await write_filtered(*filters, false, parts);
    else
      sent = co_await client_.stream.write(std::span<const iovec>(parts), last);
    if (!sent.ok()) {
      fail(sent.status == IoStatus::timeout ? Cause::client_timeout : Cause::client_abort, Phase::data);
      co_return false;
    }
    record_.bytes_out += sent.bytes;
    drop_written(parts, sent.bytes);
  }
  if (!body_pump_running_) client_deadline_.clear();
  if (last) client_.stream.shutdown_write();
  co_return true;
}

// Whether the connection ends with the bytes that are written next: its FIN then travels in their segment,
// which spares both sides a packet.
bool HttpConnection::closes_after() const noexcept {
  return !keep_client_ && !body_pump_running_ && !def_->nolinger;
}

Task<IoStatus> HttpConnection::fill_response() {
  reply_.reserve();
  if (reply_.space().empty()) reply_.compact();
  if (reply_.space().empty()) co_return IoStatus::failed;
  if (server_timeout_ > 0) server_deadline_.set(worker().now() + server_timeout_);
  const IoResult in = co_await server_stream().read(reply_.space());
  server_deadline_.clear();
  if (in.ok()) reply_.commit(in.bytes);
  record_.server_bytes_in += in.bytes;
  co_return in.status;
}

Task<bool> HttpConnection::forward_length(std::string_view& pending, std::uint64_t left) {
  for (;;) {
    const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(left, reply_.size()));
    if (n > 0 || !pending.empty()) {
      std::array<iovec, 2> parts{part(pending),
                                 part(reply_.held() ? reply_.view().substr(0, n) : std::string_view())};
      const bool ok = co_await write_client(parts, left == n && closes_after());
      if (!ok) co_return false;
      pending = {};
      if (n > 0) reply_.consume(n);
      left -= n;
    }
    if (left == 0) co_return true;
    if (left >= kSpliceFrom && reply_.empty() && stream_filters() == nullptr &&
        !client_.context.engine.config().global.no_splice) {
      reply_.release();
      SpliceTimes times{&server_deadline_, server_timeout_, &client_deadline_, client_timeout_};
      const SpliceResult r = co_await splice_stream(worker(), server_stream(), client_.stream, left, times);
      left -= r.bytes;
      record_.server_bytes_in += r.bytes;
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
      ChunkBatch batch(!unchunk);
      batch.add(pending);
      const Gathered got =
          gather(response_chunks_, reply_.held() ? reply_.bytes() : std::span<char>(), batch);
      if (got.kind == http::ChunkDecoder::Kind::bad) {
        fail(Cause::server_abort, Phase::data);
        co_return false;
      }
      const bool ended = got.kind == http::ChunkDecoder::Kind::end;
      std::string tail;
      if (ended && !unchunk) {
        tail = trailers.empty() ? http::kLastChunk : http::kLastChunkLine;
        if (!trailers.empty()) append_fields(trailers, tail);
        batch.add(tail);
      }
      const bool ok = co_await write_client(batch.parts(), ended && closes_after());
      if (!ok) co_return false;
      pending = {};
      if (got.used > 0) reply_.consume(got.used);
      if (ended) co_return true;
      if (got.kind == http::ChunkDecoder::Kind::need_more) break;
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

}  // namespace evenkeel::frontends
