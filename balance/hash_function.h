// The hash functions of `hash-type`, all with results of 32 bits.
#pragma once

#include <cstdint>
#include <string_view>

#include "balance/balance_def.h"
#include "core/hash.h"

namespace evenkeel::balance {

using evenkeel::avalanche;
using evenkeel::hash_crc32;
using evenkeel::hash_djb2;
using evenkeel::hash_sdbm;
using evenkeel::hash_wt6;

// `none`: the key is a decimal number already; reads digits up to the first other byte, modulo 2^32.
std::uint32_t hash_none(std::string_view bytes) noexcept;

std::uint32_t hash_bytes(HashFunction function, std::string_view bytes) noexcept;

}  // namespace evenkeel::balance
