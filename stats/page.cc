#include "stats/page.h"

#include <algorithm>

#include "stats/html.h"
#include "stats/info.h"
#include "stats/page_columns.h"
#include "stats/page_style.h"

namespace evenkeel::stats {
namespace {

std::string_view entity_class(EntityType entity) noexcept {
  switch (entity) {
    case EntityType::frontend:
      return "frontend";
    case EntityType::backend:
      return "backend";
    case EntityType::server:
      return "server";
    case EntityType::listener:
      return "listener";
  }
  return "server";
}

// HAProxy's anchors: "be/s1", "fe/Frontend", "fe/+sock-1".
void put_anchor(Html& html, const Row& row) {
  html.text(*row.pxname).raw("/");
  switch (row.entity()) {
    case EntityType::frontend:
      html.raw("Frontend");
      break;
    case EntityType::backend:
      html.raw("Backend");
      break;
    case EntityType::listener:
      html.raw("+").text(*row.svname);
      break;
    case EntityType::server:
      html.text(*row.svname);
      break;
  }
}

void put_legend(Html& html, const Row& row) {
  if (!row.addr && !row.cookie && !row.algo) return;
  html.raw("<small>");
  bool first = true;
  const auto part = [&](std::string_view label, const std::optional<std::string>& value) {
    if (!value || value->empty()) return;
    if (!first) html.raw(" \u00B7 ");
    first = false;
    html.raw(label).text(*value);
  };
  part("", row.addr);
  part("balance ", row.algo);
  part("cookie ", row.cookie);
  html.raw("</small>");
}

void put_name_cell(Html& html, const Row& row, bool with_box) {
  html.raw("<th scope=\"row\" id=\"");
  put_anchor(html, row);
  html.raw("\">");
  std::string_view name = *row.svname;
  if (row.entity() == EntityType::frontend) name = "Frontend";
  if (row.entity() == EntityType::backend) name = "Backend";
  if (with_box && row.entity() == EntityType::server) {
    html.raw("<label><input type=\"checkbox\" name=\"s\" value=\"").text(name).raw("\" aria-label=\"select ");
    html.text(*row.pxname).raw("/").text(name).raw("\"> ").text(name).raw("</label>");
  } else {
    html.text(name);
  }
  put_legend(html, row);
  html.raw("</th>");
}

void put_row(Html& html, const Row& row, bool with_box) {
  html.raw("<tr class=\"")
      .raw(entity_class(row.entity()))
      .raw(" ")
      .raw(status_class(row.status.value_or("")));
  html.raw("\">");
  put_name_cell(html, row, with_box);
  for (const PageColumn& column : page_columns()) column.cell(html, row);
  html.raw("</tr>\n");
}

void put_table_head(Html& html) {
  html.raw("<thead><tr><th class=\"name\" rowspan=\"2\" scope=\"col\">Name</th>");
  const auto& columns = page_columns();
  for (std::size_t i = 0; i < columns.size();) {
    const auto end = std::find_if(columns.begin() + static_cast<std::ptrdiff_t>(i), columns.end(),
                                  [&](const PageColumn& c) { return c.group != columns[i].group; });
    const auto width = static_cast<std::size_t>(end - columns.begin()) - i;
    html.raw("<th class=\"g\" scope=\"colgroup\" colspan=\"").raw(std::to_string(width)).raw("\">");
    html.raw(columns[i].group).raw("</th>");
    i += width;
  }
  html.raw("</tr><tr>");
  std::string_view group;
  for (const PageColumn& column : columns) {
    const bool left = column.heading == "Status" || column.heading == "Last check";
    html.raw("<th scope=\"col\" class=\"").raw(column.group != group ? "g" : "").raw(left ? " l" : "");
    html.raw("\" title=\"").raw(column.meaning).raw("\">").raw(column.heading).raw("</th>");
    group = column.group;
  }
  html.raw("</tr></thead>\n");
}

void put_actions(Html& html, const PageInput& input, const PageProxy& proxy) {
  html.raw("<div class=\"act\"><label>With the selected servers: <select name=\"action\">");
  html.raw("<option value=\"\">choose an action</option>");
  for (const ActionWord& word : action_words()) {
    html.raw("<option value=\"").raw(word.word).raw("\">").raw(word.label).raw("</option>");
  }
  html.raw("</select></label><input type=\"hidden\" name=\"b\" value=\"#").raw(std::to_string(proxy.id));
  html.raw("\"><input type=\"hidden\" name=\"token\" value=\"").text(input.token);
  html.raw("\"><button type=\"submit\">Apply</button></div>");
}

// `stats show-modules`: the fields after the CSV's "-", for all rows that have them.
void put_modules(Html& html, const PageProxy& proxy) {
  constexpr std::size_t kFirst = kFieldCount - kModuleFieldCount;
  html.raw(
      "<details><summary>TLS, HTTP/2 and HTTP/1 counters</summary><div class=\"scroll\" "
      "tabindex=\"0\"><table>");
  html.raw("<thead><tr><th class=\"name\" scope=\"col\">Name</th>");
  for (std::size_t i = kFirst; i < kFieldCount; ++i) {
    html.raw("<th scope=\"col\" title=\"").raw(kFields[i].doc).raw("\">").raw(kFields[i].name).raw("</th>");
  }
  html.raw("</tr></thead><tbody>");
  for (const Row& row : proxy.rows) {
    html.raw("<tr><th scope=\"row\">").text(*row.svname).raw("</th>");
    for (std::size_t i = kFirst; i < kFieldCount; ++i) {
      const Value value = kFields[i].get(row);
      html.raw("<td class=\"n\">");
      if (value.present) html.number(value.number);
      html.raw("</td>");
    }
    html.raw("</tr>\n");
  }
  html.raw("</tbody></table></div></details>");
}

void put_proxy(Html& html, const PageInput& input, const PageProxy& proxy) {
  const auto is_server = [](const Row& row) { return row.entity() == EntityType::server; };
  const bool form = input.admin && std::any_of(proxy.rows.begin(), proxy.rows.end(), is_server);
  html.raw("<section aria-labelledby=\"p").raw(std::to_string(proxy.id)).raw("\"><h2 id=\"p");
  html.raw(std::to_string(proxy.id)).raw("\"><a id=\"").text(proxy.name).raw("\" href=\"#").text(proxy.name);
  html.raw("\">").text(proxy.name).raw("</a>");
  if (input.def.show_description && !proxy.description.empty()) {
    html.raw("<small>").text(proxy.description).raw("</small>");
  }
  if (!proxy.rows.empty())
    html.raw("<small>mode ").text(proxy.rows.front().mode.value_or("")).raw("</small>");
  html.raw("</h2>");
  if (form) html.raw("<form method=\"post\">");
  html.raw("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"").text(proxy.name);
  html.raw(" statistics\"><table>");
  put_table_head(html);
  html.raw("<tbody>");
  for (const Row& row : proxy.rows) {
    if (row_wanted(input.request, row)) put_row(html, row, form);
  }
  html.raw("</tbody></table></div>");
  if (form) {
    put_actions(html, input, proxy);
    html.raw("</form>");
  }
  if (input.def.show_modules) put_modules(html, proxy);
  html.raw("</section>\n");
}

void put_facts(Html& html, const PageProcess& p) {
  const auto fact = [&](std::string_view label, auto&& value) {
    html.raw("<li><span>").raw(label).raw("</span><b>");
    value();
    html.raw("</b></li>");
  };
  html.raw("<ul class=\"facts\" aria-label=\"Process\">");
  fact("Uptime", [&] { html.text(uptime_words(p.uptime_s)); });
  fact("Process", [&] { html.raw("pid ").raw(std::to_string(p.pid)); });
  fact("Threads", [&] { html.number(p.threads); });
  fact("Connections", [&] { html.number(p.current_connections).raw(" / ").number(p.maxconn); });
  fact("Conn/s", [&] { html.number(p.connection_rate); });
  fact("Sess/s", [&] { html.number(p.session_rate); });
  fact("Req/s", [&] { html.number(p.request_rate); });
  if (p.bits_per_second) fact("Sending", [&] { html.number(*p.bits_per_second / 1000).raw(" kbit/s"); });
  fact("Max sockets", [&] { html.number(p.maxsock); });
  fact("ulimit -n", [&] { html.number(p.ulimit_n); });
  if (p.idle_percent) fact("Idle", [&] { html.raw(std::to_string(*p.idle_percent)).raw(" %"); });
  if (p.dropped_logs != 0) fact("Dropped logs", [&] { html.number(p.dropped_logs); });
  for (const VrrpRole& role : p.roles) {
    fact("VRRP", [&] {
      html.text(role.name).raw(" ").text(role.state.empty() ? "unknown" : role.state).raw(", priority ");
      html.number(static_cast<std::uint64_t>(role.priority)).raw(", since ").text(role_time(role.since_s));
      if (role.rival_s != 0) html.raw(", another MASTER seen ").text(role_time(role.rival_s));
    });
  }
  for (const VrrpSighting& sighting : p.vrrp_sightings)
    fact("VRRP heard", [&] { html.text(sighting_words(sighting)); });
  if (!p.vrrp_weight.empty()) fact("VRRP weight", [&] { html.text(p.vrrp_weight); });
  html.raw("</ul>");
}

void put_link(Html& html, std::string_view uri, const PageRequest& request, std::string_view label) {
  html.raw("<a href=\"").text(page_target(uri, request)).raw("\">").raw(label).raw("</a>");
}

void put_links(Html& html, const PageInput& input) {
  PageRequest again = input.request;
  again.result.reset();
  again.form = PageForm::html;
  const auto varied = [&](auto&& change, std::string_view label) {
    PageRequest request = again;
    change(request);
    put_link(html, input.def.uri, request, label);
  };
  html.raw("<nav aria-label=\"Views\">");
  varied([](PageRequest&) {}, "Refresh now");
  if (input.def.refresh_s != 0) {
    varied([](PageRequest& r) { r.no_refresh = !r.no_refresh; },
           again.no_refresh ? "Enable refresh" : "Disable refresh");
  }
  varied([](PageRequest& r) { r.only_up = !r.only_up; },
         again.only_up ? "Show all servers" : "Hide down servers");
  varied([](PageRequest& r) { r.form = PageForm::csv; }, "CSV");
  varied([](PageRequest& r) { r.form = PageForm::json; }, "JSON");
  varied([](PageRequest& r) { r.form = PageForm::json_schema; }, "JSON schema");
  html.raw("</nav>");
}

// A form replaces the query of its address, so a query that belongs to the uri (as in the default
// "/haproxy?stats") goes along as a field.
void put_scope_form(Html& html, const PageInput& input) {
  const std::string_view uri = input.def.uri;
  const std::size_t mark = uri.find('?');
  html.raw("<form method=\"get\" role=\"search\" action=\"").text(uri.substr(0, mark)).raw("\">");
  if (mark != std::string_view::npos) {
    const std::string_view query = uri.substr(mark + 1);
    const std::size_t equals = query.find('=');
    html.raw("<input type=\"hidden\" name=\"").text(query.substr(0, equals)).raw("\" value=\"");
    if (equals != std::string_view::npos) html.text(query.substr(equals + 1));
    html.raw("\">");
  }
  html.raw("<label for=\"scope\">Proxies named</label> ");
  html.raw("<input id=\"scope\" name=\"scope\" size=\"12\" maxlength=\"64\" value=\"")
      .text(input.request.scope);
  html.raw("\"> <button type=\"submit\">Filter</button></form>");
}

void put_key(Html& html) {
  constexpr std::string_view kWords[] = {"UP",    "UP 1/3", "DOWN 1/2", "DOWN",
                                         "MAINT", "DRAIN",  "NOLB",     "no check"};
  constexpr std::string_view kMeanings[] = {"up",
                                            "up, going down",
                                            "down, going up",
                                            "down",
                                            "in maintenance",
                                            "no new sessions",
                                            "no load balancing",
                                            "not checked"};
  html.raw("<ul class=\"key\" aria-label=\"Meaning of states\">");
  for (std::size_t i = 0; i < std::size(kWords); ++i) {
    html.raw("<li class=\"").raw(status_class(kWords[i])).raw("\"><span class=\"pill\">");
    html.raw(kMeanings[i]).raw("</span></li>");
  }
  html.raw("</ul>");
}

void put_result(Html& html, PageResult result) {
  struct Note {
    std::string_view css;
    std::string_view text;
  };
  const auto note = [&]() -> Note {
    switch (result) {
      case PageResult::done:
        return {"", "Action processed successfully."};
      case PageResult::none:
        return {"", "Nothing has changed."};
      case PageResult::partial:
        return {" bad", "Action processed in part: some of the servers are unknown."};
      case PageResult::bad_params:
        return {" bad", "Action not processed: the action, the backend or the servers are unknown."};
      case PageResult::too_large:
        return {" bad", "Action not processed: the form was too large."};
      case PageResult::denied:
        return {" bad", "Action denied. The form may have been open for too long: please choose again."};
      case PageResult::unknown:
        break;
    }
    return {" bad", "Unexpected result."};
  }();
  html.raw("<p class=\"note").raw(note.css).raw("\" role=\"status\">").raw(note.text).raw("</p>");
}

std::string_view first_of(std::string_view a, std::string_view b) { return a.empty() ? b : a; }

void put_node(Html& html, const PageInput& input, std::string_view before) {
  const std::string_view node = first_of(input.def.node, input.process.node);
  if (input.def.show_node && !node.empty()) html.raw(before).text(node);
}

void put_head(Html& html, const PageInput& input) {
  html.raw("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
  html.raw("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
  if (input.def.refresh_s != 0 && !input.request.no_refresh) {
    PageRequest again = input.request;
    again.result.reset();
    html.raw("<meta http-equiv=\"refresh\" content=\"").raw(std::to_string(input.def.refresh_s)).raw(";url=");
    html.text(page_target(input.def.uri, again)).raw("\">");
  }
  html.raw("<title>Statistics of ").text(input.process.product);
  put_node(html, input, " on ");
  html.raw("</title><link rel=\"icon\" href=\"data:,\"><style>")
      .raw(page_style())
      .raw("</style></head>\n<body>");
}

void put_header(Html& html, const PageInput& input) {
  html.raw("<header><h1>").text(input.process.product);
  if (!input.def.hide_version) html.raw("<small>").text(input.process.version).raw("</small>");
  html.raw("</h1><p class=\"sub\">Statistics");
  put_node(html, input, " of ");
  if (input.def.show_description)
    html.raw(": ").text(first_of(input.def.description, input.process.description));
  if (input.process.stopping) html.raw(" \u2013 the process is stopping");
  html.raw("</p>");
  put_facts(html, input.process);
  html.raw("<div class=\"bar\">");
  put_links(html, input);
  put_scope_form(html, input);
  html.raw("</div>");
  if (input.request.result) put_result(html, *input.request.result);
  put_key(html);
  html.raw("</header>\n");
}

}  // namespace

bool row_wanted(const PageRequest& request, const Row& row) {
  if (row.entity() != EntityType::server || !row.status) return true;
  const std::string& status = *row.status;
  const bool maintenance = status.substr(0, 5) == "MAINT";
  if (request.no_maintenance && maintenance) return false;
  return !request.only_up || !(maintenance || status.substr(0, 4) == "DOWN");
}

std::string render_page(const PageInput& input) {
  Html html;
  put_head(html, input);
  put_header(html, input);
  html.raw("<main>");
  for (const PageProxy& proxy : input.proxies) put_proxy(html, input, proxy);
  if (input.proxies.empty()) html.raw("<p class=\"note\">No proxy to show.</p>");
  html.raw("</main><footer>Numbers with a dotted line explain themselves under the pointer. ");
  if (input.def.refresh_s != 0 && !input.request.no_refresh) {
    html.raw("The page renews itself every ").number(input.def.refresh_s).raw(" s.");
  }
  html.raw("</footer></body></html>\n");
  return html.take();
}

std::vector<PageHeader> page_headers(const StatsPageDef& def, const PageRequest& request) {
  std::vector<PageHeader> headers{{"cache-control", "no-cache"}};
  switch (request.form) {
    case PageForm::html: {
      static const std::string policy =
          "default-src 'none'; style-src " + page_style_source() +
          "; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
      headers.emplace_back("content-type", "text/html; charset=utf-8");
      headers.emplace_back("content-security-policy", policy);
      headers.emplace_back("x-content-type-options", "nosniff");
      headers.emplace_back("referrer-policy", "same-origin");
      break;
    }
    case PageForm::csv:
    case PageForm::typed:
      headers.emplace_back("content-type", "text/plain");
      break;
    case PageForm::json:
    case PageForm::json_schema:
      headers.emplace_back("content-type", "application/json");
      break;
  }
  // HTML carries its refresh itself, with an address that drops the last action's result.
  if (request.form != PageForm::html && def.refresh_s != 0 && !request.no_refresh) {
    headers.emplace_back("refresh", std::to_string(def.refresh_s));
  }
  return headers;
}

}  // namespace evenkeel::stats
