#include "stats/line_writer.h"

#include <array>

namespace evenkeel::stats {
namespace {

using Set = std::array<bool, 256>;

constexpr Set set_of(std::string_view extra) noexcept {
  Set set{};
  for (unsigned c = 0; c < 256; ++c) set[c] = c < 32 || c > 126;
  for (const char c : extra) set[static_cast<unsigned char>(c)] = true;
  return set;
}

constexpr Set kUrl = set_of("#\"");
constexpr Set kHeader = set_of("#\"{|}");

void put_hex_escaped(LineWriter& out, std::string_view text, const Set& escape) noexcept {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::size_t clean = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (!escape[byte]) continue;
    out.put(text.substr(clean, i - clean)).put('#').put(kHex[byte >> 4]).put(kHex[byte & 15]);
    clean = i + 1;
  }
  out.put(text.substr(clean));
}

}  // namespace

void put_escaped(LineWriter& out, std::string_view text) noexcept { put_hex_escaped(out, text, kUrl); }
void put_header(LineWriter& out, std::string_view text) noexcept { put_hex_escaped(out, text, kHeader); }

}  // namespace evenkeel::stats
