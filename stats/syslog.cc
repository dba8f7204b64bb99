#include "stats/syslog.h"

#include <algorithm>
#include <array>

namespace evenkeel::stats {
namespace {

// Order is that of the enum.
constexpr std::array<std::string_view, 8> kFormats{"local", "rfc3164", "rfc5424", "priority",
                                                   "short", "timed",   "iso",     "raw"};
constexpr std::array<std::string_view, 24> kFacilities{
    "kern",   "user",   "mail",   "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "auth2",  "ftp",    "ntp",    "audit",  "alert",  "cron2",
    "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"};
constexpr std::array<std::string_view, 8> kLevels{"emerg",   "alert",  "crit", "err",
                                                  "warning", "notice", "info", "debug"};

template <std::size_t N>
std::optional<int> index_of(const std::array<std::string_view, N>& words, std::string_view word) noexcept {
  const auto it = std::find(words.begin(), words.end(), word);
  if (it == words.end()) return std::nullopt;
  return static_cast<int>(it - words.begin());
}

void put_iso_date(LineWriter& out, std::int64_t wall_us, LogDate& date) {
  const std::int64_t second = wall_us / 1'000'000;
  out.put(date.iso(second)).put('.').padded(static_cast<std::uint32_t>(wall_us % 1'000'000), 6);
  out.put(date.iso_zone(second));
}

void put_priority(LineWriter& out, int priority) { out.put('<').number(priority).put('>'); }

}  // namespace

std::optional<SyslogFormat> syslog_format(std::string_view word) noexcept {
  const auto index = index_of(kFormats, word);
  if (!index) return std::nullopt;
  return static_cast<SyslogFormat>(*index);
}

std::optional<int> syslog_facility(std::string_view word) noexcept { return index_of(kFacilities, word); }
std::optional<int> syslog_level(std::string_view word) noexcept { return index_of(kLevels, word); }

void put_syslog_header(LineWriter& out, SyslogFormat format, int facility, int level,
                       const SyslogIdentity& identity, std::string_view tag, std::int64_t wall_us,
                       LogDate& date, std::string_view structured) {
  const auto host = [&](std::string_view otherwise) {
    return identity.hostname.empty() ? otherwise : std::string_view(identity.hostname);
  };
  const int priority = facility * 8 + level;
  switch (format) {
    case SyslogFormat::local:
    case SyslogFormat::rfc3164:
      put_priority(out, priority);
      out.put(date.rfc3164(wall_us / 1'000'000)).put(' ');
      if (format == SyslogFormat::rfc3164) out.put(host("localhost")).put(' ');
      out.put(tag).put('[').number(identity.pid).put("]: ");
      break;
    case SyslogFormat::rfc5424:
      put_priority(out, priority);
      out.put("1 ");
      put_iso_date(out, wall_us, date);
      out.put(' ').put(host("-")).put(' ').put(tag).put(' ').number(identity.pid).put(" - ");
      out.put(structured.empty() ? std::string_view("-") : structured).put(' ');
      break;
    case SyslogFormat::priority:
      put_priority(out, priority);
      break;
    case SyslogFormat::short_:
      put_priority(out, level);
      break;
    case SyslogFormat::timed:
      put_priority(out, level);
      put_iso_date(out, wall_us, date);
      out.put(' ');
      break;
    case SyslogFormat::iso:
      put_iso_date(out, wall_us, date);
      out.put(' ');
      break;
    case SyslogFormat::raw:
      break;
  }
}

}  // namespace evenkeel::stats
