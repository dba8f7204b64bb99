#include "http/url.h"

#include <algorithm>

#include "http/scan.h"

namespace evenkeel::http {
namespace {

int hex(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = to_lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

// Cuts the fragment and the query off; what remains is the path.
void split_tail(std::string_view text, UrlParts& parts) noexcept {
  const std::size_t hash = text.find('#');
  if (hash != std::string_view::npos) {
    parts.fragment = text.substr(hash + 1);
    text = text.substr(0, hash);
  }
  const std::size_t mark = text.find('?');
  if (mark != std::string_view::npos) {
    parts.has_query = true;
    parts.query = text.substr(mark + 1);
    text = text.substr(0, mark);
  }
  parts.path = text;
}

}  // namespace

std::string_view UrlParts::path_and_query() const noexcept {
  if (!has_query) return path;
  if (path.data() == nullptr) return {};
  return {path.data(), static_cast<std::size_t>(query.data() + query.size() - path.data())};
}

UrlParts split_url(std::string_view target) noexcept {
  UrlParts parts;
  if (target.empty()) return parts;
  if (target.front() != '/') {
    const std::size_t scheme_end = target.find("://");
    if (scheme_end == std::string_view::npos || scheme_end == 0) return parts;
    parts.scheme = target.substr(0, scheme_end);
    target.remove_prefix(scheme_end + 3);
    const std::size_t end = std::min(target.find_first_of("/?#"), target.size());
    parts.authority = target.substr(0, end);
    target.remove_prefix(end);
  }
  split_tail(target, parts);
  return parts;
}

std::size_t url_decode(std::string_view in, std::span<char> out, bool plus) noexcept {
  std::size_t n = 0;
  for (std::size_t i = 0; i < in.size(); ++i) {
    char c = in[i];
    if (c == '%') {
      if (i + 2 >= in.size()) return kBadEscape;
      const int high = hex(in[i + 1]);
      const int low = hex(in[i + 2]);
      if (high < 0 || low < 0) return kBadEscape;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus) {
      c = ' ';
    }
    out[n++] = c;
  }
  return n;
}

std::string_view find_parameter(std::string_view query, std::string_view name, char delimiter) noexcept {
  const char separators[] = {delimiter, ';', '\0'};
  std::size_t at = 0;
  while (at <= query.size()) {
    const std::size_t end = std::min(query.find_first_of(separators, at), query.size());
    const std::string_view pair = query.substr(at, end - at);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) == name && !pair.empty())
      return pair.substr(std::min(equals + 1, pair.size()));
    at = end + 1;
  }
  return {};
}

}  // namespace evenkeel::http
