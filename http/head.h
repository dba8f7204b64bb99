// The head of an HTTP/1 message as parsed: start line and header fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/header_block.h"

namespace evenkeel::http {

enum class Method : std::uint8_t { other, get, head, post, put, del, connect, options, trace, patch };

Method method_of(std::string_view text) noexcept;    // exact case, RFC 9110 section 9.1
std::string_view to_string(Method method) noexcept;  // empty for Method::other

// RFC 9112 section 3.2. `other`: no form at all; only with Limits::accept_unsafe.
enum class TargetForm : std::uint8_t { origin, absolute, authority, asterisk, other };

// How far a parser has come in a message that is not complete yet. Owned by the head that is being filled.
struct ParseProgress {
  std::uint32_t line = 0;  // offset of the first line that is not parsed yet
  bool in_fields = false;  // the start line is done
};

struct RequestHead {
  HeaderBlock headers;
  TextRef method_ref;
  TextRef target_ref;
  Method method = Method::other;
  TargetForm form = TargetForm::origin;
  // Always 1.0 or 1.1: a higher minor version is treated, and forwarded, as 1.1 (RFC 9112 section 2.5).
  std::uint8_t version_minor = 1;
  ParseProgress progress;

  [[nodiscard]] std::string_view method_text() const noexcept { return headers.text(method_ref); }
  [[nodiscard]] std::string_view target() const noexcept { return headers.text(target_ref); }
  void set_method(std::string_view text);
  // Sets the form, too. The text must not hold whitespace or control characters (`is_valid_target`).
  void set_target(std::string_view text);
  void clear() noexcept;
  // Copies everything out of the read buffer.
  void detach();
};

struct ResponseHead {
  HeaderBlock headers;
  TextRef reason_ref;
  std::uint16_t status = 0;  // 100 to 999
  std::uint8_t version_minor = 1;
  ParseProgress progress;

  [[nodiscard]] std::string_view reason() const noexcept { return headers.text(reason_ref); }
  void set_reason(std::string_view text) { reason_ref = headers.store(text); }
  void clear() noexcept;
  void detach();
};

// The form that this text has for this method; TargetForm::other when it has none.
TargetForm target_form_of(Method method, std::string_view target) noexcept;
// Whether the text can stand in a request line: not empty, visible US-ASCII only, no '#'.
bool is_valid_target(std::string_view target) noexcept;

}  // namespace evenkeel::http
