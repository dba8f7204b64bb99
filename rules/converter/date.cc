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

// %N is the fraction of the second; a digit between % and N says with how many digits.
void put_fraction(const Instant& at, std::size_t width, std::string& format) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "%06ld000", at.micros);
  for (std::size_t i = format.find('%'); i != std::string::npos && i + 1 < format.size();
       i = format.find('%', i)) {
    const bool wide =
        i + 2 < format.size() && format[i + 1] >= '1' && format[i + 1] <= '9' && format[i + 2] == 'N';
    if (!wide && format[i + 1] != 'N') {
      i += 2;
      continue;
    }
    const std::size_t size = wide ? static_cast<std::size_t>(format[i + 1] - '0') : width;
    format.replace(i, wide ? 3 : 2, digits, size);
    i += size;
  }
}

// ltime(format[,offset]) and utime: seconds. ms_ and us_ forms print %N as their fraction.
template <bool kLocal, std::int64_t kUnits>
bool formatted(const Args& args, EvalContext& ctx, Sample& sample) {
  Instant at = split(sample.integer, kUnits);
  at.seconds += static_cast<std::time_t>(args.number(1, 0));
  std::string format = args.list[0].text;
  if constexpr (kUnits > 1) put_fraction(at, kUnits == 1000 ? 3 : 6, format);
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

// date: the three forms of dates in HTTP headers (RFC 9110 section 5.6.7) as seconds since 1970.
bool date_of(const Args&, EvalContext&, Sample& sample) {
  char text[64] = {};
  if (sample.text.size() >= sizeof text) return false;
  sample.text.copy(text, sizeof text - 1);
  char month[4] = {};
  char weekday[10] = {};
  std::tm parts{};
  const bool fixed =
      std::sscanf(text, "%9[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT", weekday, &parts.tm_mday, month,
                  &parts.tm_year, &parts.tm_hour, &parts.tm_min, &parts.tm_sec) == 7;
  const bool old =
      !fixed && std::sscanf(text, "%9[A-Za-z], %2d-%3[A-Za-z]-%4d %2d:%2d:%2d GMT", weekday, &parts.tm_mday,
                            month, &parts.tm_year, &parts.tm_hour, &parts.tm_min, &parts.tm_sec) == 7;
  if (!fixed && !old &&
      std::sscanf(text, "%9[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d", weekday, month, &parts.tm_mday,
                  &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &parts.tm_year) != 7) {
    return false;
  }
  // Two digits of a year: those from 70 on are of the last century, as the forms are that old.
  if (old && parts.tm_year < 100) parts.tm_year += parts.tm_year < 70 ? 2000 : 1900;
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const std::size_t at = kMonths.find(month);
  if (at == std::string_view::npos || at % 3 != 0 || std::string_view(month).size() != 3) return false;
  const bool sane = parts.tm_mday >= 1 && parts.tm_mday <= 31 && parts.tm_hour >= 0 && parts.tm_hour < 24 &&
                    parts.tm_min >= 0 && parts.tm_min < 60 && parts.tm_sec >= 0 && parts.tm_sec <= 60 &&
                    parts.tm_year >= 1900;
  if (!sane) return false;
  parts.tm_mon = static_cast<int>(at / 3);
  parts.tm_year -= 1900;
  sample = Sample::of_int(::timegm(&parts));
  return true;
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
    {"date", "", kStr, kInt, date_of},
    {"http_date", "[is", kInt, kStr, http_date, prepare_http_date},
};

}  // namespace

std::span<const ConverterSpec> date() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
