// room: stats
// Any bytes as a syslog message, sent on in every form.
#include <cstdint>

#include "stats/syslog_message.h"

using namespace evenkeel;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const stats::SyslogMessage message = stats::parse_syslog(bytes);
  const stats::SyslogIdentity identity;
  stats::LogDate date;
  char out[300];
  for (int format = -1; format <= static_cast<int>(stats::SyslogFormat::raw); ++format) {
    stats::LineWriter line(out, sizeof out);
    std::optional<stats::SyslogFormat> form;
    if (format >= 0) form = static_cast<stats::SyslogFormat>(format);
    stats::put_syslog_message(line, message, form, 1, 1, identity, 0, date);
  }
  return 0;
}
