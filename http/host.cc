#include "http/host.h"

#include <algorithm>
#include <string>

#include "http/scan.h"

namespace evenkeel::http {
namespace {

bool is_strange_host(std::string_view host) noexcept {
  return host.find_first_of(" \t,/?#@\\\"<>") != std::string_view::npos;
}

ErrorCode coalesce(HeaderBlock& headers, std::size_t first) {
  std::size_t next = headers.find(HeaderId::host, first + 1);
  while (next != HeaderBlock::npos) {
    if (!iequals(headers.value(next), headers.value(first))) return ErrorCode::conflicting_hosts;
    headers.remove(next);
    next = headers.find(HeaderId::host, next);
  }
  return ErrorCode::none;
}

std::string_view default_port(std::string_view scheme) noexcept {
  if (iequals(scheme, "http")) return "80";
  if (iequals(scheme, "https")) return "443";
  return {};
}

// Whether the port says no more than its absence would.
bool is_default(const Authority& a, std::string_view port) noexcept {
  return a.port.empty() || a.port == port;
}

bool same_origin(const Authority& target, const Authority& host, std::string_view port) noexcept {
  if (!iequals(target.host, host.host)) return false;
  if (is_default(target, port) && is_default(host, port)) return true;
  return target.port == host.port;
}

// HAProxy shortens the Host field together with the target that it agrees with.
void drop_port(HeaderBlock& headers, std::size_t host) {
  if (host == HeaderBlock::npos) return;
  const std::string_view value = headers.value(host);
  Authority named;
  if (!split_authority(value, named) || !named.has_port) return;
  headers.replace_value(host, value.substr(0, value.size() - named.port.size() - 1));
}

ErrorCode check_absolute(RequestHead& head, std::size_t host, bool unsafe) {
  const std::string_view target = head.target();
  const std::size_t scheme_end = target.find("://");
  const std::string_view scheme = target.substr(0, scheme_end);
  const std::string_view rest = target.substr(scheme_end + 3);
  const std::string_view text = rest.substr(0, rest.find_first_of("/?#"));
  const std::string_view tail = rest.substr(text.size());
  if (!unsafe && !tail.empty() && tail.front() != '/') return ErrorCode::bad_target;
  Authority authority;
  if (!split_authority(text, authority) || authority.host.empty())
    return unsafe ? ErrorCode::none : ErrorCode::bad_target;
  const std::string_view port = default_port(scheme);
  if (host != HeaderBlock::npos && !unsafe) {
    Authority named;
    if (!split_authority(head.headers.value(host), named)) return ErrorCode::bad_host;
    if (!same_origin(authority, named, port)) return ErrorCode::host_mismatch;
  }
  if (authority.has_port && is_default(authority, port)) {
    drop_port(head.headers, host);
    std::string shorter(target.substr(0, scheme_end + 3 + text.size() - authority.port.size() - 1));
    shorter.append(tail);
    head.set_target(shorter);
  }
  return ErrorCode::none;
}

ErrorCode check_connect(RequestHead& head, std::size_t host, bool unsafe) {
  Authority authority;
  const bool split = split_authority(head.target(), authority);
  if (!split || authority.host.empty() || authority.port.empty() || !authority.userinfo.empty() ||
      is_strange_host(authority.host)) {
    return ErrorCode::bad_target;
  }
  if (host == HeaderBlock::npos || unsafe) return ErrorCode::none;
  Authority named;
  if (!split_authority(head.headers.value(host), named)) return ErrorCode::bad_host;
  // Without a scheme both well-known ports may be left out of the Host field.
  const bool well_known = authority.port == "80" || authority.port == "443";
  const bool same_port = named.port == authority.port || (named.port.empty() && well_known);
  if (!same_port || !iequals(named.host, authority.host)) return ErrorCode::host_mismatch;
  if (well_known) drop_port(head.headers, host);
  return ErrorCode::none;
}

}  // namespace

bool split_authority(std::string_view text, Authority& out) noexcept {
  out = {};
  const std::size_t at = text.rfind('@');
  if (at != std::string_view::npos) {
    out.userinfo = text.substr(0, at);
    text.remove_prefix(at + 1);
  }
  std::size_t host_end = 0;
  if (!text.empty() && text.front() == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return false;
    host_end = close + 1;
    if (host_end < text.size() && text[host_end] != ':') return false;
  } else {
    host_end = std::min(text.find(':'), text.size());
  }
  out.host = text.substr(0, host_end);
  if (host_end == text.size()) return true;
  out.has_port = true;
  out.port = text.substr(host_end + 1);
  unsigned number = 0;
  for (const char c : out.port) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + static_cast<unsigned>(c - '0');
    if (number > 65535) return false;
  }
  return true;
}

ErrorCode check_hosts(RequestHead& head, bool unsafe) {
  const std::size_t host = head.headers.find(HeaderId::host);
  if (host != HeaderBlock::npos) {
    const ErrorCode error = coalesce(head.headers, host);
    if (error != ErrorCode::none) return error;
    if (!unsafe && is_strange_host(head.headers.value(host))) return ErrorCode::bad_host;
  }
  if (head.form == TargetForm::origin) [[likely]]
    return ErrorCode::none;
  if (head.form == TargetForm::absolute) return check_absolute(head, host, unsafe);
  if (head.form == TargetForm::authority) return check_connect(head, host, unsafe);
  return ErrorCode::none;
}

}  // namespace evenkeel::http
