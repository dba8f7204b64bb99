// A response that the proxy itself gives: `return`, `deny`, `redirect`, `auth`, error files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace evenkeel::rules {

// Computed by a rule, sent by the data plane, which adds the Connection field that the connection needs.
struct Reply {
  enum class Kind : std::uint8_t {
    none,
    standard,  // the proxy's own error response for `status`: errorfile, errorfiles, or the built-in page;
               // `headers` are appended to its own
    built,     // status, headers (Content-Length included, in order) and body below
    raw,       // `body` is a whole message, head included, as read from an error file
    closed,    // no answer at all: an error file that is empty
  };

  Kind kind = Kind::none;
  int status = 0;
  std::string_view reason;  // empty: http::reason_phrase()
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::shared_ptr<const std::string> shared_body;  // instead of `body`, for files and constant texts
  std::string_view http_errors;  // standard: name of an http-errors section; empty: the proxy's own
  bool close = false;            // the connection must not be kept

  void clear() noexcept { *this = Reply(); }
  [[nodiscard]] std::string_view payload() const noexcept {
    return shared_body ? std::string_view(*shared_body) : std::string_view(body);
  }
};

}  // namespace evenkeel::rules
