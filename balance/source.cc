#include "balance/source.h"

#include <string_view>

namespace evenkeel::balance {

std::optional<std::uint32_t> source_hash(const Address& source) noexcept {
  const std::string_view bytes = source.ip_bytes();
  if (bytes.empty()) return std::nullopt;
  std::uint32_t hash = 0;
  for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
    std::uint32_t word = 0;
    for (std::size_t j = 0; j < 4; ++j) word = word << 8 | static_cast<unsigned char>(bytes[i + j]);
    hash ^= word;
  }
  return hash;
}

}  // namespace evenkeel::balance
