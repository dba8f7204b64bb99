// The hash functions of `hash-type`, all with results of 32 bits.
#pragma once

#include <cstdint>
#include <string_view>

#include "balance/balance_def.h"

namespace evenkeel::balance {

std::uint32_t hash_sdbm(std::string_view bytes) noexcept;
std::uint32_t hash_djb2(std::string_view bytes) noexcept;
std::uint32_t hash_wt6(std::string_view bytes) noexcept;
std::uint32_t hash_crc32(std::string_view bytes) noexcept;
// `none`: the key is a decimal number already; reads digits up to the first other byte, modulo 2^32.
std::uint32_t hash_none(std::string_view bytes) noexcept;

std::uint32_t hash_bytes(HashFunction function, std::string_view bytes) noexcept;

// `avalanche`: every bit of the input changes about half of the output's.
std::uint32_t avalanche(std::uint32_t value) noexcept;

}  // namespace evenkeel::balance
