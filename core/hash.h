// Hash functions whose results are part of the configuration's meaning (`hash-type`, converters): bit for bit
// as documented. For tables of our own, any hash will do.
#pragma once

#include <cstdint>
#include <string_view>

namespace evenkeel {

std::uint32_t hash_sdbm(std::string_view bytes) noexcept;
std::uint32_t hash_djb2(std::string_view bytes) noexcept;
std::uint32_t hash_wt6(std::string_view bytes) noexcept;
std::uint32_t hash_crc32(std::string_view bytes) noexcept;  // IEEE 802.3
// `avalanche` of hash-type: every bit of the input changes about half of the output's.
std::uint32_t avalanche(std::uint32_t value) noexcept;
std::uint32_t hash_crc32c(std::string_view bytes) noexcept;  // Castagnoli, RFC 3720 appendix B.4
std::uint32_t hash_xxh32(std::string_view bytes, std::uint32_t seed) noexcept;
std::uint64_t hash_xxh64(std::string_view bytes, std::uint64_t seed) noexcept;
std::uint64_t hash_xxh3(std::string_view bytes, std::uint64_t seed) noexcept;

}  // namespace evenkeel
