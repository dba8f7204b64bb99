// Parsing the head of an HTTP/1.0 or 1.1 message (RFC 9112).
//
// The parsers work in place: they turn header names into lower case in the buffer and keep offsets into it.
// They are stricter than HAProxy 2.6 in what can be read in two ways (bare LF, folded lines, runs of blanks,
// control characters, versions other than 1.x, hosts with delimiters), and otherwise take and refuse what it
// takes and refuses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "http/head.h"
#include "http/parse_error.h"

namespace evenkeel::http {

struct Limits {
  std::uint32_t max_headers = 101;  // tune.http.maxhdr: a head may have one field less than this
  // A line feed alone ends a line, too (RFC 9112 section 2.2 leaves the choice). What we send always has CR
  // LF.
  bool accept_bare_lf = false;
  // `option accept-invalid-http-request|-response`: any visible character and spaces inside header names,
  // control characters but NUL, CR and LF in values, '#' and bytes from 0x80 in targets, targets of no form,
  // a Host that differs from the target, runs of blanks in the start line, folded lines (joined with spaces),
  // bare LF. What could move the end of a message stays refused.
  bool accept_unsafe = false;
};

// Servers that end lines with LF alone still exist, and what they send cannot reach another parser unchanged.
inline constexpr Limits kResponseLimits{.accept_bare_lf = true};

struct ParseResult {
  enum Status : std::uint8_t { need_more, complete, bad };
  Status status = need_more;
  ErrorCode error = ErrorCode::none;  // set with `bad`
  std::uint32_t offset =
      0;  // complete: length of the head, leading empty lines included; bad: of the offending byte

  [[nodiscard]] bool is_complete() const noexcept { return status == complete; }
  [[nodiscard]] bool needs_more() const noexcept { return status == need_more; }
  [[nodiscard]] bool is_bad() const noexcept { return status == bad; }
};

// Parses the head at the start of `bytes`. After need_more, call again with the same bytes (at any address)
// and more behind them: parsing resumes where it stopped. Call head.clear() before each new message. On
// success the head refers to `bytes`; see HeaderBlock::rebase(). A full buffer that needs more is the
// caller's limit on size.
ParseResult parse_request_head(std::span<char> bytes, const Limits& limits, RequestHead& head);
ParseResult parse_response_head(std::span<char> bytes, const Limits& limits, ResponseHead& head);

// The field lines of a trailer section, or of any header section without a start line, up to and including
// the empty line. `progress` as in the heads; its in_fields is ignored.
ParseResult parse_fields(std::span<char> bytes, const Limits& limits, HeaderBlock& fields,
                         ParseProgress& progress);

// Whether text may stand as a header name or value in what we send (for values that come from rules).
bool is_valid_name(std::string_view name) noexcept;
bool is_valid_value(std::string_view value) noexcept;

}  // namespace evenkeel::http
