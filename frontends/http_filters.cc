// Filters of bodies: compression both ways (manual 9.2). What has no filter never comes here.
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "frontends/http_transaction.h"
#include "http/compressible.h"
#include "http/serializer.h"

namespace evenkeel::frontends {
namespace {

using backends::CompressionDef;
using http::Encoder;

// So much of one body goes through before others have their turn.
constexpr std::size_t kTurn = 256 * 1024;

iovec part(std::string_view bytes) noexcept { return {const_cast<char*>(bytes.data()), bytes.size()}; }

// The backend's word counts, else the frontend's; the same for each list on its own.
template <class List>
const List* first_with(const CompressionDef* be, const CompressionDef* fe,
                       CompressionDef::Side CompressionDef::*side, List CompressionDef::Side::*list) {
  if (be != nullptr && !(be->*side.*list).empty()) return &(be->*side.*list);
  if (fe != nullptr && !(fe->*side.*list).empty()) return &(fe->*side.*list);
  return nullptr;
}

struct Rules {
  bool on = false;
  const std::vector<http::Algorithm>* algorithms = nullptr;
  http::Compressible compressible;
};

Rules rules_for(const CompressionDef* be, const CompressionDef* fe,
                CompressionDef::Side CompressionDef::*side) {
  Rules rules;
  rules.on = (be != nullptr && (be->*side).on) || (fe != nullptr && (fe->*side).on);
  rules.algorithms = first_with(be, fe, side, &CompressionDef::Side::algorithms);
  const auto* const types = first_with(be, fe, side, &CompressionDef::Side::types);
  if (types != nullptr) rules.compressible.types = *types;
  rules.compressible.min_size =
      std::max(be != nullptr ? (be->*side).min_size : 0, fe != nullptr ? (fe->*side).min_size : 0);
  return rules;
}

}  // namespace

const CompressionDef* HttpConnection::backend_compression() const noexcept {
  return target_ != nullptr ? target_def_->compression.get() : nullptr;
}

FilterState& HttpConnection::filters() {
  if (!filters_) filters_ = std::make_unique<FilterState>(worker().buffers());
  return *filters_;
}

// ---- request

// What the client accepts, before the server is asked; `offload` hides it from the server.
void HttpConnection::choose_response_algorithm() {
  const CompressionDef* const be = backend_compression();
  const CompressionDef* const fe = def_->compression.get();
  const Rules rules = rules_for(be, fe, &CompressionDef::response);
  if (!rules.on || rules.algorithms == nullptr || request_.version_minor == 0) return;
  if (http::is_broken_browser(request_.headers.get(http::HeaderId::user_agent))) return;
  const auto wanted = http::choose_algorithm(http::AcceptedCodings(request_.headers), *rules.algorithms);
  if (!wanted) return;
  filters().wanted = wanted;
  if ((be != nullptr && be->offload) || (fe != nullptr && fe->offload))
    request_.headers.remove_all(http::HeaderId::accept_encoding);
}

void HttpConnection::filter_request() {
  choose_response_algorithm();
  const Rules rules = rules_for(backend_compression(), def_->compression.get(), &CompressionDef::request);
  if (!rules.on || rules.algorithms == nullptr || request_framing_.upgrade) return;
  if (!http::may_compress(request_, request_framing_, rules.compressible)) return;
  const http::Algorithm algorithm = rules.algorithms->front();
  EncoderPool& pool = EncoderPool::of(client_.context);
  if (pool.overloaded(client_.context.engine, worker().now())) return;
  if (algorithm != http::Algorithm::identity) {
    auto encoder = pool.take(algorithm, client_.context.engine.config().global);
    if (!encoder) return;
    filters().request_encoder = EncoderLease(pool, algorithm, std::move(encoder));
  }
  filters().request_algorithm = algorithm;
  http::describe_compressed(request_, algorithm);
}

Task<bool> HttpConnection::encode_request(std::string_view bytes, Encoder::Op op) {
  FilterState& f = *filters_;
  if (!f.request_encoder) {
    if (bytes.empty()) co_return true;
    count_compression(bytes.size(), bytes.size(), false);
    const http::ChunkHeader header(bytes.size());
    std::array<iovec, 3> parts{part(header.text()), part(bytes), part(http::kChunkEnd)};
    co_return co_await write_server(parts);
  }
  f.request_packed.reserve();
  for (;;) {
    const Encoder::Step step = f.request_encoder->run(bytes, f.request_packed.space(), op);
    count_compression(step.consumed, step.produced, true);
    f.request_packed.commit(step.produced);
    bytes.remove_prefix(step.consumed);
    if (step.failed) co_return false;
    const bool full = f.request_packed.space().size() < Encoder::kLeastRoom;
    if (!f.request_packed.empty() && (full || step.done)) {
      const http::ChunkHeader header(f.request_packed.size());
      std::array<iovec, 3> parts{part(header.text()), part(f.request_packed.view()), part(http::kChunkEnd)};
      const bool ok = co_await write_server(parts);
      f.request_packed.consume(f.request_packed.size());
      if (!ok) co_return false;
    }
    if (step.done) co_return true;
  }
}

// Everything that is in the client's buffer, compressed; false: stop pumping.
Task<bool> HttpConnection::forward_encoded_request() {
  Buffer& in = client_.in;
  request_chunks_.keep_trailers(&request_trailers_);
  while (!in.empty() && !request_body_done_) {
    std::string_view data;
    std::size_t consumed = 0;
    if (request_framing_.kind == http::BodyKind::length) {
      consumed = static_cast<std::size_t>(std::min<std::uint64_t>(request_body_left_, in.size()));
      data = in.view().substr(0, consumed);
      request_body_left_ -= consumed;
      request_body_done_ = request_body_left_ == 0;
    } else {
      const http::ChunkDecoder::Step step = request_chunks_.next(in.bytes());
      if (step.kind == http::ChunkDecoder::Kind::bad) {
        request_body_failed_ = true;
        fail(Cause::denied, Phase::data);
        co_return false;
      }
      consumed = step.consumed;
      data = {step.data.data(), step.data.size()};
      request_body_done_ = step.kind == http::ChunkDecoder::Kind::end;
      if (step.kind == http::ChunkDecoder::Kind::need_more) {
        in.consume(consumed);
        record_.bytes_in += consumed;
        break;
      }
    }
    // Slow senders are not waited for: what has come so far goes out.
    const bool last = in.size() == consumed;
    const bool ok = co_await encode_request(data, last ? Encoder::Op::flush : Encoder::Op::more);
    in.consume(consumed);
    record_.bytes_in += consumed;
    if (!ok) co_return false;
  }
  if (!request_body_done_) co_return true;
  const bool ended = co_await encode_request({}, Encoder::Op::finish);
  if (!ended) co_return false;
  std::string tail(http::kLastChunkLine);
  const std::size_t before = tail.size();
  tail.resize(before + http::serialize_fields(request_trailers_, {}));
  http::serialize_fields(request_trailers_, std::span<char>(tail).subspan(before));
  filters_->request_encoder.release();
  co_return co_await write_server(tail);
}

// ---- response

// Decides whether the response is compressed, and says so in its head.
void HttpConnection::filter_response() {
  FilterState& f = *filters_;
  f.chunked = response_framing_.kind == http::BodyKind::chunked && request_.version_minor != 0;
  if (!f.wanted) return;
  const Rules rules = rules_for(backend_compression(), def_->compression.get(), &CompressionDef::response);
  if (!http::may_compress(response_, response_framing_, rules.compressible)) return;
  EncoderPool& pool = EncoderPool::of(client_.context);
  const GlobalDef& global = client_.context.engine.config().global;
  if (*f.wanted != http::Algorithm::identity) {
    if (!pool.overloaded(client_.context.engine, worker().now()))
      f.encoder = EncoderLease(pool, *f.wanted, pool.take(*f.wanted, global));
    f.bypassed = !f.encoder;
    if (f.bypassed) return;
  }
  f.algorithm = f.wanted;
  f.chunked = true;
  f.level = global.encoder.level;
  record_.compressed_with = http::to_string(*f.algorithm);
  http::describe_compressed(response_, *f.algorithm);
}

bool HttpConnection::must_add_chunked() const noexcept {
  return filters_ && filters_->algorithm && response_framing_.kind != http::BodyKind::chunked;
}

void HttpConnection::count_compression(std::size_t in, std::size_t out, bool encoded) {
  const auto index = client_.context.index();
  auto& fe = client_.frontend.counters(index);
  auto* const be = target_ != nullptr ? &target_->counters(index) : nullptr;
  if (!encoded) {
    fe.comp_byp += in;
    if (be != nullptr) be->comp_byp += in;
    return;
  }
  fe.comp_in += in;
  fe.comp_out += out;
  if (be != nullptr) {
    be->comp_in += in;
    be->comp_out += out;
  }
  auto& totals = client_.context.engine.totals.at(index);
  totals.rate(stats::RateId::comp_in_rate, worker().now(), static_cast<std::uint32_t>(in));
  totals.rate(stats::RateId::comp_out_rate, worker().now(), static_cast<std::uint32_t>(out));
}

// The head, if it still waits, and a piece of the body as the client gets it.
Task<bool> HttpConnection::send_piece(std::string_view bytes) {
  FilterState& f = *filters_;
  const bool framed = f.chunked && !bytes.empty();
  const http::ChunkHeader header(bytes.empty() ? 1 : bytes.size());
  std::array<iovec, 4> parts{part(f.pending), part(framed ? header.text() : std::string_view()), part(bytes),
                             part(framed ? http::kChunkEnd : std::string_view())};
  f.pending = {};
  co_return co_await write_client(parts);
}

// Bytes of the body through the encoder, as far as its output fills buffers or the operation demands.
Task<bool> HttpConnection::encode_response(std::string_view bytes, Encoder::Op op) {
  FilterState& f = *filters_;
  const GlobalDef& global = client_.context.engine.config().global;
  if (global.max_comp_cpu < 100 || client_.context.engine.compression_rate_limit.load() != 0) {
    const bool overloaded =
        EncoderPool::of(client_.context).overloaded(client_.context.engine, worker().now());
    f.level = std::clamp(f.level + (overloaded ? -1 : 1), 0, global.encoder.level);
    f.encoder->set_level(f.level);
  }
  std::size_t produced = 0;
  const std::size_t given = bytes.size();
  f.packed.reserve();
  for (;;) {
    const Encoder::Step step = f.encoder->run(bytes, f.packed.space(), op);
    f.packed.commit(step.produced);
    produced += step.produced;
    bytes.remove_prefix(step.consumed);
    if (step.failed) {
      fail(Cause::internal, Phase::data);
      co_return false;
    }
    if (f.packed.space().size() < Encoder::kLeastRoom || (step.done && op == Encoder::Op::flush)) {
      const bool ok = co_await send_piece(f.packed.view());
      f.packed.consume(f.packed.size());
      if (!ok) co_return false;
    }
    if (step.done) break;
  }
  f.held_back = op == Encoder::Op::more;
  count_compression(given, produced, true);
  co_return true;
}

Task<bool> HttpConnection::filter_piece(std::string_view bytes) {
  FilterState& f = *filters_;
  if (f.cache && f.cache->storing()) f.cache->append(bytes);
  if (f.encoder) co_return co_await encode_response(bytes, Encoder::Op::more);
  if (f.bypassed || f.algorithm) count_compression(bytes.size(), bytes.size(), false);
  co_return co_await send_piece(bytes);
}

// Nothing more is here now: the client gets all that can be told so far.
Task<bool> HttpConnection::flush_filters() {
  FilterState& f = *filters_;
  if (f.encoder && f.held_back) co_return co_await encode_response({}, Encoder::Op::flush);
  if (f.pending.empty()) co_return true;
  co_return co_await send_piece({});
}

Task<bool> HttpConnection::finish_filters(const http::HeaderBlock& trailers) {
  FilterState& f = *filters_;
  if (f.cache) f.cache->finish(worker().now());
  if (f.encoder) {
    const bool ok = co_await encode_response({}, Encoder::Op::finish);
    if (!ok) co_return false;
  }
  if (f.algorithm) {
    const auto index = client_.context.index();
    ++client_.frontend.counters(index).comp_rsp;
    if (target_ != nullptr) ++target_->counters(index).comp_rsp;
  }
  f.encoder.release();
  const std::string_view last = f.packed.held() ? f.packed.view() : std::string_view();
  std::string tail;
  if (f.chunked) {
    tail = trailers.empty() ? http::kLastChunk : http::kLastChunkLine;
    if (!trailers.empty()) {
      const std::size_t before = tail.size();
      tail.resize(before + http::serialize_fields(trailers, {}));
      http::serialize_fields(trailers, std::span<char>(tail).subspan(before));
    }
  }
  const http::ChunkHeader header(last.empty() ? 1 : last.size());
  std::array<iovec, 5> parts{part(f.pending), part(last.empty() ? std::string_view() : header.text()),
                             part(last), part(last.empty() ? std::string_view() : http::kChunkEnd),
                             part(tail)};
  f.pending = {};
  const bool ok = co_await write_client(parts);
  f.packed.release();
  co_return ok;
}

// The next bytes of the body that are in the buffer already.
HttpConnection::BodyPiece HttpConnection::next_piece(std::uint64_t& left) {
  BodyPiece piece;
  const std::size_t here = reply_.held() ? reply_.size() : 0;
  switch (response_framing_.kind) {
    case http::BodyKind::length:
      piece.consumed = static_cast<std::size_t>(std::min<std::uint64_t>(left, here));
      piece.data = here == 0 ? std::string_view() : reply_.view().substr(0, piece.consumed);
      piece.end = left == 0;
      left -= piece.consumed;
      break;
    case http::BodyKind::chunked: {
      if (here == 0) break;
      const http::ChunkDecoder::Step step = response_chunks_.next(reply_.bytes());
      piece.data = {step.data.data(), step.data.size()};
      piece.consumed = step.consumed;
      piece.end = step.kind == http::ChunkDecoder::Kind::end;
      piece.bad = step.kind == http::ChunkDecoder::Kind::bad;
      break;
    }
    case http::BodyKind::until_close:
      piece.data = here == 0 ? std::string_view() : reply_.view();
      piece.consumed = here;
      break;
    default:
      piece.end = true;
  }
  return piece;
}

// Whether another read would find something at once. A read that did not fill its buffer has found the end.
bool HttpConnection::server_has_more() noexcept {
  const int fd = server_stream().raw_fd();
  char byte = 0;
  return filters_->filled && fd >= 0 && ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

Task<bool> HttpConnection::forward_filtered(std::string_view head) {
  FilterState& f = *filters_;
  f.pending = head;
  std::uint64_t left = response_framing_.length;
  response_chunks_ = http::ChunkDecoder(response_limits_);
  http::HeaderBlock trailers;
  response_chunks_.keep_trailers(&trailers);
  std::size_t turn = 0;
  for (;;) {
    BodyPiece piece = next_piece(left);
    while (!piece.data.empty()) {
      const bool ok = co_await filter_piece(piece.data);
      reply_.consume(piece.consumed);
      turn += piece.consumed;
      if (!ok) co_return false;
      piece = next_piece(left);
    }
    if (piece.consumed > 0 && !piece.bad) reply_.consume(piece.consumed);
    if (piece.end) break;
    if (piece.bad) {
      fail(Cause::server_abort, Phase::data);
      co_return false;
    }
    if (!server_has_more()) {
      const bool ok = co_await flush_filters();
      if (!ok) co_return false;
    }
    if (turn > kTurn) {
      turn = 0;
      co_await worker().yield();
    }
    const IoStatus status = co_await fill_response();
    if (status == IoStatus::eof && response_framing_.kind == http::BodyKind::until_close) break;
    if (status != IoStatus::ok) {
      fail(status == IoStatus::timeout ? Cause::server_timeout : Cause::server_abort, Phase::data);
      co_return false;
    }
    f.filled = reply_.space().empty();
  }
  co_return co_await finish_filters(trailers);
}

}  // namespace evenkeel::frontends
