#include "http/head.h"

#include "http/scan.h"

namespace evenkeel::http {

Method method_of(std::string_view t) noexcept {
  switch (t.size()) {
    case 3:
      if (t == "GET") return Method::get;
      if (t == "PUT") return Method::put;
      break;
    case 4:
      if (t == "POST") return Method::post;
      if (t == "HEAD") return Method::head;
      break;
    case 5:
      if (t == "PATCH") return Method::patch;
      if (t == "TRACE") return Method::trace;
      break;
    case 6:
      if (t == "DELETE") return Method::del;
      break;
    case 7:
      if (t == "OPTIONS") return Method::options;
      if (t == "CONNECT") return Method::connect;
      break;
    default:
      break;
  }
  return Method::other;
}

std::string_view to_string(Method method) noexcept {
  switch (method) {
    case Method::other:
      return {};
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::del:
      return "DELETE";
    case Method::connect:
      return "CONNECT";
    case Method::options:
      return "OPTIONS";
    case Method::trace:
      return "TRACE";
    case Method::patch:
      return "PATCH";
  }
  return {};
}

namespace {

bool has_scheme(std::string_view t) noexcept {
  std::size_t i = 0;
  while (i < t.size()) {
    const char c = to_lower(t[i]);
    const bool alpha = c >= 'a' && c <= 'z';
    const bool later = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
    if (!alpha && (i == 0 || !later)) break;
    ++i;
  }
  return i > 0 && t.substr(i, 3) == "://";
}

}  // namespace

TargetForm target_form_of(Method method, std::string_view t) noexcept {
  if (method == Method::connect) return TargetForm::authority;
  if (t.empty()) return TargetForm::other;
  if (t.front() == '/') return TargetForm::origin;
  if (t == "*" && method == Method::options) return TargetForm::asterisk;
  return has_scheme(t) ? TargetForm::absolute : TargetForm::other;
}

bool is_valid_target(std::string_view t) noexcept {
  return !t.empty() && find_target_stop(t.data(), t.data() + t.size()) == t.data() + t.size();
}

void RequestHead::set_method(std::string_view text) {
  method_ref = headers.store(text);
  method = method_of(method_text());
}

void RequestHead::set_target(std::string_view text) {
  target_ref = headers.store(text);
  form = target_form_of(method, target());
}

void RequestHead::clear() noexcept {
  headers.clear();
  method_ref = target_ref = {};
  method = Method::other;
  form = TargetForm::origin;
  version_minor = 1;
  progress = {};
}

void RequestHead::detach() {
  headers.detach();
  if (!method_ref.in_arena) method_ref = headers.store(method_text());
  if (!target_ref.in_arena) target_ref = headers.store(target());
}

void ResponseHead::clear() noexcept {
  headers.clear();
  reason_ref = {};
  status = 0;
  version_minor = 1;
  progress = {};
}

void ResponseHead::detach() {
  headers.detach();
  if (!reason_ref.in_arena) reason_ref = headers.store(reason());
}

}  // namespace evenkeel::http
