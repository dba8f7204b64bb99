// How check results read in logs, word for word as HAProxy prints them.
#pragma once

#include <string>
#include <string_view>

#include "core/clock.h"
#include "health/protocol.h"
#include "health/rise_fall.h"

namespace evenkeel::health {

enum class CheckKind : std::uint8_t { health, agent };

// What traffic meets while `observe` is on. An HTTP status counts as an error unless it is 100-499, 501 or
// 505.
enum class TrafficError : std::uint8_t {
  connect,  // layer4: the connection failed
  status,   // layer7: a status that speaks of a broken server
  headers,  // layer7: the response is not HTTP
  timeout,  // layer7: no response in time
  closed,   // layer7: closed before a response
};
inline bool is_good_status(int status) noexcept {
  return (status >= 100 && status < 500) || status == 501 || status == 505;
}
// "Detected 10 consecutive errors, last one was: Wrong http response": for Monitor::on_traffic_errors().
std::string traffic_errors_text(int count, TrafficError last);

// "reason: Layer7 wrong status, code: 404, info: "Not Found", check duration: 3ms"; also the tail of state
// change lines
// ("Server be/s1 is DOWN, reason: ..."). duration_ms < 0: there was no check, and no duration is named.
std::string reason_text(const Verdict& verdict, Millis duration_ms);

// "Health check for server be/s1 failed, reason: ..., check duration: 0ms, status: 0/2 DOWN."
// server: "be/s1". state: "UP", "DOWN", "DRAIN", ... as the server stands after the check.
std::string check_log_line(CheckKind kind, std::string_view server, const Verdict& verdict,
                           Millis duration_ms, const HealthCounter& health, std::string_view state);

}  // namespace evenkeel::health
