// A `cache` section (manual 6.2.1).
#pragma once

#include <cstdint>
#include <string>

namespace evenkeel::frontends {

struct CacheDef {
  static constexpr std::uint64_t kBlock = 1024;  // bytes; what an object occupies is counted in blocks

  std::string name;
  std::uint64_t total = 0;       // total-max-size in bytes
  std::uint64_t max_object = 0;  // bytes of head and body; 0: a 256th of the total
  std::int64_t max_age = 60;     // seconds
  bool process_vary = false;
  std::uint32_t max_secondary = 10;  // variants of one address

  [[nodiscard]] std::uint64_t object_limit() const noexcept {
    return max_object != 0 ? max_object : total / 256;
  }
};

}  // namespace evenkeel::frontends
