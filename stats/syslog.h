// Syslog headers: what stands before the text of a log line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stats/line_writer.h"
#include "stats/log_date.h"

namespace evenkeel::stats {

enum class SyslogFormat : std::uint8_t {
  local,     // <pri>date tag[pid]: text; the default
  rfc3164,   // <pri>date host tag[pid]: text
  rfc5424,   // <pri>1 date host tag pid - - text
  priority,  // <pri>text
  short_,    // <level>text, as journald reads it; config word "short"
  timed,     // <level>iso-date text
  iso,       // iso-date text
  raw,       // text
};

std::optional<SyslogFormat> syslog_format(std::string_view word) noexcept;
std::optional<int> syslog_facility(std::string_view word) noexcept;  // 0..23
std::optional<int> syslog_level(std::string_view word) noexcept;     // 0 emerg .. 7 debug

// Who speaks: constant for the life of a configuration.
struct SyslogIdentity {
  std::string hostname;  // log-send-hostname; empty: "localhost" in RFC 3164, "-" in RFC 5424
  std::string tag;       // log-tag
  int pid = 0;
};

// facility 0..23, level 0..7; wall_us: microseconds since 1970. structured: the STRUCTURED-DATA of RFC 5424,
// no other format shows it; empty: none.
void put_syslog_header(LineWriter& out, SyslogFormat format, int facility, int level,
                       const SyslogIdentity& identity, std::string_view tag, std::int64_t wall_us,
                       LogDate& date, std::string_view structured = {});

}  // namespace evenkeel::stats
