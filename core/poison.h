// -dM: memory that comes from our pools holds this byte instead of what its last owner left, so that reading
// what nobody has written shows. malloc() has M_PERTURB for the same.
#pragma once

#include <cstddef>
#include <cstring>

namespace evenkeel {

// -1: off. Set before there are threads.
inline constinit int poison_byte = -1;

inline void poison(void* memory, std::size_t size) noexcept {
  if (poison_byte >= 0) [[unlikely]] {
    std::memset(memory, poison_byte, size);
  }
}

}  // namespace evenkeel
