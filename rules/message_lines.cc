#include "rules/message_lines.h"

#include <algorithm>

#include "http/head.h"
#include "rules/text.h"
#include "rules/words.h"

namespace evenkeel::rules {
namespace {

bool is_token(std::string_view name) noexcept {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || text::is_digit(c) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

// "x-forwarded-for" -> "X-Forwarded-For"
void append_capitals(std::string_view name, std::string& out) {
  bool first = true;
  for (const char c : name) {
    out += first && c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c;
    first = c == '-';
  }
}

std::string version_text(std::uint8_t minor) { return minor == 0 ? "HTTP/1.0" : "HTTP/1.1"; }

}  // namespace

MessageLines::MessageLines(EvalContext& ctx, bool response) noexcept {
  if (response) {
    response_ = ctx.response;
    if (response_ != nullptr) headers_ = &response_->headers;
  } else {
    request_ = ctx.request;
    if (request_ != nullptr) headers_ = &request_->headers;
  }
}

std::size_t MessageLines::size() const noexcept { return headers_->size() + 1; }

std::string MessageLines::text(std::size_t i, NameCase names) const {
  std::string line;
  if (i == 0 && request_ != nullptr) {
    line.append(request_->method_text()).append(1, ' ').append(request_->target());
    return line + " " + version_text(request_->version_minor);
  }
  if (i == 0) {
    line = version_text(response_->version_minor) + " " + std::to_string(response_->status);
    return line.append(1, ' ').append(response_->reason());
  }
  if (names == NameCase::capitals) {
    append_capitals(headers_->name(i - 1), line);
  } else {
    line = headers_->name(i - 1);
  }
  return line.append(": ").append(headers_->value(i - 1));
}

bool MessageLines::replace(std::size_t i, std::string_view text) {
  const bool breaks =
      std::any_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == 0; });
  if (breaks) return false;
  if (i == 0) return request_ != nullptr ? replace_request_line(text) : replace_status_line(text);
  if (text.empty()) {
    remove(i);
    return true;
  }
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || !is_token(text.substr(0, colon))) return false;
  const std::string_view name = text.substr(0, colon);
  const std::string_view value = http::trim_ows(text.substr(colon + 1));
  if (http::iequals(name, headers_->name(i - 1))) {
    headers_->replace_value(i - 1, value);
  } else {
    headers_->remove(i - 1);
    headers_->add(text::lower(name), value);
  }
  return true;
}

void MessageLines::remove(std::size_t i) { headers_->remove(i - 1); }

// The version that the text ends with is not ours to change: it says what this connection can do.
bool MessageLines::replace_request_line(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return false;
  const std::string_view method = text.substr(0, space);
  std::string_view target = text.substr(space + 1);
  const std::size_t version = target.rfind(" HTTP/");
  if (version != std::string_view::npos) target = target.substr(0, version);
  if (!is_token(method) || !http::is_valid_target(target)) return false;
  const std::string kept(target);
  if (method != request_->method_text()) request_->set_method(std::string(method));
  if (kept != request_->target()) request_->set_target(kept);
  return true;
}

bool MessageLines::replace_status_line(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos || text.size() < space + 4) return false;
  std::int64_t status = 0;
  if (!parse_int(text.substr(space + 1, 3), status) || status < 100 || status > 999) return false;
  response_->status = static_cast<std::uint16_t>(status);
  response_->set_reason(text.size() > space + 5 ? text.substr(space + 5) : std::string_view());
  return true;
}

}  // namespace evenkeel::rules
