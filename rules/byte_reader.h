// Binary messages from the network, read without ever looking beyond their end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace evenkeel::rules {

// Big-endian numbers and runs of bytes; after a read beyond the end, everything is empty and ok is false.
struct ByteReader {
  std::string_view rest;
  bool ok = true;

  std::string_view take(std::size_t n) noexcept {
    if (n > rest.size()) {
      ok = false;
      rest = {};
      return {};
    }
    const std::string_view bytes = rest.substr(0, n);
    rest.remove_prefix(n);
    return bytes;
  }
  // width: at most 4 bytes.
  std::uint32_t number(std::size_t width) noexcept {
    std::uint32_t value = 0;
    for (const char c : take(width)) value = value << 8U | static_cast<unsigned char>(c);
    return value;
  }
};

}  // namespace evenkeel::rules
