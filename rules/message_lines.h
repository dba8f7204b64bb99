// A message head as lines of text, "GET /x HTTP/1.1" and "Name: value": what the regular expressions of
// HAProxy 1.x looked at (reqrep, rspdel and their like) and what `req.lines` and the *-lines actions show.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "rules/action.h"

namespace evenkeel::http {
class HeaderBlock;
}  // namespace evenkeel::http

namespace evenkeel::rules {

// Names are kept in lower case here, whatever the peer wrote; expressions were written for the customary
// capitals. Those that tell case apart are offered both.
enum class NameCase : std::uint8_t { capitals, lower };

class MessageLines {
 public:
  MessageLines(EvalContext& ctx, bool response) noexcept;
  // False: there is no such message (yet), and nothing else may be called.
  [[nodiscard]] bool there() const noexcept { return headers_ != nullptr; }
  // The start line and one per field.
  [[nodiscard]] std::size_t size() const noexcept;
  // Line i, 0 being the start line, without its end.
  [[nodiscard]] std::string text(std::size_t i, NameCase names) const;
  // The line becomes this text; an empty one removes a field. A field that gets another name moves to the
  // end. False, and nothing changed: the text cannot stand at this place.
  bool replace(std::size_t i, std::string_view text);
  // i is not 0.
  void remove(std::size_t i);

 private:
  bool replace_request_line(std::string_view text);
  bool replace_status_line(std::string_view text);

  http::RequestHead* request_ = nullptr;
  http::ResponseHead* response_ = nullptr;
  http::HeaderBlock* headers_ = nullptr;
};

}  // namespace evenkeel::rules
