#include "http/framing.h"

#include <string>

namespace evenkeel::http {
namespace {

constexpr std::uint64_t kMaxLength = INT64_MAX;

constexpr HeaderSet kInteresting =
    set_of(HeaderId::content_length, HeaderId::transfer_encoding, HeaderId::connection, HeaderId::upgrade,
           HeaderId::expect, HeaderId::te);

bool parse_number(std::string_view text, std::uint64_t& number) noexcept {
  number = 0;
  if (text.empty()) return false;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (number > (kMaxLength - digit) / 10) return false;
    number = number * 10 + digit;
  }
  return true;
}

// Reads and unifies all Content-Length fields; `has` tells whether there is any.
ErrorCode read_lengths(HeaderBlock& headers, std::uint64_t& length, bool& has) {
  has = false;
  for (std::size_t i = headers.find(HeaderId::content_length); i != HeaderBlock::npos;) {
    std::uint64_t value = 0;
    const std::string_view text = headers.value(i);
    const ErrorCode error = parse_content_length(text, value);
    if (error != ErrorCode::none) return error;
    if (has && value != length) return ErrorCode::conflicting_content_lengths;
    if (has) {
      headers.remove(i);
    } else {
      // "3, 3" is forwarded as "3".
      const std::size_t comma = text.find(',');
      if (comma != std::string_view::npos) headers.replace_value(i, trim_ows(text.substr(0, comma)));
      ++i;
    }
    length = value;
    has = true;
    i = headers.find(HeaderId::content_length, i);
  }
  return ErrorCode::none;
}

// Reads all Transfer-Encoding fields as one list: only `chunked`, once, is spoken.
ErrorCode read_codings(const HeaderBlock& headers, bool& chunked) noexcept {
  chunked = false;
  bool others = false;
  bool any = false;
  for (std::size_t i = headers.find(HeaderId::transfer_encoding); i != HeaderBlock::npos;
       i = headers.find(HeaderId::transfer_encoding, i + 1)) {
    any = true;
    const std::string_view value = headers.value(i);
    // An empty element before a coding is a classic for making two parsers disagree.
    if (!value.empty() && value.front() == ',') return ErrorCode::unsupported_transfer_coding;
    ListReader list(value);
    std::string_view coding;
    while (list.next(coding)) {
      if (chunked) return ErrorCode::bad_transfer_encoding;
      if (iequals(coding, "chunked")) {
        chunked = true;
      } else {
        others = true;
      }
    }
  }
  if (any && !chunked) return ErrorCode::bad_transfer_encoding;
  return others ? ErrorCode::unsupported_transfer_coding : ErrorCode::none;
}

struct ConnectionTokens {
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;
};

// Takes the tokens that are between us and the sender out of one Connection value; false when nothing is left
// of it.
bool strip_connection(HeaderBlock& headers, std::size_t i) {
  std::string kept;  // an uncommon value: mostly the whole field goes
  ListReader list(headers.value(i));
  std::string_view token;
  while (list.next(token)) {
    if (iequals(token, "close") || iequals(token, "keep-alive")) continue;
    if (!kept.empty()) kept += ',';
    kept += token;
  }
  if (kept.empty()) return false;
  headers.replace_value(i, kept);
  return true;
}

// Reads the Connection fields, and strips them of what must not be forwarded.
ConnectionTokens take_connection(HeaderBlock& headers) {
  ConnectionTokens found;
  for (std::size_t i = headers.find(HeaderId::connection); i != HeaderBlock::npos;) {
    const std::string_view value = headers.value(i);
    if (iequals(value, "keep-alive")) {  // what every browser sends
      found.keep_alive = true;
      headers.remove(i);
      i = headers.find(HeaderId::connection, i);
      continue;
    }
    bool strip = false;
    ListReader list(value);
    std::string_view token;
    while (list.next(token)) {
      const bool close = iequals(token, "close");
      const bool keep = !close && iequals(token, "keep-alive");
      found.close |= close;
      found.keep_alive |= keep;
      strip |= close || keep;
      if (iequals(token, "upgrade")) found.upgrade = true;
    }
    if (strip && !strip_connection(headers, i)) {
      headers.remove(i);
      i = headers.find(HeaderId::connection, i);
    } else {
      i = headers.find(HeaderId::connection, i + 1);
    }
  }
  return found;
}

// What requests and responses share; `doubtful` forbids to reuse the connection.
void apply_connection(Framing& f, const ConnectionTokens& tokens, bool version_1_1, bool doubtful) noexcept {
  f.connection_close = tokens.close;
  f.connection_keep_alive = tokens.keep_alive;
  f.keep_alive = !tokens.close && (version_1_1 || tokens.keep_alive) && !doubtful;
}

// A field "TE" without `trailers` is for us alone: we add and remove no codings (RFC 9110 section 10.1.4).
void reduce_te(HeaderBlock& headers) {
  for (std::size_t i = headers.find(HeaderId::te); i != HeaderBlock::npos;) {
    if (!list_has_token(headers.value(i), "trailers")) {
      headers.remove(i);
      i = headers.find(HeaderId::te, i);
      continue;
    }
    if (!iequals(headers.value(i), "trailers")) headers.replace_value(i, "trailers");
    i = headers.find(HeaderId::te, i + 1);
  }
}

// The key is the base64 of 16 bytes; HAProxy looks at its length only, and so do we.
bool lacks_websocket_key(const HeaderBlock& headers) noexcept {
  constexpr std::size_t kKeyLength = 24;
  bool websocket = false;
  for (std::size_t i = headers.find(HeaderId::upgrade); i != HeaderBlock::npos;
       i = headers.find(HeaderId::upgrade, i + 1)) {
    websocket |= list_has_token(headers.value(i), "websocket");
  }
  return websocket && headers.get(HeaderId::sec_websocket_key).size() != kKeyLength;
}

// Whether a 101 says what it switches to (RFC 9110 section 15.2.2), and for WebSocket that the key was
// understood.
bool completes_switch(const HeaderBlock& headers, bool upgrade_token) noexcept {
  if (!upgrade_token) return false;
  return !list_has_token(headers.get(HeaderId::upgrade), "websocket") ||
         headers.has(HeaderId::sec_websocket_accept);
}

ErrorCode read_body(HeaderBlock& headers, Framing& f, bool& both) {
  bool has_length = false;
  bool chunked = false;
  ErrorCode error = read_lengths(headers, f.length, has_length);
  if (error == ErrorCode::none) error = read_codings(headers, chunked);
  if (error != ErrorCode::none) return error;
  both = has_length && chunked;
  if (both) headers.remove_all(HeaderId::content_length);
  f.kind = chunked ? BodyKind::chunked : has_length ? BodyKind::length : BodyKind::none;
  if (chunked) f.length = 0;
  return ErrorCode::none;
}

Framing refuse(ErrorCode error) noexcept {
  Framing f;
  f.error = error;
  return f;
}

}  // namespace

ErrorCode parse_content_length(std::string_view value, std::uint64_t& length) noexcept {
  bool first = true;
  for (;;) {
    const std::size_t comma = value.find(',');
    std::uint64_t number = 0;
    if (!parse_number(trim_ows(value.substr(0, comma)), number)) return ErrorCode::bad_content_length;
    if (!first && number != length) return ErrorCode::conflicting_content_lengths;
    length = number;
    first = false;
    if (comma == std::string_view::npos) return ErrorCode::none;
    value.remove_prefix(comma + 1);
  }
}

Framing frame_request(RequestHead& head) {
  Framing f;
  const bool version_1_1 = head.version_minor >= 1;
  f.keep_alive = version_1_1;
  HeaderBlock& headers = head.headers;
  if (!headers.may_have(kInteresting)) return f;

  bool both = false;
  f.error = read_body(headers, f, both);
  if (f.error != ErrorCode::none) return refuse(f.error);
  if (head.method == Method::connect) {
    if (f.kind == BodyKind::chunked) return refuse(ErrorCode::unexpected_framing);
    headers.remove_all(HeaderId::content_length);
    f.kind = BodyKind::none;
    f.length = 0;
  }
  const bool chunked = f.kind == BodyKind::chunked;
  const ConnectionTokens tokens = take_connection(headers);
  apply_connection(f, tokens, version_1_1, both || (chunked && !version_1_1));
  const bool has_body = chunked || f.length > 0;
  if (tokens.upgrade && headers.has(HeaderId::upgrade)) {
    if (has_body) {
      headers.remove_all(HeaderId::upgrade);
    } else if (lacks_websocket_key(headers)) {
      return refuse(ErrorCode::websocket_key);
    }
    f.upgrade = version_1_1 && !has_body;
  }
  f.expect_continue = version_1_1 && iequals(headers.get(HeaderId::expect), "100-continue");
  if (headers.may_have(set_of(HeaderId::te))) reduce_te(headers);
  return f;
}

Framing frame_response(ResponseHead& head, const RequestFacts& request) {
  Framing f;
  const bool version_1_1 = head.version_minor >= 1;
  HeaderBlock& headers = head.headers;
  bool both = false;
  f.error = read_body(headers, f, both);
  if (f.error != ErrorCode::none) return refuse(f.error);
  const ConnectionTokens tokens = take_connection(headers);
  const bool chunked = f.kind == BodyKind::chunked;
  apply_connection(f, tokens, version_1_1, both || (chunked && !version_1_1));

  f.faulty = chunked && !version_1_1;
  const int status = head.status;
  if (status < 200) {
    if (f.kind != BodyKind::none) return refuse(ErrorCode::unexpected_framing);
    if (status != 101) return f;
    if (!request.upgrade || !completes_switch(headers, tokens.upgrade))
      return refuse(ErrorCode::unexpected_switch);
    f.upgrade = true;
    f.kind = BodyKind::tunnel;
    return f;
  }
  if (request.method == Method::connect && status < 300) {
    f.kind = BodyKind::tunnel;
    return f;
  }
  if (status == 204) {
    headers.remove_all(HeaderId::content_length);
    headers.remove_all(HeaderId::transfer_encoding);
  }
  if (status == 204 || status == 304 || request.method == Method::head) {
    f.kind = BodyKind::none;
    f.length = 0;
    return f;
  }
  if (f.kind == BodyKind::none) {
    f.kind = BodyKind::until_close;
    f.keep_alive = false;
  }
  return f;
}

int status_of(ErrorCode error) noexcept {
  return error == ErrorCode::unsupported_transfer_coding ? 422 : 400;
}

void remove_nominated(HeaderBlock& headers) {
  constexpr HeaderSet kKept = set_of(HeaderId::host, HeaderId::connection, HeaderId::content_length,
                                     HeaderId::transfer_encoding, HeaderId::upgrade, HeaderId::te);
  for (std::size_t i = headers.find(HeaderId::connection); i != HeaderBlock::npos;
       i = headers.find(HeaderId::connection, i + 1)) {
    ListReader list(headers.value(i));
    std::string_view token;
    while (list.next(token)) {
      const HeaderId id = header_id_of(token);
      if (id != HeaderId::other && (kKept & set_of(id)) != 0) continue;
      const std::size_t removed_before = headers.find(token);
      if (removed_before == HeaderBlock::npos) continue;
      headers.remove_all(token);
      if (removed_before < i) i = headers.find(HeaderId::connection);
    }
  }
}

}  // namespace evenkeel::http
