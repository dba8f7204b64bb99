// `slowstart`: a server that has come back gets its share step by step.
#pragma once

#include <cstdint>

#include "core/clock.h"

namespace evenkeel::balance {

// Where a server stands in its slow start. elapsed: since it came up; duration: the parameter `slowstart`,
// both in milliseconds. Over (or none) when elapsed is outside [0, duration).
[[nodiscard]] bool in_slowstart(Millis elapsed, Millis duration) noexcept;

// The effective weight (0..kMaxWeight) of a server of this weight (0..256): grows in sixteen equal steps, the
// first of them at once, so that a server with any weight gets some traffic. Algorithms with
// Policy::dynamic_weights() only; for others pass duration 0.
[[nodiscard]] std::uint32_t effective_weight(std::uint32_t user_weight, Millis elapsed,
                                             Millis duration) noexcept;

// When the weight grows next, in milliseconds since the server came up; kNever when it has its full weight.
[[nodiscard]] Millis next_weight_step(Millis elapsed, Millis duration) noexcept;

// The connection limit, grown from 1 to 100 % of `limit` (configuration manual 5.2, "slowstart"); 0 (none)
// stays 0.
[[nodiscard]] std::uint32_t slowstart_maxconn(std::uint32_t limit, Millis elapsed, Millis duration) noexcept;

}  // namespace evenkeel::balance
