// The part of HTTP/1 that a check needs: read one response from what has arrived so far.
//
// Not the codec of the traffic path: that one consumes a stream, keeps nothing and refuses what is merely
// odd. A check re-reads one small buffer, and judges servers as HAProxy does (bare LF and leading empty lines
// pass).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace evenkeel::health {

struct HttpReply {
  enum class Progress : std::uint8_t {
    head,     // the head is not complete
    body,     // the head is complete, the body grows
    done,     // complete
    invalid,  // not HTTP/1
  } progress = Progress::head;
  int status = 0;
  std::string_view reason;
  std::vector<std::pair<std::string_view, std::string_view>> headers;  // names as received, values trimmed
  std::string body;  // without chunk framing, as far as it has arrived
};

// eof: nothing follows. The views point into bytes. Interim responses count as responses, as in HAProxy.
HttpReply read_http_reply(std::string_view bytes, bool eof);

}  // namespace evenkeel::health
