// The request as the server will get it: fields that proxies add, and the head in one piece with a short
// body.
#include <algorithm>

#include "frontends/http_transaction.h"
#include "frontends/rule_context.h"
#include "http/forwarded.h"
#include "http/serializer.h"

namespace evenkeel::frontends {
namespace {

using backends::HttpMode;

bool in_network(const Address& address, const backends::Network& network) noexcept {
  const std::string_view a = address.ip_bytes();
  const std::string_view n = network.address.ip_bytes();
  if (a.size() != n.size() || a.empty()) return false;
  int bits = network.prefix;
  for (std::size_t i = 0; i < a.size() && bits > 0; ++i, bits -= 8) {
    const int mask = bits >= 8 ? 0xff : 0xff << (8 - bits);
    if (((a[i] ^ n[i]) & mask) != 0) return false;
  }
  return true;
}

// X-Forwarded-For and X-Original-To (manual 4.2): one more field behind those that are there. The backend's
// word on the header's name wins over the frontend's.
void add_address_header(http::RequestHead& request, const backends::ForwardForDef& fe,
                        const backends::ForwardForDef& be, const Address& address,
                        std::string_view default_name) {
  if ((!fe.on && !be.on) || !address.is_ip()) return;
  if (fe.on && fe.except && in_network(address, *fe.except)) return;
  if (be.on && be.except && in_network(address, *be.except)) return;
  std::string_view name = default_name;
  if (!fe.header.empty()) name = fe.header;
  if (!be.header.empty()) name = be.header;
  const bool if_none = (fe.on && fe.if_none) || (be.on && be.if_none);
  if (if_none && request.headers.find(name) != http::HeaderBlock::npos) return;
  request.headers.add(name, address.ip_string());
}

}  // namespace

void HttpConnection::add_forwarded_headers() {
  const backends::ForwardForDef& fe = def_->forward_for;
  const backends::ForwardForDef& be = target_def_->forward_for;
  const Address& source = rules_begun_ ? client_.rules().src : client_.peer;
  if (fe.on || be.on) add_address_header(request_, fe, be, source, "x-forwarded-for");
  const backends::ForwardForDef& fe_to = def_->original_to;
  const backends::ForwardForDef& be_to = target_def_->original_to;
  if (fe_to.on || be_to.on) add_address_header(request_, fe_to, be_to, client_.local(), "x-original-to");
  const backends::ForwardedDef& f = target_def_->forwarded;
  if (f.on) {
    http::ForwardedElement element;
    if (f.proto) element.proto = "http";
    if (f.host) element.host = request_.headers.get(http::HeaderId::host);
    if (f.by || f.by_port) element.by = http::ForwardedNode::of(client_.local(), f.by_port);
    if (f.for_ || f.for_port) element.for_ = http::ForwardedNode::of(client_.peer, f.for_port);
    request_.headers.add("forwarded", http::forwarded_element(element));
  }
}

// False: the head does not fit a buffer.
bool HttpConnection::serialize_head() {
  http::SerializeOptions options;
  if (!keep_server_ && !target_def_->pretend_keepalive && !request_framing_.upgrade) {
    options.connection = http::ConnectionToken::close;
  } else if (request_.version_minor == 0) {
    options.connection = http::ConnectionToken::keep_alive;
  }
  options.add_chunked =
      filters_ && filters_->request_algorithm && request_framing_.kind == http::BodyKind::length;
  out_.release();
  out_.reserve();
  const std::size_t size = http::serialize_request(request_, options, out_.space());
  request_size_ = size;
  if (size > out_.capacity()) return false;
  out_.commit(size);
  return true;
}

// How much of the request's body is in the buffer; `size` is what it takes there when all of it is.
HttpConnection::BodyHere HttpConnection::inspect_body(std::size_t& size) {
  const Buffer& in = client_.in;
  const std::size_t here = in.held() ? in.size() - request_head_length_ : 0;
  if (request_body_done_) return BodyHere::all;
  if (request_framing_.kind == http::BodyKind::length) {
    if (here < request_body_left_) return BodyHere::partly;
    size = static_cast<std::size_t>(request_body_left_);
    return BodyHere::all;
  }
  if (here == 0) return BodyHere::partly;
  http::ChunkDecoder probe(request_limits_);
  std::span<char> bytes = client_.in.bytes().subspan(request_head_length_);
  for (;;) {
    const http::ChunkDecoder::Step step = probe.next(bytes);
    bytes = bytes.subspan(step.consumed);
    if (step.kind == http::ChunkDecoder::Kind::bad) return BodyHere::bad;
    if (step.kind == http::ChunkDecoder::Kind::need_more) return BodyHere::partly;
    if (step.kind == http::ChunkDecoder::Kind::end) break;
  }
  size = here - bytes.size();
  return BodyHere::all;
}

// The body of `size` bytes in the buffer becomes a part of the head's segment, chunks framed anew.
void HttpConnection::append_body(std::size_t size) {
  const auto put = [this](std::string_view bytes) {
    std::copy_n(bytes.data(), bytes.size(), out_.space().data());
    out_.commit(bytes.size());
  };
  std::span<char> bytes = client_.in.bytes().subspan(request_head_length_, size);
  if (request_framing_.kind == http::BodyKind::length) put({bytes.data(), size});
  if (request_framing_.kind == http::BodyKind::chunked) {
    request_trailers_.clear();
    request_chunks_.keep_trailers(&request_trailers_);
    for (;;) {
      const http::ChunkDecoder::Step step = request_chunks_.next(bytes);
      bytes = bytes.subspan(step.consumed);
      if (step.kind != http::ChunkDecoder::Kind::data) break;
      put(http::ChunkHeader(step.data.size()).text());
      put({step.data.data(), step.data.size()});
      put(http::kChunkEnd);
    }
    put(http::kLastChunkLine);
    out_.commit(http::serialize_fields(request_trailers_, out_.space()));
  }
  request_size_ = out_.size();
  skip_body(size);
}

// The body has been dealt with where it is.
void HttpConnection::skip_body(std::size_t size) {
  request_head_length_ += size;
  body_sent_along_ = size;
  record_.bytes_in += size;
  request_body_left_ = 0;
  request_body_done_ = true;
}

void HttpConnection::prepare_request() {
  read_cookies();
  add_forwarded_headers();
  if (def_->unique_id && !def_->unique_id_header.empty()) {
    const std::string_view id = begin_rules().unique_id();
    record_.unique_id = id;
    if (!id.empty()) request_.headers.add(def_->unique_id_header, id);
  }
  const HttpMode mode = std::max(def_->http_mode, target_def_->http_mode);
  keep_server_ = mode == HttpMode::keep_alive;
  if (mode == HttpMode::close) keep_client_ = false;
  if (def_->compression || target_def_->compression) filter_request();
  if (def_->filters || target_def_->filters) begin_stream_filters();
  if (!serialize_head()) return;  // exchange() refuses it
  if (request_body_done_) return;
  // A body that is here already goes along in the same segment, and can be sent again if need be.
  std::size_t size = 0;
  constexpr std::size_t kTrailerSlack = 512;  // each trailer field may grow by a blank after its colon
  const bool filtered = filters_ && filters_->request_algorithm;
  if (!filtered && stream_filters() == nullptr && target_def_->send_name_header.empty() &&
      inspect_body(size) == BodyHere::all && out_.space().size() >= size + kTrailerSlack) {
    append_body(size);
    return;
  }
  // The buffer is needed for the body; the log still wants the head.
  keep_request_line();
  request_.detach();
  client_.in.consume(request_head_length_);
  request_head_length_ = 0;
}

}  // namespace evenkeel::frontends
