// Dates as logs write them, computed once per second.
#pragma once

#include <cstdint>
#include <string_view>

namespace evenkeel::stats {

// A cache for one worker: not for use by two threads at a time. The views stay valid until the next call of
// the same function with another second.
class LogDate {
 public:
  // "21/Nov/2026:00:33:55", local time. The caller appends milliseconds.
  std::string_view local(std::int64_t second);
  // "21/Nov/2026:00:33:55 +0000": UTC.
  std::string_view gmt(std::int64_t second);
  // "Nov 21 00:33:55", local time (RFC 3164 section 4.1.2, day padded with a space).
  std::string_view rfc3164(std::int64_t second);
  // "2026-11-21T00:33:55" and "+00:00", local time (RFC 5424 section 6.2.3).
  std::string_view iso(std::int64_t second);
  std::string_view iso_zone(std::int64_t second);

 private:
  struct Slot {
    std::int64_t second = INT64_MIN;
    unsigned length = 0;
    char text[40];
  };
  std::string_view cached(Slot& slot, std::int64_t second, bool local, const char* format);
  Slot local_[2];  // a line may mix accept and request dates of neighbouring seconds
  Slot gmt_;
  Slot rfc3164_;
  Slot iso_;
  Slot zone_;
};

}  // namespace evenkeel::stats
