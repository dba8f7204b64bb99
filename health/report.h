// How check results read in logs, word for word as HAProxy prints them.
#pragma once

#include <string>
#include <string_view>

#include "core/clock.h"
#include "health/protocol.h"
#include "health/rise_fall.h"

namespace evenkeel::health {

enum class CheckKind : std::uint8_t { health, agent };

// "reason: Layer7 wrong status, code: 404, info: "Not Found", check duration: 3ms"; also the tail of state
// change lines
// ("Server be/s1 is DOWN, reason: ...").
std::string reason_text(const Verdict& verdict, Millis duration_ms);

// "Health check for server be/s1 failed, reason: ..., check duration: 0ms, status: 0/2 DOWN."
// server: "be/s1". state: "UP", "DOWN", "DRAIN", ... as the server stands after the check.
std::string check_log_line(CheckKind kind, std::string_view server, const Verdict& verdict,
                           Millis duration_ms, const HealthCounter& health, std::string_view state);

}  // namespace evenkeel::health
