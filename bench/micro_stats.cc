// Nanoseconds for one access log line: the text of option httplog, and its syslog header. Best of many
// rounds, on one core; nothing is sent.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <optional>

#include "core/clock.h"
#include "stats/access_log.h"
#include "stats/syslog.h"

namespace {

using namespace evenkeel;
using SteadyClock = std::chrono::steady_clock;

stats::SessionRecord record() {
  stats::SessionRecord r;
  r.at = {1'000'000, 1'000'100, 1'000'200, 1'000'400, 1'000'500, 1'000'900, 1'012'345, 1'012'999};
  r.accepted_wall_us = 1'700'000'000'123'456;
  r.frontend = "www";
  r.listener_id = 1;
  r.backend = "application";
  r.server = "app17";
  r.client = *Address::from_ip("192.0.2.17", 43'210);
  r.http = true;
  r.method = "GET";
  r.target_uri = "/assets/images/logo.svg?v=20240611";
  r.version = "HTTP/1.1";
  r.status = 200;
  r.bytes_out = 12'345;
  r.actconn = r.feconn = 64;
  r.beconn = r.srv_conn = 12;
  return r;
}

double best_ns(const std::function<void()>& call) {
  double best = 1e9;
  for (int round = 0; round < 40; ++round) {
    const auto begin = SteadyClock::now();
    for (int i = 0; i < 20'000; ++i) call();
    const std::chrono::duration<double, std::nano> took = SteadyClock::now() - begin;
    best = std::min(best, took.count() / 20'000);
  }
  return best;
}

}  // namespace

int main() {
  const stats::SessionRecord r = record();
  stats::LogDate date;
  char text[1024];
  char line[1024];
  std::size_t length = 0;
  const SystemClock clock;
  const stats::SyslogIdentity identity{"host", "haproxy", 1234};
  std::printf("option httplog, the text: %.0f ns\n", best_ns([&] {
                length = stats::render_access_log(stats::LogFormat::http, r, date, text, sizeof text);
              }));
  std::printf("option httplog, with its RFC 3164 header and the clock: %.0f ns\n", best_ns([&] {
                length = stats::render_access_log(stats::LogFormat::http, r, date, text, sizeof text);
                stats::LineWriter out(line, sizeof line);
                stats::put_syslog_header(out, stats::SyslogFormat::rfc3164, 16, 6, identity, identity.tag,
                                         clock.wall_us(), date, {});
                out.put({text, length});
              }));
  return 0;
}
