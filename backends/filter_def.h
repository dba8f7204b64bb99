// What `filter` lines of a proxy ask for beside compression and caches (manual 9).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.h"

namespace evenkeel::backends {

// `filter bwlim-in|bwlim-out`: what set-bandwidth-limit begins with.
struct BandwidthDef {
  std::string name;
  bool to_server = false;   // bwlim-in
  std::uint64_t limit = 0;  // bytes per period
  Millis period = 1000;
  std::uint32_t min_size = 0;  // fewer bytes than this are not sent at a time, unless no more are there
};

// `filter trace`.
struct TraceDef {
  std::string name = "TRACE";
  std::string proxy;
  bool quiet = false;
  bool random_forwarding = false;
  std::uint64_t max_forward = 0;  // max-fwd: bytes at a time; 0: no limit
  bool hexdump = false;
};

struct FilterDefs {
  std::vector<BandwidthDef> bandwidth;
  std::vector<TraceDef> traces;
  [[nodiscard]] const BandwidthDef* limit_named(std::string_view name) const noexcept {
    for (const BandwidthDef& def : bandwidth)
      if (def.name == name) return &def;
    return nullptr;
  }
};

}  // namespace evenkeel::backends
