#include "stats/syslog_message.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace evenkeel::stats {
namespace {

TEST(SyslogMessage, IsTakenApart) {
  SyslogMessage m = parse_syslog("<134>Nov 21 03:43:26 myhost app[12]: hello [x]\n");
  EXPECT_EQ(m.facility, 16);
  EXPECT_EQ(m.level, 6);
  EXPECT_EQ(m.date, "Nov 21 03:43:26");
  EXPECT_EQ(m.host, "myhost");
  EXPECT_EQ(m.tag, "app");
  EXPECT_EQ(m.pid, "12");
  EXPECT_EQ(m.text, "hello [x]");
  m = parse_syslog("<134>Nov 21 03:43:26 app[12]: hello");
  EXPECT_EQ(m.host, "");
  EXPECT_EQ(m.tag, "app");
  m = parse_syslog(R"(<131>1 2026-11-21T03:48:57.5+01:00 h app 7 ID [ex@1 a="b]\"c"][q] text here)");
  EXPECT_TRUE(m.rfc5424);
  EXPECT_EQ(m.level, 3);
  EXPECT_EQ(m.date, "2026-11-21T03:48:57.5+01:00");
  EXPECT_EQ(m.host, "h");
  EXPECT_EQ(m.tag, "app");
  EXPECT_EQ(m.pid, "7");
  EXPECT_EQ(m.id, "ID");
  EXPECT_EQ(m.structured, R"([ex@1 a="b]\"c"][q])");
  EXPECT_EQ(m.text, "text here");
}

TEST(SyslogMessage, ThatIsNoneIsText) {
  for (const std::string_view text : {"no header", "<999>x", "<1", "<>x", "<a>x", ""}) {
    const SyslogMessage m = parse_syslog(text);
    EXPECT_EQ(m.level, -1) << text;
    EXPECT_EQ(m.text, text);
  }
  EXPECT_EQ(parse_syslog("<134>just text").text, "just text");
  EXPECT_EQ(parse_syslog("<134>1 - - - - - [unclosed \"").structured, "[unclosed \"");
  EXPECT_EQ(parse_syslog("<134>1 ").text, "");
}

std::string put(std::string_view bytes, std::optional<SyslogFormat> format) {
  setenv("TZ", "UTC", 1);
  tzset();
  char out[512];
  LineWriter line(out, sizeof out);
  LogDate date;
  const SyslogMessage message = parse_syslog(bytes);
  put_syslog_message(line, message, format, 21, message.level < 0 ? 0 : message.level, {},
                     1'795'221'239'835'158, date);
  return {out, line.size()};
}

TEST(SyslogMessage, GetsAnotherHeader) {
  const std::string_view bsd = "<134>Nov  1 03:43:26 h app[1]: t";
  EXPECT_EQ(put(bsd, std::nullopt), bsd);
  EXPECT_EQ(put(bsd, SyslogFormat::local), "<134>Nov  1 03:43:26 app[1]: t");
  EXPECT_EQ(put(bsd, SyslogFormat::rfc5424), "<134>1 2026-11-01T03:43:26-00:00 h app 1 - - t");
  EXPECT_EQ(put(bsd, SyslogFormat::timed), "<6>2026-11-01T03:43:26-00:00 t");
  EXPECT_EQ(put(bsd, SyslogFormat::priority), "<134>t");
  EXPECT_EQ(put(bsd, SyslogFormat::raw), "t");
  const std::string_view modern = "<131>1 2026-02-03T04:05:06.7+01:00 h app - ID [x] t";
  EXPECT_EQ(put(modern, std::nullopt), modern);
  EXPECT_EQ(put(modern, SyslogFormat::rfc3164), "<131>Feb  3 04:05:06 h app: t");
  EXPECT_EQ(put(modern, SyslogFormat::iso), "2026-02-03T04:05:06.7+01:00 t");
  EXPECT_EQ(put("text", SyslogFormat::rfc3164), "<168>Nov 21 00:33:59 localhost text");
  EXPECT_EQ(put("<134>text", SyslogFormat::rfc5424),
            "<134>1 2026-11-21T00:33:59.835158+00:00 - - - - - text");
}

}  // namespace
}  // namespace evenkeel::stats
