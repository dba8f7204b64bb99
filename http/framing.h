// Where the body of a message ends, and whether its connection may carry another one (RFC 9112 sections 6 and
// 9).
#pragma once

#include <cstdint>
#include <string_view>

#include "http/head.h"
#include "http/parse_error.h"

namespace evenkeel::http {

enum class BodyKind : std::uint8_t {
  none,    // no body at all
  length,  // exactly `length` bytes (may be 0)
  chunked,
  until_close,  // responses only
  tunnel,       // after the head the connection carries bytes of another protocol, both ways
};

struct Framing {
  ErrorCode error = ErrorCode::none;  // refuse the message: status_of() says with what
  BodyKind kind = BodyKind::none;
  std::uint64_t length = 0;  // with BodyKind::length

  // The sender's connection may stay open after this message as far as the message says (version, Connection
  // tokens, framing that leaves no doubt). False after Content-Length next to Transfer-Encoding and after
  // chunked in HTTP/1.0.
  bool keep_alive = false;
  bool connection_close = false;       // token in Connection
  bool connection_keep_alive = false;  // token in Connection
  // Connection: upgrade together with an Upgrade field (RFC 9110 section 7.8). A request with a body makes no
  // offer: it loses its Upgrade field, as it does in HAProxy. For a response: the switch has happened (101).
  bool upgrade = false;
  // A response with chunked in HTTP/1.0 may be anything (RFC 9112 section 6.1): after it, both connections
  // end.
  bool faulty = false;
  bool expect_continue = false;  // an HTTP/1.1 request with Expect: 100-continue
};

// The framing of a parsed request. Changes the head to what may be forwarded: repeated equal lengths become
// one, a length next to chunked or on CONNECT is dropped, Connection loses close and keep-alive, TE all but
// `trailers`. A CONNECT request is `none` here: the tunnel begins with its 2xx response.
Framing frame_request(RequestHead& head);

// What a response needs to know of its request.
struct RequestFacts {
  Method method = Method::get;
  bool upgrade = false;  // Framing::upgrade of the request
};

// The framing of a parsed response, interim (1xx) ones included. Drops lengths as above, and both fields from
// a 204. 101 is a tunnel if the request asked for it, else an error; 2xx to CONNECT is a tunnel.
Framing frame_response(ResponseHead& head, const RequestFacts& request);

// Parses a Content-Length value: digits only, at most 2^63 - 1; a list of equal values counts as one.
ErrorCode parse_content_length(std::string_view value, std::uint64_t& length) noexcept;

// The status that answers a request with this error: 400, or 422 for unsupported_transfer_coding.
int status_of(ErrorCode error) noexcept;

// Removes what the fields named in Connection nominate as hop-by-hop (RFC 9110 section 7.6.1), except for
// `upgrade` and `te`, and never Host, framing fields or Connection itself. HAProxy 2.6 forwards them along
// with Connection; so do we by default.
void remove_nominated(HeaderBlock& headers);

}  // namespace evenkeel::http
