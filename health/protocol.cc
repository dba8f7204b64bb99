#include "health/protocol.h"

namespace evenkeel::health {

std::string printable(std::string_view bytes) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(bytes.size());
  for (const char c : bytes) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x20 || u >= 0x7f || c == '"') {
      out += {'<', kHex[u >> 4], kHex[u & 15], '>'};
    } else {
      out += c;
    }
  }
  return out;
}

std::string_view first_line(std::string_view bytes) noexcept {
  return bytes.substr(0, bytes.find_first_of(std::string_view("\r\n\0", 3)));
}

}  // namespace evenkeel::health
