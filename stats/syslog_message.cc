#include "stats/syslog_message.h"

#include <algorithm>
#include <iterator>

namespace evenkeel::stats {
namespace {

constexpr std::size_t kBsdDate = 15;  // "Nov 21 03:43:26"

bool digit(char c) noexcept { return c >= '0' && c <= '9'; }

// "<134>"; false leaves the text as it was.
bool take_priority(std::string_view& text, SyslogMessage& message) noexcept {
  const std::size_t end = text.find('>');
  if (text.empty() || text.front() != '<' || end == std::string_view::npos || end < 2 || end > 4)
    return false;
  int priority = 0;
  for (const char c : text.substr(1, end - 1)) {
    if (!digit(c)) return false;
    priority = priority * 10 + (c - '0');
  }
  if (priority > 191) return false;
  message.facility = priority / 8;
  message.level = priority % 8;
  text.remove_prefix(end + 1);
  return true;
}

// Up to the next blank, which goes too; "-" is nothing.
std::string_view take_word(std::string_view& text) noexcept {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word == "-" ? std::string_view() : word;
}

// "[id a=\"b\"][id2]" or "-": quoted values may hold brackets behind a backslash.
std::string_view take_structured(std::string_view& text) noexcept {
  if (text.starts_with('-') || text.empty() || text.front() != '[') return take_word(text);
  bool quoted = false;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == ']' && (i + 1 == text.size() || text[i + 1] != '[')) {
      break;
    }
  }
  const std::string_view data = text.substr(0, std::min(i + 1, text.size()));
  text.remove_prefix(data.size());
  if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return data;
}

bool is_bsd_date(std::string_view text) noexcept {
  static constexpr std::string_view kForm = "Aaa _0 00:00:00";
  if (text.size() < kBsdDate) return false;
  for (std::size_t i = 0; i < kBsdDate; ++i) {
    const char c = text[i];
    const char form = kForm[i];
    const bool good = form == 'A'   ? c >= 'A' && c <= 'Z'
                      : form == 'a' ? c >= 'a' && c <= 'z'
                      : form == '0' ? digit(c)
                      : form == '_' ? digit(c) || c == ' '
                                    : c == form;
    if (!good) return false;
  }
  return text.size() == kBsdDate || text[kBsdDate] == ' ';
}

// "tag[pid]: " or "tag: ".
void take_tag(std::string_view& text, SyslogMessage& message) noexcept {
  const std::size_t end = text.find_first_of(" :[");
  if (end == 0 || end == std::string_view::npos || end > 48 || text[end] == ' ') return;
  std::string_view rest = text.substr(end);
  std::string_view pid;
  if (rest.front() == '[') {
    const std::size_t close = rest.find(']');
    if (close == std::string_view::npos) return;
    pid = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
  }
  if (!rest.starts_with(':')) return;
  rest.remove_prefix(1);
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  message.tag = text.substr(0, end);
  message.pid = pid;
  text = rest;
}

constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// "Nov 21 03:43:26" -> "2026-11-21T03:43:26-00:00": neither year nor zone are known, so it is the present
// year and RFC 3339's sign for "unknown". False: no month is called so.
bool put_iso_of_bsd(LineWriter& out, std::string_view bsd, std::string_view year) noexcept {
  const auto* const month = std::find(std::begin(kMonths), std::end(kMonths), bsd.substr(0, 3));
  if (month == std::end(kMonths)) return false;
  out.put(year).put('-').padded(static_cast<std::uint32_t>(month - std::begin(kMonths) + 1), 2).put('-');
  out.put(bsd[4] == ' ' ? '0' : bsd[4]).put(bsd[5]).put('T').put(bsd.substr(7, 8)).put("-00:00");
  return true;
}

// "2026-11-21T03:43:26.542260+00:00" -> "Nov 21 03:43:26", as the sender's clock had it.
bool put_bsd_of_iso(LineWriter& out, std::string_view iso) noexcept {
  static constexpr std::string_view kForm = "0000-00-00T00:00:00";
  if (iso.size() < kForm.size()) return false;
  for (std::size_t i = 0; i < kForm.size(); ++i)
    if (kForm[i] == '0' ? !digit(iso[i]) : iso[i] != kForm[i]) return false;
  const int month = (iso[5] - '0') * 10 + (iso[6] - '0');
  if (month < 1 || month > 12) return false;
  out.put(kMonths[month - 1])
      .put(' ')
      .put(iso[8] == '0' ? ' ' : iso[8])
      .put(iso[9])
      .put(' ')
      .put(iso.substr(11, 8));
  return true;
}

std::string_view or_dash(std::string_view text) noexcept {
  return text.empty() ? std::string_view("-") : text;
}

}  // namespace

SyslogMessage parse_syslog(std::string_view bytes) noexcept {
  while (!bytes.empty() && (bytes.back() == '\n' || bytes.back() == '\r' || bytes.back() == '\0'))
    bytes.remove_suffix(1);
  SyslogMessage message;
  std::string_view rest = bytes;
  if (take_priority(rest, message) && rest.starts_with("1 ")) {
    message.rfc5424 = true;
    rest.remove_prefix(2);
    message.date = take_word(rest);
    message.host = take_word(rest);
    message.tag = take_word(rest);
    message.pid = take_word(rest);
    message.id = take_word(rest);
    message.structured = take_structured(rest);
    message.text = rest;
    return message;
  }
  if (message.level >= 0 && is_bsd_date(rest)) {
    message.date = rest.substr(0, kBsdDate);
    rest.remove_prefix(std::min(kBsdDate + 1, rest.size()));
    // A word without a colon in front of the tag is the host.
    const std::string_view word = rest.substr(0, rest.find(' '));
    if (word.size() < rest.size() && word.find_first_of(":[") == std::string_view::npos)
      message.host = take_word(rest);
    take_tag(rest, message);
  }
  message.text = rest;
  return message;
}

void put_syslog_message(LineWriter& out, const SyslogMessage& message, std::optional<SyslogFormat> format,
                        int facility, int level, const SyslogIdentity& identity, std::int64_t wall_us,
                        LogDate& date) {
  const SyslogFormat as = format.value_or(
      message.rfc5424        ? SyslogFormat::rfc5424
      : message.date.empty() ? (message.level >= 0 ? SyslogFormat::priority : SyslogFormat::raw)
      : message.host.empty() ? SyslogFormat::local
                             : SyslogFormat::rfc3164);
  const int priority = (message.facility >= 0 ? message.facility : facility) * 8 + level;
  const std::int64_t second = wall_us / 1'000'000;
  const auto iso = [&] {
    if (message.rfc5424 && !message.date.empty()) {
      out.put(message.date);
      return;
    }
    if (!message.rfc5424 && !message.date.empty() &&
        put_iso_of_bsd(out, message.date, date.iso(second).substr(0, 4)))
      return;
    out.put(date.iso(second)).put('.').padded(static_cast<std::uint32_t>(wall_us % 1'000'000), 6);
    out.put(date.iso_zone(second));
  };
  const auto bsd = [&] {
    if (!message.rfc5424 && !message.date.empty()) {
      out.put(message.date);
    } else if (!put_bsd_of_iso(out, message.date)) {
      out.put(date.rfc3164(second));
    }
  };
  switch (as) {
    case SyslogFormat::local:
    case SyslogFormat::rfc3164:
      out.put('<').number(priority).put('>');
      bsd();
      out.put(' ');
      if (as == SyslogFormat::rfc3164)
        out.put(!message.host.empty()       ? message.host
                : identity.hostname.empty() ? std::string_view("localhost")
                                            : std::string_view(identity.hostname))
            .put(' ');
      if (!message.tag.empty()) {
        out.put(message.tag);
        if (!message.pid.empty()) out.put('[').put(message.pid).put(']');
        out.put(": ");
      }
      break;
    case SyslogFormat::rfc5424:
      out.put('<').number(priority).put(">1 ");
      iso();
      out.put(' ')
          .put(or_dash(message.host))
          .put(' ')
          .put(or_dash(message.tag))
          .put(' ')
          .put(or_dash(message.pid));
      out.put(' ').put(or_dash(message.id)).put(' ').put(or_dash(message.structured)).put(' ');
      break;
    case SyslogFormat::priority:
      out.put('<').number(priority).put('>');
      break;
    case SyslogFormat::short_:
      out.put('<').number(level).put('>');
      break;
    case SyslogFormat::timed:
      out.put('<').number(level).put('>');
      iso();
      out.put(' ');
      break;
    case SyslogFormat::iso:
      iso();
      out.put(' ');
      break;
    case SyslogFormat::raw:
      break;
  }
  out.put(message.text);
}

}  // namespace evenkeel::stats
