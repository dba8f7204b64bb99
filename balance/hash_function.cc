#include "balance/hash_function.h"

namespace evenkeel::balance {

std::uint32_t hash_none(std::string_view bytes) noexcept {
  std::uint32_t number = 0;
  for (const char c : bytes) {
    if (c < '0' || c > '9') break;
    number = number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return number;
}

std::uint32_t hash_bytes(HashFunction function, std::string_view bytes) noexcept {
  switch (function) {
    case HashFunction::sdbm:
      return hash_sdbm(bytes);
    case HashFunction::djb2:
      return hash_djb2(bytes);
    case HashFunction::wt6:
      return hash_wt6(bytes);
    case HashFunction::crc32:
      return hash_crc32(bytes);
    case HashFunction::none:
      return hash_none(bytes);
  }
  return 0;
}

}  // namespace evenkeel::balance
