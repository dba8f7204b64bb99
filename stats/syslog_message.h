// Syslog messages that others sent: taken apart, so that a relay can send them on with a header of another
// form (log-forward; RFC 3164 section 4.1, RFC 5424 section 6).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "stats/line_writer.h"
#include "stats/syslog.h"

namespace evenkeel::stats {

// Views into the datagram. What the message does not have is empty, or -1.
struct SyslogMessage {
  bool rfc5424 = false;
  int facility = -1;
  int level = -1;
  std::string_view date;  // as it stands: "Nov 21 03:43:26" or an RFC 3339 date
  std::string_view host;
  std::string_view tag;  // APP-NAME
  std::string_view pid;  // PROCID
  std::string_view id;   // MSGID
  std::string_view structured;
  std::string_view text;
};

// Never fails: what is no syslog message is all text.
SyslogMessage parse_syslog(std::string_view bytes) noexcept;

// Writes the message with a header of this format, or of the one that it came with (nullopt). What the format
// needs and the message has not comes from the identity and the clock. facility: where the message has none.
void put_syslog_message(LineWriter& out, const SyslogMessage& message, std::optional<SyslogFormat> format,
                        int facility, int level, const SyslogIdentity& identity, std::int64_t wall_us,
                        LogDate& date);

}  // namespace evenkeel::stats
