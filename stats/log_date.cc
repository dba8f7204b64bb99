#include "stats/log_date.h"

#include <ctime>

namespace evenkeel::stats {
namespace {

constexpr char kMonths[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::tm broken_down(std::int64_t second, bool local) noexcept {
  const auto time = static_cast<std::time_t>(second);
  std::tm tm{};
  if (local) {
    localtime_r(&time, &tm);
  } else {
    gmtime_r(&time, &tm);
  }
  return tm;
}

}  // namespace

// %b of strftime follows the locale of the process; logs must not, hence the month is put in by hand ("@").
std::string_view LogDate::cached(Slot& slot, std::int64_t second, bool local, const char* format) {
  if (slot.second == second) return {slot.text, slot.length};
  const std::tm tm = broken_down(second, local);
  slot.length = static_cast<unsigned>(std::strftime(slot.text, sizeof slot.text, format, &tm));
  for (unsigned i = 0; i < slot.length; ++i) {
    if (slot.text[i] != '@') continue;
    for (unsigned k = 0; k < 3; ++k) slot.text[i + k] = kMonths[tm.tm_mon][k];
    break;
  }
  slot.second = second;
  return {slot.text, slot.length};
}

std::string_view LogDate::local(std::int64_t second) {
  return cached(local_[second & 1], second, true, "%d/@@@/%Y:%H:%M:%S");
}

std::string_view LogDate::gmt(std::int64_t second) {
  return cached(gmt_, second, false, "%d/@@@/%Y:%H:%M:%S +0000");
}

std::string_view LogDate::rfc3164(std::int64_t second) {
  return cached(rfc3164_, second, true, "@@@ %e %H:%M:%S");
}

std::string_view LogDate::iso(std::int64_t second) { return cached(iso_, second, true, "%Y-%m-%dT%H:%M:%S"); }

std::string_view LogDate::iso_zone(std::int64_t second) {
  if (zone_.second == second) return {zone_.text, zone_.length};
  const std::string_view raw = cached(zone_, second, true, "%z");  // "+0100"
  if (raw.size() == 5) {
    zone_.text[5] = zone_.text[4];
    zone_.text[4] = zone_.text[3];
    zone_.text[3] = ':';
    zone_.length = 6;
  }
  return {zone_.text, zone_.length};
}

}  // namespace evenkeel::stats
