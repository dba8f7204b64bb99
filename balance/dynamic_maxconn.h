// `minconn`, `maxconn`, `fullconn`: a limit that follows the backend's load.
#pragma once

#include <algorithm>
#include <cstdint>

namespace evenkeel::balance {

// The connection limit of a server now (configuration manual 4.2 "fullconn", 5.2 "minconn"); 0: none.
// minconn 0: not set, the limit is maxconn. With only minconn, or a smaller maxconn, both are minconn.
// Otherwise the limit grows in proportion to backend_load, from minconn up to maxconn, which it reaches at
// fullconn.
[[nodiscard]] constexpr std::uint32_t dynamic_maxconn(std::uint32_t minconn, std::uint32_t maxconn,
                                                      std::uint32_t fullconn,
                                                      std::uint32_t backend_load) noexcept {
  if (minconn == 0 || minconn >= maxconn) return std::max(minconn, maxconn);
  if (backend_load >= fullconn) return maxconn;
  const std::uint64_t ramp = std::uint64_t{maxconn} * backend_load / fullconn;
  return std::max(minconn, static_cast<std::uint32_t>(ramp));
}

}  // namespace evenkeel::balance
