#include "rules/log_alias.h"

#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>

#include "http/head.h"
#include "http/url.h"
#include "rules/context.h"
#include "rules/text.h"
#include "stats/log_date.h"
#include "stats/session_record.h"

namespace evenkeel::rules {
namespace {

using Record = stats::SessionRecord;

template <class Integer>
void decimal(Integer value, std::string& out) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, static_cast<std::size_t>(end.ptr - digits));
}
void hexadecimal(std::uint64_t value, int width, std::string& out) {
  char buffer[20];
  const int n = std::snprintf(buffer, sizeof buffer, "%0*llX", width, static_cast<unsigned long long>(value));
  out.append(buffer, static_cast<std::size_t>(n));
}

// An alias that is a member of the record: nothing to print where there is no record.
template <auto kMember>
void number_of(EvalContext& ctx, bool, std::string& out) {
  if (ctx.record != nullptr) decimal(ctx.record->*kMember, out);
}
template <std::string_view Record::*kMember>
void text_of(EvalContext& ctx, bool, std::string& out) {
  if (ctx.record != nullptr) out += ctx.record->*kMember;
}
// Totals carry a '+' when the line is written before the end (logasap).
template <auto kMember>
void total_of(EvalContext& ctx, bool, std::string& out) {
  if (ctx.record == nullptr) return;
  if (ctx.record->as_soon_as_possible) out += '+';
  decimal(ctx.record->*kMember, out);
}
template <std::int64_t stats::Timers::*kTimer, bool kTotal = false>
void timer_of(EvalContext& ctx, bool, std::string& out) {
  if (ctx.record == nullptr) return;
  if (kTotal && ctx.record->as_soon_as_possible) out += '+';
  decimal(stats::timers_of(ctx.record->at, ctx.record->http).*kTimer, out);
}

void ip(const Address& address, bool hex, std::string& out) {
  if (!address.is_ip()) {
    if (address.family() == AF_UNIX) out += "unix";
    return;
  }
  if (!hex) {
    out += address.ip_string();
    return;
  }
  for (const char c : address.ip_bytes()) hexadecimal(static_cast<unsigned char>(c), 2, out);
}
template <Address Record::*kMember>
void ip_of(EvalContext& ctx, bool hex, std::string& out) {
  if (ctx.record != nullptr) ip(ctx.record->*kMember, hex, out);
}
void port(const Address& address, const Record& record, bool hex, std::string& out) {
  if (address.family() == AF_UNSPEC) return;
  const std::uint32_t number = address.is_ip() ? address.port() : record.listener_id;
  if (hex) {
    hexadecimal(number, 4, out);
  } else {
    decimal(number, out);
  }
}
template <Address Record::*kMember>
void port_of(EvalContext& ctx, bool hex, std::string& out) {
  if (ctx.record != nullptr) port(ctx.record->*kMember, *ctx.record, hex, out);
}
// The kernel is asked for our own address only where somebody wants it; records go without.
const Address& frontend_address(const EvalContext& ctx) {
  const bool recorded = ctx.record != nullptr && ctx.record->local.family() != AF_UNSPEC;
  return recorded || ctx.fc_dst == nullptr ? ctx.record->local : *ctx.fc_dst;
}
void frontend_ip(EvalContext& ctx, bool hex, std::string& out) {
  if (ctx.record != nullptr) ip(frontend_address(ctx), hex, out);
}
void frontend_port(EvalContext& ctx, bool hex, std::string& out) {
  if (ctx.record != nullptr) port(frontend_address(ctx), *ctx.record, hex, out);
}

void backend(EvalContext& ctx, bool, std::string& out) {
  if (ctx.record != nullptr) out += ctx.record->backend.empty() ? ctx.record->frontend : ctx.record->backend;
}
void server(EvalContext& ctx, bool, std::string& out) {
  if (ctx.record != nullptr)
    out += ctx.record->server.empty() ? std::string_view("<NOSRV>") : ctx.record->server;
}
void frontend_transport(EvalContext& ctx, bool, std::string& out) {
  if (ctx.record == nullptr) return;
  out += ctx.record->frontend;
  if (ctx.record->tls) out += '~';
}

constexpr std::string_view kBadRequest = "<BADREQ>";
bool unreadable(const EvalContext& ctx) {
  return ctx.record != nullptr && ctx.record->http && ctx.record->method.empty() && ctx.request == nullptr;
}
// The request line as captured; while the request is still being worked on, as it stands.
std::string_view method(const EvalContext& ctx) {
  if (unreadable(ctx)) return kBadRequest;
  if (ctx.record != nullptr && !ctx.record->method.empty()) return ctx.record->method;
  if (!ctx.captured_method.empty()) return ctx.captured_method;
  return ctx.request != nullptr ? ctx.request->method_text() : std::string_view();
}
std::string_view target(const EvalContext& ctx) {
  if (unreadable(ctx)) return kBadRequest;
  if (ctx.record != nullptr && !ctx.record->target_uri.empty()) return ctx.record->target_uri;
  if (!ctx.captured_uri.empty()) return ctx.captured_uri;
  return ctx.request != nullptr ? ctx.request->target() : std::string_view();
}
std::string_view version(const EvalContext& ctx) {
  if (unreadable(ctx)) return kBadRequest;
  if (ctx.record != nullptr && !ctx.record->version.empty()) return ctx.record->version;
  if (!ctx.captured_version.empty()) return ctx.captured_version;
  if (ctx.request == nullptr) return {};
  return ctx.request->version_minor == 0 ? "HTTP/1.0" : "HTTP/1.1";
}
void http_method(EvalContext& ctx, bool, std::string& out) { out += method(ctx); }
void http_version(EvalContext& ctx, bool, std::string& out) { out += version(ctx); }
void http_uri(EvalContext& ctx, bool, std::string& out) { out += target(ctx); }
void http_path(EvalContext& ctx, bool, std::string& out) {
  out += target(ctx).substr(0, target(ctx).find('?'));
}
void http_path_only(EvalContext& ctx, bool, std::string& out) {
  out += unreadable(ctx) ? kBadRequest : http::split_url(target(ctx)).path;
}
void http_query(EvalContext& ctx, bool, std::string& out) {
  if (unreadable(ctx)) out += kBadRequest;
  const std::string_view text = target(ctx);
  const std::size_t mark = text.find('?');
  if (mark != std::string_view::npos) out += text.substr(mark);
}
void http_request(EvalContext& ctx, bool, std::string& out) {
  if (method(ctx).empty() || unreadable(ctx)) {
    out += kBadRequest;
    return;
  }
  out.append(method(ctx)).append(1, ' ').append(target(ctx)).append(1, ' ').append(version(ctx));
}

std::int64_t request_wall_us(const Record& record) noexcept {
  return record.request_wall_us != 0 ? record.request_wall_us : record.accepted_wall_us;
}
void put_millis(std::int64_t wall_us, std::string& out) {
  const auto millis = static_cast<unsigned>(wall_us / 1000 % 1000);
  for (const unsigned divisor : {100U, 10U, 1U}) out += static_cast<char>('0' + millis / divisor % 10);
}
void dated(EvalContext& ctx, std::int64_t wall_us, std::string& out) {
  if (ctx.log_date == nullptr) return;
  out.append(ctx.log_date->local(wall_us / 1'000'000)).append(1, '.');
  put_millis(wall_us, out);
}
void gmt(EvalContext& ctx, std::int64_t wall_us, std::string& out) {
  if (ctx.log_date != nullptr) out += ctx.log_date->gmt(wall_us / 1'000'000);
}
// Local time with its zone: "21/Nov/2026:00:46:07 +0100".
void local(EvalContext& ctx, std::int64_t wall_us, std::string& out) {
  if (ctx.log_date == nullptr) return;
  out.append(ctx.log_date->local(wall_us / 1'000'000)).append(1, ' ');
  for (const char c : ctx.log_date->iso_zone(wall_us / 1'000'000)) {
    if (c != ':') out += c;
  }
}
template <void (*kWrite)(EvalContext&, std::int64_t, std::string&), bool kRequest>
void date_of(EvalContext& ctx, bool, std::string& out) {
  if (ctx.record == nullptr) return;
  kWrite(ctx, kRequest ? request_wall_us(*ctx.record) : ctx.record->accepted_wall_us, out);
}
void timestamp(EvalContext& ctx, bool hex, std::string& out) {
  if (ctx.record == nullptr) return;
  const std::int64_t seconds = ctx.record->accepted_wall_us / 1'000'000;
  if (hex) {
    hexadecimal(static_cast<std::uint64_t>(seconds), 4, out);
  } else {
    decimal(seconds, out);
  }
}
void millis(EvalContext& ctx, bool, std::string& out) {
  if (ctx.record != nullptr) put_millis(ctx.record->accepted_wall_us, out);
}

void counter(EvalContext& ctx, bool hex, std::string& out) {
  if (ctx.record == nullptr) return;
  if (hex) {
    hexadecimal(ctx.record->request_counter, 4, out);
  } else {
    decimal(ctx.record->request_counter, out);
  }
}
void pid(EvalContext&, bool hex, std::string& out) {
  if (hex) {
    hexadecimal(static_cast<std::uint64_t>(::getpid()), 4, out);
  } else {
    decimal(::getpid(), out);
  }
}
void hostname(EvalContext&, bool, std::string& out) {
  static const std::string name = [] {
    std::array<char, 256> buffer{};
    ::gethostname(buffer.data(), buffer.size() - 1);
    return std::string(buffer.data());
  }();
  out += name;
}
void unique_id(EvalContext& ctx, bool, std::string& out) { out += ctx.unique_id(); }
void origin(EvalContext& ctx, bool, std::string& out) {
  out += ctx.log_origin.empty() ? std::string_view("unspec") : ctx.log_origin;
}
void retries(EvalContext& ctx, bool, std::string& out) {
  if (ctx.record == nullptr) return;
  if (ctx.record->redispatched) out += '+';
  decimal(ctx.record->retries, out);
}
template <std::size_t kLength>
void termination(EvalContext& ctx, bool, std::string& out) {
  if (ctx.record == nullptr) return;
  const auto state = stats::termination_state(*ctx.record);
  out.append(state.data(), kLength);
}

// What would end the value, its braces or the line becomes #XX (manual 8.6).
void encoded_header(std::string_view value, std::string& out) {
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '#' && c != '"' && c != '{' && c != '|' && c != '}') {
      out += c;
    } else {
      out += '#';
      hexadecimal(byte, 2, out);
    }
  }
}
template <std::span<const std::string_view> Record::*kCaptures>
void captured_block(EvalContext& ctx, bool quoted, std::string& out) {
  if (ctx.record == nullptr || !ctx.record->captured || (ctx.record->*kCaptures).empty()) return;
  if (quoted) out += '"';
  char separator = '{';
  for (const std::string_view value : ctx.record->*kCaptures) {
    out += separator;
    encoded_header(value, out);
    separator = '|';
  }
  out += '}';
  if (quoted) out += '"';
}
template <std::span<const std::string_view> Record::*kCaptures>
void captured_list(EvalContext& ctx, bool quoted, std::string& out) {
  if (ctx.record == nullptr || !ctx.record->captured) return;
  bool first = true;
  for (const std::string_view value : ctx.record->*kCaptures) {
    if (!first) out += ' ';
    first = false;
    if (quoted) out += '"';
    if (value.empty() && !quoted) out += '-';
    encoded_header(value, out);
    if (quoted) out += '"';
  }
}

using Kind = LogAlias::Kind;
using stats::Timers;
constexpr LogAlias kAliases[] = {
    {"B", Kind::number, false, total_of<&Record::bytes_out>},
    {"CC", Kind::text, true, text_of<&Record::request_cookie>},
    {"CS", Kind::text, true, text_of<&Record::response_cookie>},
    {"H", Kind::text, false, hostname},
    {"HM", Kind::text, true, http_method},
    {"HP", Kind::text, true, http_path},
    {"HPO", Kind::text, true, http_path_only},
    {"HQ", Kind::text, true, http_query},
    {"HU", Kind::text, true, http_uri},
    {"HV", Kind::text, true, http_version},
    {"ID", Kind::text, false, unique_id},
    {"OG", Kind::text, false, origin},
    {"ST", Kind::number, false, number_of<&Record::status>},
    {"T", Kind::text, false, date_of<gmt, false>},
    {"Ta", Kind::number, true, timer_of<&Timers::active, true>},
    {"Tc", Kind::number, false, timer_of<&Timers::connect>},
    {"Td", Kind::number, false, timer_of<&Timers::data>},
    {"Th", Kind::number, false, timer_of<&Timers::handshake>},
    {"Ti", Kind::number, true, timer_of<&Timers::idle>},
    {"Tl", Kind::text, false, date_of<local, false>},
    {"Tq", Kind::number, true, timer_of<&Timers::full_request>},
    {"TR", Kind::number, true, timer_of<&Timers::request>},
    {"Tr", Kind::number, true, timer_of<&Timers::response>},
    {"Ts", Kind::number, false, timestamp},
    {"Tt", Kind::number, false, timer_of<&Timers::total, true>},
    {"Tu", Kind::number, false, timer_of<&Timers::user, true>},
    {"Tw", Kind::number, false, timer_of<&Timers::queue>},
    {"U", Kind::number, false, total_of<&Record::bytes_in>},
    {"ac", Kind::number, false, number_of<&Record::actconn>},
    {"b", Kind::text, false, backend},
    {"bc", Kind::number, false, number_of<&Record::beconn>},
    {"bi", Kind::ip, false, ip_of<&Record::source>},
    {"bp", Kind::port, false, port_of<&Record::source>},
    {"bq", Kind::number, false, number_of<&Record::backend_queue>},
    {"ci", Kind::ip, false, ip_of<&Record::client>},
    {"cp", Kind::port, false, port_of<&Record::client>},
    {"f", Kind::text, false, text_of<&Record::frontend>},
    {"fc", Kind::number, false, number_of<&Record::feconn>},
    {"fi", Kind::ip, false, frontend_ip},
    {"fp", Kind::port, false, frontend_port},
    {"ft", Kind::text, false, frontend_transport},
    {"hr", Kind::text, false, captured_block<&Record::request_captures>},
    {"hrl", Kind::text, false, captured_list<&Record::request_captures>},
    {"hs", Kind::text, false, captured_block<&Record::response_captures>},
    {"hsl", Kind::text, false, captured_list<&Record::response_captures>},
    {"lc", Kind::number, false, number_of<&Record::log_counter>},
    {"ms", Kind::number, false, millis},
    {"pid", Kind::number, false, pid},
    {"r", Kind::text, true, http_request},
    {"rc", Kind::number, false, retries},
    {"rt", Kind::number, false, counter},
    {"s", Kind::text, false, server},
    {"sc", Kind::number, false, number_of<&Record::srv_conn>},
    {"si", Kind::ip, false, ip_of<&Record::target>},
    {"sp", Kind::port, false, port_of<&Record::target>},
    {"sq", Kind::number, false, number_of<&Record::srv_queue>},
    {"t", Kind::text, false, date_of<dated, false>},
    {"tr", Kind::text, true, date_of<dated, true>},
    {"trg", Kind::text, true, date_of<gmt, true>},
    {"trl", Kind::text, true, date_of<local, true>},
    {"ts", Kind::text, false, termination<2>},
    {"tsc", Kind::text, true, termination<4>},
};

}  // namespace

std::span<const LogAlias> log_aliases() noexcept { return kAliases; }

}  // namespace evenkeel::rules
