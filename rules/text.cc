#include "rules/text.h"

#include <algorithm>

#include "rules/pattern_hash.h"

namespace evenkeel::rules::text {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = lower(c);
  return result;
}

namespace {

bool is_lower(std::string_view text) noexcept {
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    const std::uint64_t eight = load_bytes(text.data() + i, 8);
    if (lower8(eight) != eight) return false;
  }
  if (i == text.size()) return true;
  const std::uint64_t rest = load_tail(text);
  return lower8(rest) == rest;
}

}  // namespace

std::string_view lower(std::string_view text, Scratch& scratch) noexcept {
  if (is_lower(text)) return text;  // as nearly all host names are
  char* to = scratch.take(text.size());
  if (to == nullptr) return {};
  for (std::size_t i = 0; i < text.size(); ++i) to[i] = lower(text[i]);
  return {to, text.size()};
}

bool equal_fold(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) noexcept {
  const std::size_t from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

bool unhex(std::string_view hex, std::string& out) {
  if (hex.size() % 2 != 0) return false;
  out.clear();
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = hex_value(hex[i]);
    const int low = hex_value(hex[i + 1]);
    if (high < 0 || low < 0) return false;
    out += static_cast<char>(high * 16 + low);
  }
  return true;
}

}  // namespace evenkeel::rules::text
