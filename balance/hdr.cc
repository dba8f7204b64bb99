#include "balance/hdr.h"

namespace evenkeel::balance {

namespace {

// The label before the last dot; no dot, or nothing before it: all. A port is not recognised, and the byte
// right before the last dot always belongs to the label: both as observed of HAProxy, whose placement counts
// more than elegance.
std::string_view domain_label(std::string_view host) noexcept {
  const std::size_t dot = host.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return host;
  const std::size_t before = host.substr(0, dot - 1).rfind('.');
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  return host.substr(begin, dot - begin);
}

// Up to the first comma outside of a quoted string.
std::string_view first_element(std::string_view value) noexcept {
  bool quoted = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '"') quoted = !quoted;
    if (value[i] == '\\' && quoted) {
      ++i;
    } else if (value[i] == ',' && !quoted) {
      return value.substr(0, i);
    }
  }
  return value;
}

}  // namespace

std::optional<std::string_view> hdr_key(std::string_view value, bool domain_only) noexcept {
  std::string_view first = first_element(value);
  while (!first.empty() && (first.back() == ' ' || first.back() == '\t')) first.remove_suffix(1);
  while (!first.empty() && (first.front() == ' ' || first.front() == '\t')) first.remove_prefix(1);
  if (first.empty()) return std::nullopt;
  return domain_only ? domain_label(first) : first;
}

}  // namespace evenkeel::balance
