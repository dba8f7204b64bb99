#include "balance/rdp_cookie.h"

#include <algorithm>

namespace evenkeel::balance {

namespace {

constexpr std::size_t kHeaders = 11;  // TPKT and X.224
constexpr std::string_view kField = "Cookie:";

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool starts_with_nocase(std::string_view text, std::string_view prefix) noexcept {
  return text.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), text.begin(),
                                                    [](char a, char b) { return lower(a) == lower(b); });
}

}  // namespace

std::optional<std::string_view> rdp_cookie_key(std::string_view payload, std::string_view name) noexcept {
  if (payload.size() <= kHeaders || payload[0] != 3 || payload[1] != 0) return std::nullopt;
  if ((static_cast<unsigned char>(payload[5]) & 0xF0) != 0xE0) return std::nullopt;  // Connection Request
  std::string_view line = payload.substr(kHeaders);
  const std::size_t end = line.find("\r\n");
  if (end == std::string_view::npos || !starts_with_nocase(line, kField)) return std::nullopt;
  line = line.substr(kField.size(), end - kField.size());
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  if (!starts_with_nocase(line, name) || line.size() <= name.size() || line[name.size()] != '=') {
    return std::nullopt;
  }
  line.remove_prefix(name.size() + 1);
  if (line.empty()) return std::nullopt;
  return line;
}

}  // namespace evenkeel::balance
