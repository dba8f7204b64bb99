#include "stats/access_log.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "stats/line_writer.h"

namespace evenkeel::stats {
namespace {

// Digits without the library: four octets are most of what logs print.
void put_ip(LineWriter& out, const Address& address) noexcept {
  const std::string_view bytes = address.ip_bytes();
  if (bytes.size() == 4) {
    for (std::size_t i = 0; i < 4; ++i) {
      if (i != 0) out.put('.');
      out.number(static_cast<unsigned>(static_cast<unsigned char>(bytes[i])));
    }
  } else if (bytes.size() == 16) {
    char text[INET6_ADDRSTRLEN];
    out.put(inet_ntop(AF_INET6, bytes.data(), text, sizeof text));
  } else if (address.family() == AF_UNIX) {
    out.put("unix");
  }
}

void put_endpoint(LineWriter& out, const Address& address, std::uint32_t listener_id) noexcept {
  put_ip(out, address);
  out.put(':').number(address.family() == AF_UNIX ? listener_id : address.port());
}

void put_date(LineWriter& out, LogDate& date, std::int64_t wall_us) noexcept {
  out.put('[').put(date.local(wall_us / 1'000'000)).put('.');
  out.padded(static_cast<std::uint32_t>(wall_us / 1000 % 1000), 3).put(']');
}

std::int64_t request_date(const SessionRecord& r) noexcept {
  return r.request_wall_us != 0 ? r.request_wall_us : r.accepted_wall_us;
}

std::string_view or_else(std::string_view text, std::string_view otherwise) noexcept {
  return text.empty() ? otherwise : text;
}

void put_counts(LineWriter& out, const SessionRecord& r, char between, char groups) noexcept {
  out.number(r.actconn).put(between).number(r.feconn).put(between).number(r.beconn).put(between);
  out.number(r.srv_conn).put(between);
  if (r.redispatched) out.put('+');
  out.number(r.retries).put(groups).number(r.srv_queue).put(between).number(r.backend_queue);
}

void put_request_line(LineWriter& out, const SessionRecord& r) noexcept {
  if (r.method.empty()) {
    out.put("<BADREQ>");
    return;
  }
  put_escaped(out, r.method);
  out.put(' ');
  put_escaped(out, r.target_uri);
  if (!r.version.empty()) out.put(' ');
  put_escaped(out, r.version);
}

void put_braced(LineWriter& out, std::span<const std::string_view> captures) noexcept {
  if (captures.empty()) return;
  out.put('{');
  for (std::size_t i = 0; i < captures.size(); ++i) {
    if (i != 0) out.put('|');
    put_header(out, captures[i]);
  }
  out.put("} ");
}

void put_plus_number(LineWriter& out, bool plus, std::uint64_t value) noexcept {
  if (plus) out.put('+');
  out.number(value);
}

void render_plain(LineWriter& out, const SessionRecord& r) noexcept {
  out.put("Connect ");
  if (r.client.is_ip()) {
    out.put("from ");
    put_endpoint(out, r.client, r.listener_id);
    out.put(' ');
  }
  out.put("to ");
  put_endpoint(out, r.local, r.listener_id);
  out.put(" (").put(r.frontend).put(r.http ? "/HTTP)" : "/TCP)");
}

// %ci:%cp [date] %ft %b/%s and a space: the start of the tcp and http formats.
void put_prefix(LineWriter& out, const SessionRecord& r, LogDate& date, std::int64_t wall_us) noexcept {
  put_endpoint(out, r.client, r.listener_id);
  out.put(' ');
  put_date(out, date, wall_us);
  out.put(' ').put(r.frontend);
  if (r.tls) out.put('~');
  out.put(' ').put(or_else(r.backend, r.frontend)).put('/').put(or_else(r.server, "<NOSRV>")).put(' ');
}

void render_tcp(LineWriter& out, const SessionRecord& r, LogDate& date) noexcept {
  const Timers t = timers_of(r.at, false);
  put_prefix(out, r, date, r.accepted_wall_us);
  out.number(t.queue).put('/').number(t.connect).put('/');
  put_plus_number(out, r.as_soon_as_possible, static_cast<std::uint64_t>(t.total));
  out.put(' ');
  put_plus_number(out, r.as_soon_as_possible, r.bytes_out);
  out.put(' ').put(std::string_view(termination_state(r).data(), 2)).put(' ');
  put_counts(out, r, '/', ' ');
}

void render_http(LineWriter& out, const SessionRecord& r, LogDate& date) noexcept {
  const Timers t = timers_of(r.at, true);
  put_prefix(out, r, date, request_date(r));
  out.number(t.request)
      .put('/')
      .number(t.queue)
      .put('/')
      .number(t.connect)
      .put('/')
      .number(t.response)
      .put('/');
  put_plus_number(out, r.as_soon_as_possible, static_cast<std::uint64_t>(t.active));
  out.put(' ').number(r.status).put(' ');
  put_plus_number(out, r.as_soon_as_possible, r.bytes_out);
  out.put(' ');
  put_escaped(out, or_else(r.request_cookie, "-"));
  out.put(' ');
  put_escaped(out, or_else(r.response_cookie, "-"));
  out.put(' ').put(std::string_view(termination_state(r).data(), 4)).put(' ');
  put_counts(out, r, '/', ' ');
  out.put(' ');
  if (r.captured) {
    put_braced(out, r.request_captures);
    put_braced(out, r.response_captures);
  }
  out.put('"');
  put_request_line(out, r);
  out.put('"');
}

void put_quoted(LineWriter& out, std::string_view text) noexcept { out.put('"').put(text).put('"'); }

void put_quoted_captures(LineWriter& out, std::span<const std::string_view> captures, bool& first) noexcept {
  for (const std::string_view capture : captures) {
    if (!first) out.put(' ');
    first = false;
    out.put('"');
    put_header(out, capture);
    out.put('"');
  }
}

void render_clf(LineWriter& out, const SessionRecord& r, LogDate& date) noexcept {
  const Timers t = timers_of(r.at, true);
  const std::int64_t wall_us = request_date(r);
  put_ip(out, r.client);
  out.put(" - - [").put(date.gmt(wall_us / 1'000'000)).put("] \"");
  put_request_line(out, r);
  out.put("\" ").number(r.status).put(' ');
  put_plus_number(out, r.as_soon_as_possible, r.bytes_out);
  out.put(" \"\" \"\" ").number(r.client.family() == AF_UNIX ? r.listener_id : r.client.port()).put(' ');
  out.padded(static_cast<std::uint32_t>(wall_us / 1000 % 1000), 3).put(" \"").put(r.frontend);
  if (r.tls) out.put('~');
  out.put("\" ");
  put_quoted(out, or_else(r.backend, r.frontend));
  out.put(' ');
  put_quoted(out, or_else(r.server, "<NOSRV>"));
  out.put(' ').number(t.request).put(' ').number(t.queue).put(' ').number(t.connect).put(' ').number(
      t.response);
  out.put(' ');
  put_plus_number(out, r.as_soon_as_possible, static_cast<std::uint64_t>(t.active));
  out.put(' ').put(std::string_view(termination_state(r).data(), 4)).put(' ');
  put_counts(out, r, ' ', ' ');
  out.put(" \"");
  put_escaped(out, r.request_cookie);
  out.put("\" \"");
  put_escaped(out, r.response_cookie);
  out.put("\" ");
  bool first = true;
  if (r.captured) {
    put_quoted_captures(out, r.request_captures, first);
    put_quoted_captures(out, r.response_captures, first);
  }
}

}  // namespace

bool is_normal(const SessionRecord& r) noexcept {
  const bool ended_well = r.cause == Cause::none || r.cause == Cause::local;
  return ended_well && r.retries == 0 && !r.redispatched && r.status < 500;
}

std::size_t render_access_log(LogFormat format, const SessionRecord& record, LogDate& date, char* out,
                              std::size_t capacity) noexcept {
  LineWriter line(out, capacity);
  if (!record.http && (format == LogFormat::http || format == LogFormat::clf || format == LogFormat::https)) format = LogFormat::tcp;
  switch (format) {
    case LogFormat::plain:
      render_plain(line, record);
      break;
    case LogFormat::tcp:
      render_tcp(line, record, date);
      break;
    case LogFormat::http:
      render_http(line, record, date);
      break;
    case LogFormat::clf:
      render_clf(line, record, date);
      break;
    case LogFormat::https:
      render_http(line, record, date);
      // fc_err, four facts about a TLS handshake, server name, version and cipher: there is no TLS.
      line.put(" 0/-/-/-/0 -/-/-");
      break;
    case LogFormat::custom:
      break;
  }
  return line.size();
}

std::size_t render_connection_error(const SessionRecord& record, std::string_view message, LogDate& date,
                                    char* out, std::size_t capacity) noexcept {
  LineWriter line(out, capacity);
  put_endpoint(line, record.client, record.listener_id);
  line.put(' ');
  put_date(line, date, record.accepted_wall_us);
  line.put(' ').put(record.frontend).put('/');
  if (record.listener.empty()) {
    line.number(record.listener_id);
  } else {
    line.put(record.listener);
  }
  line.put(": ").put(message);
  return line.size();
}

std::optional<int> log_level_of(const AccessLogDef& def, const SessionRecord& record) noexcept {
  constexpr int kErr = 3;
  constexpr int kInfo = 6;
  constexpr int kSilent = 8;
  if (record.level >= kSilent) return std::nullopt;
  if (def.dont_log_null && record.bytes_in == 0) return std::nullopt;
  const bool normal = is_normal(record);
  if (def.dont_log_normal && normal) return std::nullopt;
  const int level = record.level >= 0 ? record.level : kInfo;
  return def.separate_errors && !normal && level > kErr ? kErr : level;
}

}  // namespace evenkeel::stats
