// Dates as text (manual 7.3.1): strftime forms and the date of HTTP headers (RFC 9110 section 5.6.7).
#include <cstdio>
#include <ctime>

#include "rules/converter/families.h"

namespace evenkeel::rules::converter {
namespace {

struct Instant {
  std::time_t seconds;
  long micros;
};

Instant split(std::int64_t value, std::int64_t units_per_second) noexcept {
  const std::int64_t rest = ((value % units_per_second) + units_per_second) % units_per_second;
  return {static_cast<std::time_t>((value - rest) / units_per_second),
          static_cast<long>(rest * (1'000'000 / units_per_second))};
}

bool print(const Instant& at, bool local, const std::string& format, EvalContext& ctx, Sample& sample) {
  std::tm parts{};
  if ((local ? ::localtime_r(&at.seconds, &parts) : ::gmtime_r(&at.seconds, &parts)) == nullptr) return false;
  constexpr std::size_t kRoom = 512;
  char* const to = ctx.scratch->take(kRoom);
  const std::size_t n = std::strftime(to, kRoom, format.c_str(), &parts);
  ctx.scratch->shrink(to, n);
  if (n == 0) return false;
  sample = Sample::of_text({to, n});
  return true;
}

// ltime(format[,offset]) and utime: seconds. ms_ and us_ forms print %N as their fraction.
template <bool kLocal, std::int64_t kUnits>
bool formatted(const Args& args, EvalContext& ctx, Sample& sample) {
  Instant at = split(sample.integer, kUnits);
  at.seconds += static_cast<std::time_t>(args.number(1, 0));
  std::string format = args.list[0].text;
  if constexpr (kUnits > 1) {
    char fraction[24];
    if (kUnits == 1000) {
      std::snprintf(fraction, sizeof fraction, "%03ld", at.micros / 1000);
    } else {
      std::snprintf(fraction, sizeof fraction, "%06ld", at.micros);
    }
    for (std::size_t i = format.find("%N"); i != std::string::npos; i = format.find("%N", i))
      format.replace(i, 2, fraction);
  }
  return print(at, kLocal, format, ctx, sample);
}

// http_date([offset[,unit]])
bool http_date(const Args& args, EvalContext& ctx, Sample& sample) {
  const std::string_view unit = args.text(1);
  const std::int64_t units = unit == "us" ? 1'000'000 : (unit == "ms" ? 1000 : 1);
  const Instant at = split(sample.integer + args.number(0, 0), units);
  // English names whatever the locale is: strftime would follow LC_TIME.
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm parts{};
  if (::gmtime_r(&at.seconds, &parts) == nullptr) return false;
  char* const to = ctx.scratch->take(64);
  // Fractions without leading zeros, as the oracle prints them.
  char fraction[24] = "";
  if (units > 1) std::snprintf(fraction, sizeof fraction, ".%ld", at.micros / (1'000'000 / units));
  const int n = std::snprintf(to, 64, "%s, %02d %s %04d %02d:%02d:%02d%s GMT", kDays[parts.tm_wday],
                              parts.tm_mday, kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour,
                              parts.tm_min, parts.tm_sec, fraction);
  if (n <= 0 || n >= 64) return false;
  sample = Sample::of_text({to, static_cast<std::size_t>(n)});
  return true;
}
std::string prepare_http_date(Args& args, CompileEnv&) {
  const std::string_view unit = args.text(1);
  return unit.empty() || unit == "s" || unit == "ms" || unit == "us" ? "" : "the unit must be s, ms or us";
}

constexpr SampleType kInt = SampleType::sint;
constexpr SampleType kStr = SampleType::str;
constexpr ConverterSpec kConverters[] = {
    {"ltime", "s[i", kInt, kStr, formatted<true, 1>},
    {"utime", "s[i", kInt, kStr, formatted<false, 1>},
    {"ms_ltime", "s[i", kInt, kStr, formatted<true, 1000>},
    {"ms_utime", "s[i", kInt, kStr, formatted<false, 1000>},
    {"us_ltime", "s[i", kInt, kStr, formatted<true, 1'000'000>},
    {"us_utime", "s[i", kInt, kStr, formatted<false, 1'000'000>},
    {"http_date", "[is", kInt, kStr, http_date, prepare_http_date},
};

}  // namespace

std::span<const ConverterSpec> date() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
