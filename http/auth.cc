#include "http/auth.h"

#include <array>

#include "http/header_block.h"

namespace evenkeel::http {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<signed char, 256> make_reverse() noexcept {
  std::array<signed char, 256> table{};
  table.fill(-1);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    table[static_cast<unsigned char>(kAlphabet[i])] = static_cast<signed char>(i);
  }
  return table;
}
constexpr std::array<signed char, 256> kReverse = make_reverse();

}  // namespace

std::size_t base64_decode(std::string_view in, std::span<char> out) noexcept {
  if (in.size() % 4 != 0 || out.size() < in.size() / 4 * 3) return kBadBase64;
  std::size_t n = 0;
  for (std::size_t i = 0; i < in.size(); i += 4) {
    const bool last = i + 4 == in.size();
    const int padding = !last ? 0 : in[i + 3] != '=' ? 0 : in[i + 2] != '=' ? 1 : 2;
    unsigned bits = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const bool pad = k >= 4 - static_cast<std::size_t>(padding);
      const int digit = pad ? 0 : kReverse[static_cast<unsigned char>(in[i + k])];
      if (digit < 0) return kBadBase64;
      bits = bits << 6 | static_cast<unsigned>(digit);
    }
    // Bits beyond the last byte must be zero: one text for one value.
    if ((padding == 1 && (bits & 0xff) != 0) || (padding == 2 && (bits & 0xffff) != 0)) return kBadBase64;
    out[n++] = static_cast<char>(bits >> 16);
    if (padding < 2) out[n++] = static_cast<char>(bits >> 8);
    if (padding < 1) out[n++] = static_cast<char>(bits);
  }
  return n;
}

std::string base64_encode(std::string_view in) {
  std::string out;
  out.reserve((in.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < in.size(); i += 3) {
    const auto at = [&](std::size_t k) { return k < in.size() ? static_cast<unsigned char>(in[k]) : 0U; };
    const unsigned bits = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    out += kAlphabet[bits >> 18];
    out += kAlphabet[bits >> 12 & 63];
    out += i + 1 < in.size() ? kAlphabet[bits >> 6 & 63] : '=';
    out += i + 2 < in.size() ? kAlphabet[bits & 63] : '=';
  }
  return out;
}

bool parse_basic_auth(std::string_view value, BasicCredentials& out) {
  if (value.size() < 6 || !iequals(value.substr(0, 5), "basic") || value[5] != ' ') return false;
  const std::string_view encoded = trim_ows(value.substr(6));
  char decoded[1024];
  if (encoded.size() / 4 * 3 > sizeof decoded) return false;
  const std::size_t n = base64_decode(encoded, decoded);
  if (n == kBadBase64) return false;
  const std::string_view text(decoded, n);
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  out.user.assign(text.substr(0, colon));
  out.password.assign(text.substr(colon + 1));
  return true;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
  // Walks over a, whatever b is: an early end would tell how much of a secret was right.
  volatile unsigned char difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const unsigned char other = b.empty() ? 0 : static_cast<unsigned char>(b[i % b.size()]);
    difference = static_cast<unsigned char>(difference | (static_cast<unsigned char>(a[i]) ^ other));
  }
  return difference == 0;
}

}  // namespace evenkeel::http
