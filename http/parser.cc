#include "http/parser.h"

#include <cstring>

#include "http/host.h"
#include "http/scan.h"

namespace evenkeel::http {
namespace {

ParseResult bad(ErrorCode code, std::size_t offset) noexcept {
  return {ParseResult::bad, code, static_cast<std::uint32_t>(offset)};
}
ParseResult need_more() noexcept { return {}; }
ParseResult complete(std::size_t length) noexcept {
  return {ParseResult::complete, ErrorCode::none, static_cast<std::uint32_t>(length)};
}

// A cursor over the bytes with the policy that every line shares.
struct Input {
  char* base;
  char* end;
  bool accept_lf;
  bool unsafe;

  [[nodiscard]] std::size_t offset(const char* p) const noexcept {
    return static_cast<std::size_t>(p - base);
  }
};

enum class Step : std::uint8_t { ok, need_more, bad };

struct LineEnd {
  Step step = Step::ok;
  ErrorCode error = ErrorCode::none;
  char* next = nullptr;
};

// p is at what should be a line end.
inline LineEnd take_line_end(const Input& in, char* p) noexcept {
  if (p == in.end) return {Step::need_more, ErrorCode::none, nullptr};
  if (*p == '\r') [[likely]] {
    if (p + 1 == in.end) return {Step::need_more, ErrorCode::none, nullptr};
    if (p[1] == '\n') [[likely]]
      return {Step::ok, ErrorCode::none, p + 2};
    return {Step::bad, ErrorCode::bare_cr, nullptr};
  }
  if (*p == '\n') {
    if (in.accept_lf) return {Step::ok, ErrorCode::none, p + 1};
    return {Step::bad, ErrorCode::bare_lf, nullptr};
  }
  return {Step::bad, ErrorCode::none, nullptr};
}

// Joins a folded line to the field before it, with spaces in place of the line end (RFC 9112 section 5.2).
LineEnd join_folded(const Input& in, char* p, HeaderBlock& fields) noexcept {
  char* stop = p;
  for (;;) {
    stop = const_cast<char*>(find_value_stop(stop, in.end));
    if (stop == in.end) return {Step::need_more, ErrorCode::none, nullptr};
    if (*stop == '\r' || *stop == '\n') break;
    if (*stop == '\0') return {Step::bad, ErrorCode::bad_value, nullptr};
    ++stop;
  }
  const LineEnd end = take_line_end(in, stop);
  if (end.step != Step::ok) return end;
  p[-1] = ' ';
  if (p[-2] == '\r') p[-2] = ' ';
  HeaderEntry& e = fields.entry_for_parser(fields.size() - 1);
  const std::string_view joined =
      trim_ows({in.base + e.value_offset, static_cast<std::size_t>(stop - in.base) - e.value_offset});
  e.value_offset = static_cast<std::uint32_t>(joined.empty() ? in.offset(stop) : in.offset(joined.data()));
  e.value_length = static_cast<std::uint32_t>(joined.size());
  e.flags = 0;
  return end;
}

// The end of a name whose characters are not all token characters; with accept_unsafe, at its colon.
char* unsafe_name_end(const Input& in, char* p) noexcept {
  for (; p < in.end; ++p) {
    const auto c = static_cast<unsigned char>(*p);
    if (c == ':' || c < 0x20 || c == 0x7f) return p;
    *p = to_lower(*p);
  }
  return p;
}

// Why the character at p cannot follow the name that began at `start`.
ErrorCode name_error(const char* start, const char* p) noexcept {
  if (*p == '\r' || *p == '\n') return ErrorCode::missing_colon;
  if (*p == ':' && p == start) return ErrorCode::empty_name;
  return ErrorCode::bad_name;
}

struct FieldStep {
  Step step = Step::ok;
  ErrorCode error = ErrorCode::none;
  char* at = nullptr;  // ok: the next line; bad: the offending byte
};

FieldStep parse_field(const Input& in, char* line, HeaderBlock& fields) {
  char* colon = lower_token(line, in.end);
  if (colon < in.end && *colon != ':' && in.unsafe) colon = unsafe_name_end(in, colon);
  if (colon == in.end) return {Step::need_more, ErrorCode::none, nullptr};
  if (*colon != ':' || colon == line || is_ows(colon[-1])) return {Step::bad, name_error(line, colon), colon};
  if (colon - line > 0xffff) return {Step::bad, ErrorCode::header_too_large, line};

  char* value = colon + 1;
  while (value < in.end && is_ows(*value)) ++value;
  char* stop = value;
  for (;;) {
    stop = const_cast<char*>(find_value_stop(stop, in.end));
    if (stop == in.end) return {Step::need_more, ErrorCode::none, nullptr};
    if (*stop == '\r' || *stop == '\n') [[likely]]
      break;
    if (!in.unsafe || *stop == '\0') return {Step::bad, ErrorCode::bad_value, stop};
    ++stop;
  }
  const LineEnd end = take_line_end(in, stop);
  if (end.step != Step::ok) return {end.step, end.error, stop};

  HeaderEntry e;
  const bool one_space = value == colon + 2 && colon[1] == ' ';
  const bool crlf = *stop == '\r';
  char* last = stop;
  while (last > value && is_ows(last[-1])) --last;
  e.name_offset = static_cast<std::uint32_t>(in.offset(line));
  e.name_length = static_cast<std::uint16_t>(colon - line);
  e.value_offset = static_cast<std::uint32_t>(in.offset(value));
  e.value_length = static_cast<std::uint32_t>(last - value);
  e.flags = one_space && crlf && last == stop ? HeaderEntry::kVerbatim : 0;
  e.id = header_id_of_lower({line, static_cast<std::size_t>(colon - line)});
  fields.push_parsed(e);
  return {Step::ok, ErrorCode::none, end.next};
}

// Parses field lines from progress.line on. The head is complete after its empty line.
ParseResult parse_field_lines(const Input& in, const Limits& limits, HeaderBlock& fields,
                              ParseProgress& progress) {
  char* p = in.base + progress.line;
  const auto pause = [&] {
    progress.line = static_cast<std::uint32_t>(in.offset(p));
    return need_more();
  };
  for (;;) {
    if (p == in.end) return pause();
    if (*p == '\r' || *p == '\n') {
      const LineEnd end = take_line_end(in, p);
      if (end.step == Step::need_more) return pause();
      if (end.step == Step::bad) return bad(end.error, in.offset(p));
      return complete(in.offset(end.next));
    }
    if (is_ows(*p)) {
      if (!in.unsafe || fields.empty()) return bad(ErrorCode::folded_line, in.offset(p));
      const LineEnd end = join_folded(in, p, fields);
      if (end.step == Step::need_more) return pause();
      if (end.step == Step::bad)
        return bad(end.error == ErrorCode::none ? ErrorCode::bad_value : end.error, in.offset(p));
      p = end.next;
      continue;
    }
    if (fields.size() + 1 >= limits.max_headers) return bad(ErrorCode::too_many_headers, in.offset(p));
    const FieldStep step = parse_field(in, p, fields);
    if (step.step == Step::need_more) return pause();
    if (step.step == Step::bad) return bad(step.error, in.offset(step.at));
    p = step.at;
  }
}

// Skips empty lines before the start line (RFC 9112 section 2.2). null: more bytes are needed.
ParseResult skip_empty_lines(const Input& in, char*& p) noexcept {
  while (p < in.end && (*p == '\r' || *p == '\n')) {
    const LineEnd end = take_line_end(in, p);
    if (end.step == Step::need_more) return need_more();
    if (end.step == Step::bad) return bad(end.error, in.offset(p));
    p = end.next;
  }
  return p == in.end ? need_more() : complete(in.offset(p));
}

// After a part of the start line: exactly one space, or with accept_unsafe any run of blanks.
inline bool take_blank(const Input& in, char*& p) noexcept {
  if (p < in.end && *p == ' ') [[likely]] {
    ++p;
    if (!in.unsafe) return true;
  } else if (!in.unsafe || p == in.end || *p != '\t') {
    return false;
  }
  while (p < in.end && is_ows(*p)) ++p;
  return true;
}

// "HTTP/1.x" at p. Returns the minor version as we treat it, or -1.
int version_at(const char* p) noexcept {
  if (std::memcmp(p, "HTTP/1.", 7) != 0 || p[7] < '0' || p[7] > '9') return -1;
  return p[7] == '0' ? 0 : 1;
}

// p: start of the request line, of which all bytes up to a line feed are there.
ParseResult parse_request_line(const Input& in, char* p, RequestHead& head, char*& next) {
  char* method = p;
  p = const_cast<char*>(skip_token(p, in.end));
  if (p == in.end) return need_more();
  if (p == method) return bad(ErrorCode::empty_method, in.offset(p));
  char* method_end = p;
  if (!take_blank(in, p)) return bad(ErrorCode::bad_method, in.offset(p));
  char* target = p;
  for (;;) {
    p = const_cast<char*>(find_target_stop(p, in.end));
    if (p == in.end) return need_more();
    const auto c = static_cast<unsigned char>(*p);
    if (in.unsafe && (c == '#' || c >= 0x80)) {
      ++p;
      continue;
    }
    break;
  }
  char* target_end = p;
  if (p == target) return bad(ErrorCode::bad_request_line, in.offset(p));
  if (*p == '\r' || *p == '\n') return bad(ErrorCode::bad_version, in.offset(p));  // HTTP/0.9
  if (!take_blank(in, p)) return bad(ErrorCode::bad_target, in.offset(p));
  if (in.end - p < 9)
    return std::memchr(p, '\n', static_cast<std::size_t>(in.end - p)) != nullptr
               ? bad(ErrorCode::bad_version, in.offset(p))
               : need_more();
  const int minor = version_at(p);
  if (minor < 0) return bad(ErrorCode::bad_version, in.offset(p));
  const LineEnd end = take_line_end(in, p + 8);
  if (end.step == Step::need_more) return need_more();
  if (end.step == Step::bad) {
    return bad(end.error == ErrorCode::none ? ErrorCode::bad_version : end.error, in.offset(p + 8));
  }
  head.version_minor = static_cast<std::uint8_t>(minor);
  const auto method_length = static_cast<std::uint32_t>(method_end - method);
  head.method_ref = {static_cast<std::uint32_t>(in.offset(method)), method_length, false};
  head.method = method_of({method, method_length});
  const auto target_length = static_cast<std::uint32_t>(target_end - target);
  head.target_ref = {static_cast<std::uint32_t>(in.offset(target)), target_length, false};
  head.form = target_form_of(head.method, {target, target_length});
  if (head.form == TargetForm::other && !in.unsafe) return bad(ErrorCode::target_form, in.offset(target));
  next = end.next;
  return complete(in.offset(next));
}

ParseResult parse_status_line(const Input& in, char* p, ResponseHead& head, char*& next) {
  if (std::memchr(p, '\n', static_cast<std::size_t>(in.end - p)) == nullptr) return need_more();
  char* start = p;
  if (in.end - p < 13) return bad(ErrorCode::bad_status, in.offset(p));
  const int minor = version_at(p);
  if (minor < 0) return bad(ErrorCode::bad_version, in.offset(p));
  p += 8;
  if (!take_blank(in, p)) return bad(ErrorCode::bad_version, in.offset(p));
  unsigned status = 0;
  int digits = 0;
  for (; p < in.end && *p >= '0' && *p <= '9' && digits < 4; ++p, ++digits) {
    status = status * 10 + static_cast<unsigned>(*p - '0');
  }
  if (digits != 3 || status < 100) return bad(ErrorCode::bad_status, in.offset(start) + 9);
  // "HTTP/1.1 200" without the space that the grammar asks for is common and not ambiguous.
  if (p < in.end && *p != '\r' && *p != '\n' && !take_blank(in, p))
    return bad(ErrorCode::bad_status, in.offset(p));
  while (p < in.end && is_ows(*p)) ++p;
  char* reason = p;
  for (;;) {
    p = const_cast<char*>(find_value_stop(p, in.end));
    if (p == in.end) return need_more();
    if (*p == '\r' || *p == '\n') break;
    if (!in.unsafe || *p == '\0') return bad(ErrorCode::bad_value, in.offset(p));
    ++p;
  }
  const LineEnd end = take_line_end(in, p);
  if (end.step == Step::need_more) return need_more();
  if (end.step == Step::bad) return bad(end.error, in.offset(p));
  head.version_minor = static_cast<std::uint8_t>(minor);
  head.status = static_cast<std::uint16_t>(status);
  head.reason_ref = {static_cast<std::uint32_t>(in.offset(reason)), static_cast<std::uint32_t>(p - reason),
                     false};
  next = end.next;
  return complete(in.offset(next));
}

Input input_of(std::span<char> bytes, const Limits& limits) noexcept {
  return {bytes.data(), bytes.data() + bytes.size(), limits.accept_bare_lf || limits.accept_unsafe,
          limits.accept_unsafe};
}

template <class Head, class StartLine>
ParseResult parse_head(const Input& in, const Limits& limits, Head& head, StartLine start_line) {
  head.headers.rebase(in.base);
  ParseProgress& progress = head.progress;
  if (!progress.in_fields) {
    char* p = in.base + progress.line;
    ParseResult result = skip_empty_lines(in, p);
    char* next = p;
    if (result.is_complete()) result = start_line(in, p, head, next);
    if (result.is_bad()) return result;
    progress.line = static_cast<std::uint32_t>(in.offset(next));
    if (result.needs_more()) return result;
    progress.in_fields = true;
  }
  return parse_field_lines(in, limits, head.headers, progress);
}

}  // namespace

ParseResult parse_request_head(std::span<char> bytes, const Limits& limits, RequestHead& head) {
  const Input in = input_of(bytes, limits);
  const ParseResult result = parse_head(in, limits, head, parse_request_line);
  if (!result.is_complete()) return result;
  const ErrorCode error = check_hosts(head, limits.accept_unsafe);
  return error == ErrorCode::none ? result : bad(error, head.target_ref.offset);
}

ParseResult parse_response_head(std::span<char> bytes, const Limits& limits, ResponseHead& head) {
  return parse_head(input_of(bytes, limits), limits, head, parse_status_line);
}

ParseResult parse_fields(std::span<char> bytes, const Limits& limits, HeaderBlock& fields,
                         ParseProgress& progress) {
  fields.rebase(bytes.data());
  return parse_field_lines(input_of(bytes, limits), limits, fields, progress);
}

bool is_valid_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= 0xffff &&
         skip_token(name.data(), name.data() + name.size()) == name.data() + name.size();
}

bool is_valid_value(std::string_view value) noexcept {
  return find_value_stop(value.data(), value.data() + value.size()) == value.data() + value.size();
}

}  // namespace evenkeel::http
