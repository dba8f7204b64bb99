#include "stats/page_columns.h"

#include <optional>
#include <string>

namespace evenkeel::stats {
namespace {

// Zeros step back, so that the eye finds what happened.
template <class T>
void number_cell(Html& html, const std::optional<T>& value, std::string_view css = {}) {
  html.raw("<td class=\"n").raw(value && *value == 0 ? " dim" : css).raw("\">");
  if (value) html.number(static_cast<std::uint64_t>(*value));
  html.raw("</td>");
}

// A number that should be 0 stands out when it is not.
template <class T>
void alarm_cell(Html& html, const std::optional<T>& value) {
  number_cell(html, value, value && *value != 0 ? " bad" : "");
}

void limit_cell(Html& html, const std::optional<std::uint32_t>& value) {
  if (value && *value != 0) return number_cell(html, value);
  html.raw(value ? "<td class=\"n dim\">\u2013</td>" : "<td class=\"n\"></td>");
}

void bytes_cell(Html& html, const std::optional<std::uint64_t>& value) {
  html.raw("<td class=\"n\"");
  if (value) {
    html.raw(" title=\"").number(*value).raw(" bytes\">").bytes(*value);
  } else {
    html.raw(">");
  }
  html.raw("</td>");
}

template <class T>
void tip_line(Html& html, std::string_view label, const std::optional<T>& value) {
  if (value) html.text(label).raw(": ").number(static_cast<std::uint64_t>(*value)).raw("&#10;");
}

void sessions_tip(Html& html, const Row& row) {
  tip_line(html, "Connections", row.conn_tot);
  tip_line(html, "Sessions", row.stot);
  tip_line(html, "HTTP requests", row.req_tot);
  tip_line(html, "HTTP 1xx responses", row.hrsp_1xx);
  tip_line(html, "HTTP 2xx responses", row.hrsp_2xx);
  tip_line(html, "  compressed", row.comp_rsp);
  tip_line(html, "HTTP 3xx responses", row.hrsp_3xx);
  tip_line(html, "HTTP 4xx responses", row.hrsp_4xx);
  tip_line(html, "HTTP 5xx responses", row.hrsp_5xx);
  tip_line(html, "Other responses", row.hrsp_other);
  tip_line(html, "Answered by the proxy", row.intercepted);
  tip_line(html, "Cache lookups", row.cache_lookups);
  tip_line(html, "Cache hits", row.cache_hits);
  tip_line(html, "Failed header rewrites", row.wrew);
  tip_line(html, "Internal errors", row.eint);
  tip_line(html, "Connections opened", row.connect);
  tip_line(html, "Connections reused", row.reuse);
  tip_line(html, "Average queue time, ms", row.qtime);
  tip_line(html, "Average connect time, ms", row.ctime);
  tip_line(html, "Average response time, ms", row.rtime);
  tip_line(html, "Average total time, ms", row.ttime);
  tip_line(html, "Longest queue time, ms", row.qtime_max);
  tip_line(html, "Longest connect time, ms", row.ctime_max);
  tip_line(html, "Longest response time, ms", row.rtime_max);
  tip_line(html, "Longest total time, ms", row.ttime_max);
}

void total_cell(Html& html, const Row& row) {
  html.raw("<td class=\"n tip\" title=\"");
  sessions_tip(html, row);
  html.raw("\">");
  if (row.stot) html.number(*row.stot);
  html.raw("</td>");
}

void current_cell(Html& html, const Row& row) {
  html.raw("<td class=\"n\"");
  if (row.used_conn_cur) {
    html.raw(" title=\"");
    tip_line(html, "Connections in use", row.used_conn_cur);
    tip_line(html, "Idle connections", row.srv_icur);
    tip_line(html, "  safe to reuse", row.safe_conn_cur);
    tip_line(html, "  not safe to reuse", row.idle_conn_cur);
    tip_line(html, "Limit of idle connections", row.src_ilim);
    html.raw("\"");
  }
  html.raw(">");
  if (row.scur) html.number(*row.scur);
  html.raw("</td>");
}

void rate_cell(Html& html, const Row& row) {
  html.raw("<td class=\"n\"");
  if (row.conn_rate) {
    html.raw(" title=\"");
    tip_line(html, "Connections per second", row.conn_rate);
    tip_line(html, "HTTP requests per second", row.req_rate);
    html.raw("\"");
  }
  html.raw(">");
  if (row.rate) html.number(*row.rate);
  html.raw("</td>");
}

void rate_max_cell(Html& html, const Row& row) {
  html.raw("<td class=\"n\"");
  if (row.conn_rate_max) {
    html.raw(" title=\"");
    tip_line(html, "Most connections per second", row.conn_rate_max);
    tip_line(html, "Most HTTP requests per second", row.req_rate_max);
    html.raw("\"");
  }
  html.raw(">");
  if (row.rate_max) html.number(*row.rate_max);
  html.raw("</td>");
}

void last_session_cell(Html& html, const Row& row) {
  html.raw("<td class=\"n\">");
  if (row.lastsess && *row.lastsess >= 0) {
    html.duration(static_cast<std::uint64_t>(*row.lastsess));
  } else if (row.lastsess) {
    html.raw("<span class=\"dim\" title=\"no traffic yet\">\u2013</span>");
  }
  html.raw("</td>");
}

void status_cell(Html& html, const Row& row) {
  html.raw("<td class=\"s\">");
  if (row.status) {
    html.raw("<span class=\"pill\">").text(*row.status).raw("</span>");
    if (row.lastchg) html.raw(" <span class=\"dim\" title=\"since\">").duration(*row.lastchg).raw("</span>");
  }
  html.raw("</td>");
}

void one_check(Html& html, std::string_view kind, const std::optional<std::string>& status,
               const std::optional<std::uint32_t>& code, const std::optional<std::uint64_t>& ms,
               const std::optional<std::string>& words, const std::optional<std::string>& details) {
  html.raw("<span class=\"tip\" title=\"").text(kind).raw(": ").text(words.value_or(""));
  if (details && !details->empty()) html.raw("&#10;").text(*details);
  html.raw("\">").text(*status);
  if (code) html.raw("/").raw(std::to_string(*code));
  if (ms) html.raw("\u202Fin\u202F").raw(std::to_string(*ms)).raw("\u202Fms");
  html.raw("</span>");
}

void check_cell(Html& html, const Row& row) {
  html.raw("<td>");
  if (row.check_status) {
    one_check(html, "Health check", row.check_status, row.check_code, row.check_duration, row.check_desc,
              row.last_chk);
  }
  if (row.agent_status) {
    if (row.check_status) html.raw("<br>");
    html.raw("<span class=\"dim\">agent</span> ");
    one_check(html, "Agent check", row.agent_status, row.agent_code, row.agent_duration, row.agent_desc,
              row.last_agt);
  }
  if (row.tracked) html.raw("<span class=\"dim\">via</span> ").text(*row.tracked);
  html.raw("</td>");
}

void weight_cell(Html& html, const Row& row) {
  html.raw("<td class=\"n\"");
  if (row.weight && row.uweight) {
    html.raw(" title=\"").raw(std::to_string(*row.weight)).raw(" effective of ");
    html.raw(std::to_string(*row.uweight)).raw(" configured\">");
    html.raw(std::to_string(*row.weight)).raw("/").raw(std::to_string(*row.uweight));
  } else {
    html.raw(">");
  }
  html.raw("</td>");
}

// Servers are one or the other; backends have numbers of both.
void role_cell(Html& html, const Row& row, const std::optional<std::uint32_t>& value) {
  if (row.entity() != EntityType::server) return number_cell(html, value);
  html.raw(value.value_or(0) != 0 ? "<td class=\"c\">yes</td>" : "<td class=\"c dim\">\u2013</td>");
}

void fail_cell(Html& html, const Row& row) {
  html.raw("<td class=\"n");
  if (row.chkfail.value_or(0) != 0) html.raw(" bad");
  html.raw("\"");
  if (row.hanafail) html.raw(" title=\"").number(*row.hanafail).raw(" by observing traffic\"");
  html.raw(">");
  if (row.chkfail) html.number(*row.chkfail);
  html.raw("</td>");
}

void downtime_cell(Html& html, const Row& row) {
  html.raw("<td class=\"n\">");
  if (row.downtime) html.duration(*row.downtime);
  html.raw("</td>");
}

void throttle_cell(Html& html, const Row& row) {
  html.raw("<td class=\"n\">");
  if (row.throttle) {
    html.raw(std::to_string(*row.throttle)).raw("%");
  } else if (row.entity() == EntityType::server) {
    html.raw("<span class=\"dim\">\u2013</span>");
  }
  html.raw("</td>");
}

void denied_cell(Html& html, const Row& row) {
  html.raw("<td class=\"n\"");
  if (row.dcon || row.dses) {
    html.raw(" title=\"");
    tip_line(html, "Requests denied", row.dreq);
    tip_line(html, "Connections refused", row.dcon);
    tip_line(html, "Sessions refused", row.dses);
    html.raw("\"");
  }
  html.raw(">");
  if (row.dreq) html.number(*row.dreq);
  html.raw("</td>");
}

void response_error_cell(Html& html, const Row& row) {
  html.raw("<td class=\"n");
  if (row.eresp.value_or(0) != 0) html.raw(" bad");
  html.raw("\"");
  if (row.cli_abrt) {
    html.raw(" title=\"");
    tip_line(html, "Broken off by clients", row.cli_abrt);
    tip_line(html, "Broken off by servers", row.srv_abrt);
    html.raw("\"");
  }
  html.raw(">");
  if (row.eresp) html.number(*row.eresp);
  html.raw("</td>");
}

}  // namespace

std::string_view status_class(std::string_view status) noexcept {
  const auto starts = [&](std::string_view word) { return status.substr(0, word.size()) == word; };
  const bool between = status.find('/') != std::string_view::npos;
  if (starts("UP")) return between ? "up-falling" : "up";
  if (starts("DOWN")) return between ? "down-rising" : "down";
  if (starts("MAINT")) return "maint";
  if (starts("DRAIN")) return "drain";
  if (starts("NOLB")) return "nolb";
  if (starts("no check")) return "nocheck";
  if (starts("OPEN")) return "open";
  if (starts("FULL") || starts("WAITING")) return "up-falling";
  return "stopped";
}

const std::vector<PageColumn>& page_columns() {
  // clang-format off
  static const std::vector<PageColumn> columns{
      {"State", "Status", "State, and since when", status_cell},
      {"State", "Last check", "Result of the last check", check_cell},
      {"State", "Weight", "Effective and configured weight", weight_cell},
      {"Queue", "Cur", "Waiting now", [](Html& h, const Row& r) { number_cell(h, r.qcur); }},
      {"Queue", "Max", "Longest queue seen", [](Html& h, const Row& r) { number_cell(h, r.qmax); }},
      {"Queue", "Limit", "maxqueue", [](Html& h, const Row& r) { limit_cell(h, r.qlimit); }},
      {"Session rate", "Cur", "Sessions in the last second", rate_cell},
      {"Session rate", "Max", "Most sessions in one second", rate_max_cell},
      {"Session rate", "Limit", "rate-limit sessions", [](Html& h, const Row& r) { limit_cell(h, r.rate_lim); }},
      {"Sessions", "Cur", "Open now", current_cell},
      {"Sessions", "Max", "Most open at one time", [](Html& h, const Row& r) { number_cell(h, r.smax); }},
      {"Sessions", "Limit", "maxconn or fullconn", [](Html& h, const Row& r) { limit_cell(h, r.slim); }},
      {"Sessions", "Total", "Sessions in total", total_cell},
      {"Sessions", "LbTot", "Given out by load balancing", [](Html& h, const Row& r) { number_cell(h, r.lbtot); }},
      {"Sessions", "Last", "Time since the last traffic", last_session_cell},
      {"Bytes", "In", "Bytes of requests", [](Html& h, const Row& r) { bytes_cell(h, r.bin); }},
      {"Bytes", "Out", "Bytes of responses", [](Html& h, const Row& r) { bytes_cell(h, r.bout); }},
      {"Denied", "Req", "Requests denied by rules", denied_cell},
      {"Denied", "Resp", "Responses denied by rules", [](Html& h, const Row& r) { number_cell(h, r.dresp); }},
      {"Errors", "Req", "Invalid requests", [](Html& h, const Row& r) { alarm_cell(h, r.ereq); }},
      {"Errors", "Conn", "Failed connections to servers", [](Html& h, const Row& r) { alarm_cell(h, r.econ); }},
      {"Errors", "Resp", "Invalid responses", response_error_cell},
      {"Warnings", "Retr", "Connection attempts repeated", [](Html& h, const Row& r) { number_cell(h, r.wretr); }},
      {"Warnings", "Redis", "Requests moved to another server", [](Html& h, const Row& r) { number_cell(h, r.wredis); }},
      {"Server", "Act", "Active server; number of them", [](Html& h, const Row& r) { role_cell(h, r, r.act); }},
      {"Server", "Bck", "Backup server; number of them", [](Html& h, const Row& r) { role_cell(h, r, r.bck); }},
      {"Server", "Chk", "Failed checks", fail_cell},
      {"Server", "Dwn", "Changes from up to down", [](Html& h, const Row& r) { alarm_cell(h, r.chkdown); }},
      {"Server", "Dwntme", "Time spent down", downtime_cell},
      {"Server", "Thrtle", "Share of its weight during slowstart", throttle_cell},
  };
  // clang-format on
  return columns;
}

}  // namespace evenkeel::stats
