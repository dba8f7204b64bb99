#include "balance/hdr.h"

namespace evenkeel::balance {

namespace {

std::string_view domain_label(std::string_view host) noexcept {
  const std::size_t port = host.find(':');
  host = host.substr(0, port);
  const std::size_t dot = host.rfind('.');
  if (dot == std::string_view::npos) return host;
  const std::string_view head = host.substr(0, dot);
  const std::size_t before = head.rfind('.');
  return before == std::string_view::npos ? head : head.substr(before + 1);
}

}  // namespace

std::optional<std::string_view> hdr_key(std::string_view value, bool domain_only) noexcept {
  std::string_view first = value.substr(0, value.find(','));
  while (!first.empty() && (first.back() == ' ' || first.back() == '\t')) first.remove_suffix(1);
  while (!first.empty() && (first.front() == ' ' || first.front() == '\t')) first.remove_prefix(1);
  if (first.empty()) return std::nullopt;
  return domain_only ? domain_label(first) : first;
}

}  // namespace evenkeel::balance
