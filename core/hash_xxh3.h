// XXH3, the 64-bit variant (the xxHash specification, version 0.2). Apart from core/hash.h, which half the
// tree includes.
#pragma once

#include <cstdint>
#include <string_view>

namespace evenkeel {

std::uint64_t hash_xxh3(std::string_view bytes, std::uint64_t seed) noexcept;

}  // namespace evenkeel
