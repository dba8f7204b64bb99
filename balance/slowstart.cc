#include "balance/slowstart.h"

#include <algorithm>

#include "balance/member.h"

namespace evenkeel::balance {

bool in_slowstart(Millis elapsed, Millis duration) noexcept {
  return duration > 0 && elapsed >= 0 && elapsed < duration;
}

std::uint32_t effective_weight(std::uint32_t user_weight, Millis elapsed, Millis duration) noexcept {
  const std::uint32_t weight = std::min(user_weight, kMaxUserWeight);
  if (!in_slowstart(elapsed, duration)) return weight * kWeightScale;
  const auto steps = static_cast<std::uint32_t>(elapsed * kWeightScale / duration);
  return weight * std::min(steps + 1, kWeightScale);
}

Millis next_weight_step(Millis elapsed, Millis duration) noexcept {
  if (!in_slowstart(elapsed, duration)) return kNever;
  const Millis next = elapsed * kWeightScale / duration + 1;
  // The last step ends the slow start: only there does the connection limit reach its full value.
  return (next * duration + kWeightScale - 1) / kWeightScale;
}

std::uint32_t slowstart_maxconn(std::uint32_t limit, Millis elapsed, Millis duration) noexcept {
  if (limit == 0 || !in_slowstart(elapsed, duration)) return limit;
  const auto percent = static_cast<std::uint64_t>(elapsed * 100 / duration);
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(1, limit * percent / 100));
}

}  // namespace evenkeel::balance
