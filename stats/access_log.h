// The built-in log formats, written straight into a buffer: no format string is interpreted per line.
// Custom `log-format` programs belong to the rules; this is what `option httplog` and its like print.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "stats/log_date.h"
#include "stats/session_record.h"

namespace evenkeel::stats {

// Manual 8.3.3 and 8.3.4: neither error, timeout, retry, redispatch nor a status of 500 and up.
bool is_normal(const SessionRecord& record) noexcept;

enum class LogFormat : std::uint8_t {
  plain,   // no option: "Connect from ...", emitted when the session begins (manual 8.2.1)
  tcp,     // option tcplog (8.2.2)
  http,    // option httplog (8.2.3)
  clf,     // option httplog clf
  https,   // option httpslog: http and what would be known of TLS
  custom,  // log-format: rendered by the rules, not here
};

// What a proxy says about its log lines. `option httplog` on a mode tcp frontend prints the tcp format.
struct AccessLogDef {
  LogFormat format = LogFormat::plain;
  bool dont_log_null = false;        // option dontlognull
  bool dont_log_normal = false;      // option dontlog-normal
  bool as_soon_as_possible = false;  // option logasap
  bool separate_errors = false;      // option log-separate-errors
};

// Renders without a line feed; returns the length, at most `capacity` (the line is cut there).
std::size_t render_access_log(LogFormat format, const SessionRecord& record, LogDate& date, char* out,
                              std::size_t capacity) noexcept;

// A connection that failed before there was a session (manual 8.2.5): "ip:port [date] frontend/bind:
// message".
std::size_t render_connection_error(const SessionRecord& record, std::string_view message, LogDate& date,
                                    char* out, std::size_t capacity) noexcept;

// Syslog severity of the record (6 info, or 3 err with log-separate-errors, or what rules set); nullopt: no
// line.
std::optional<int> log_level_of(const AccessLogDef& def, const SessionRecord& record) noexcept;

}  // namespace evenkeel::stats
