// Writing heads: what we forward is written anew from what was parsed, never passed through.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "http/head.h"

namespace evenkeel::http {

// What to say about the connection that the message goes to.
enum class ConnectionToken : std::uint8_t { none, close, keep_alive };

// HAProxy's output: names in lower case, one space after the colon, what the proxy says itself after all
// other fields. (frame_request() and frame_response() have taken the sender's own close, keep-alive and TE
// away.)
struct SerializeOptions {
  HeaderSet skip = 0;  // fields that are left out
  bool add_chunked =
      false;  // a Transfer-Encoding: chunked field of our own; put the message's own framing into `skip`
  ConnectionToken connection = ConnectionToken::none;  // a Connection field of our own, the last of all
};

// Write the head, empty line included, into `out`; return the number of bytes that it takes. When that is
// more than out.size(), the contents of `out` are worthless: call again with more room.
std::size_t serialize_request(const RequestHead& head, const SerializeOptions& options, std::span<char> out);
std::size_t serialize_response(const ResponseHead& head, const SerializeOptions& options,
                               std::span<char> out);
// Only the fields and the empty line: a trailer section.
std::size_t serialize_fields(const HeaderBlock& fields, std::span<char> out);

}  // namespace evenkeel::http
