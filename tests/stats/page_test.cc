#include "stats/page.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "stats/entity_row.h"
#include "stats/html.h"
#include "stats/page_columns.h"
#include "stats/page_style.h"

namespace evenkeel::stats {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Totals traffic(std::uint64_t scale) {
  Totals t;
  t.cum_conn = scale * 3;
  t.cum_sess = t.cum_req = scale * 12;
  t.cum_lbconn = scale * 11;
  t.bytes_in = scale * 5'000;
  t.bytes_out = scale * 812'345;
  t.hrsp_2xx = scale * 11;
  t.hrsp_4xx = scale;
  t.sess_rate = scale / 40;
  t.sess_rate_max = scale / 11;
  t.sess_max = scale / 25;
  t.rtime = 12;
  t.ttime = 15;
  t.last_used_s = 3;
  t.connect = scale;
  t.reuse = scale * 11;
  return t;
}

struct Sample {
  StatsPageDef def;
  PageRequest request;
  PageProcess process;
  std::vector<PageProxy> proxies;
  std::string render(bool admin = true) {
    return render_page({def, request, process, proxies, admin, "feedbead"});
  }
};

Sample sample() {
  Sample s;
  s.def.enabled = true;
  s.def.uri = "/stats";
  s.def.refresh_s = 5;
  s.def.show_node = s.def.show_legends = s.def.show_description = true;
  s.process = {.version = "0.1.0",
               .node = "lb-1",
               .description = "shop, data centre north",
               .pid = 4711,
               .uptime_s = 93784,
               .threads = 2,
               .maxconn = 9981,
               .maxsock = 20000,
               .ulimit_n = 20000,
               .current_connections = 187,
               .connection_rate = 42,
               .session_rate = 120,
               .request_rate = 1873,
               .bits_per_second = 187'000'000,
               .idle_percent = 83};
  PageProxy www{.name = "www", .description = "public site", .id = 2};
  Totals t = traffic(20'000);
  t.conn_rate = 42;
  t.req_rate = 1873;
  t.failed_req = 17;
  t.denied_req = 203;
  www.rows.push_back(frontend_row({.name = "www", .id = 2, .http = true, .current = 187, .limit = 9000}, t));
  www.rows.push_back(listener_row({.proxy = "www",
                                   .proxy_id = 2,
                                   .name = "v4",
                                   .id = 1,
                                   .http = true,
                                   .current = 150,
                                   .limit = 9000,
                                   .address = "192.0.2.10:80"},
                                  traffic(16'000), true));
  www.rows.push_back(listener_row({.proxy = "www",
                                   .proxy_id = 2,
                                   .id = 2,
                                   .http = true,
                                   .current = 37,
                                   .limit = 9000,
                                   .address = "[2001:db8::10]:80"},
                                  traffic(4'000), true));
  s.proxies.push_back(std::move(www));
  PageProxy shop{.name = "shop", .id = 3};
  const CheckFacts ok{
      .status = "L7OK", .words = "Layer7 check passed", .code = 200, .duration_ms = 2, .health = 4};
  CheckFacts failing = ok;
  failing.health = 3;
  failing.status = "L7TOUT";
  failing.words = "Layer7 timeout";
  failing.code = {};
  failing.duration_ms = 2001;
  const CheckFacts refused{.status = "L4CON",
                           .words = "Layer4 connection problem",
                           .duration_ms = 0,
                           .details = "Connection refused"};
  const auto server = [&](std::string_view name, std::uint32_t id, std::string_view status,
                          const CheckFacts* check, std::uint64_t scale, bool backup = false) {
    Totals totals = traffic(scale);
    if (check == &refused) {
      totals.failed_checks = 9;
      totals.down_transitions = 2;
      totals.failed_conns = 31;
    }
    return server_row({.proxy = "shop",
                       .proxy_id = 3,
                       .name = name,
                       .id = id,
                       .http = true,
                       .backup = backup,
                       .status = status,
                       .current = static_cast<std::uint32_t>(scale / 100),
                       .limit = 200,
                       .weight = 3,
                       .user_weight = 3,
                       .last_change_s = 93'000 / id,
                       .downtime_s = check == &refused ? 190U : 0U,
                       .check = check,
                       .address = "10.0.0.1:8080",
                       .cookie = name},
                      totals, true);
  };
  shop.rows.push_back(server("app1", 1, "UP", &ok, 9'000));
  shop.rows.push_back(server("app2", 2, "UP 2/3", &failing, 8'000));
  shop.rows.push_back(server("app3", 3, "DOWN", &refused, 1'200));
  shop.rows.push_back(server("app4", 4, "DOWN 1/2", &ok, 100));
  shop.rows.push_back(server("app5", 5, "DRAIN", &ok, 900));
  shop.rows.push_back(server("app6", 6, "MAINT", &ok, 0));
  shop.rows.push_back(server("app7", 7, "NOLB", &ok, 10));
  shop.rows.push_back(server("sorry", 8, "no check", nullptr, 0, true));
  shop.rows.push_back(backend_row({.name = "shop",
                                   .id = 3,
                                   .http = true,
                                   .has_servers = true,
                                   .current = 170,
                                   .limit = 900,
                                   .weight = 9,
                                   .user_weight = 9,
                                   .active = 3,
                                   .backup = 1,
                                   .last_change_s = 93'000,
                                   .cookie = "SRV",
                                   .algorithm = "leastconn"},
                                  traffic(19'800), true));
  s.proxies.push_back(std::move(shop));
  PageProxy db{.name = "mysql", .description = "read replicas", .id = 4};
  db.rows.push_back(frontend_row({.name = "mysql", .id = 4, .status = "PAUSED", .limit = 500}, traffic(100)));
  db.rows.push_back(backend_row(
      {.name = "mysql", .id = 4, .up = false, .has_servers = true, .limit = 50, .algorithm = "roundrobin"},
      traffic(90), true));
  s.proxies.push_back(std::move(db));
  return s;
}

// EVENKEEL_STATS_PREVIEW=<file> keeps the page, for a look in a browser.
TEST(Page, ShowsEverybodyWithStateInWords) {
  Sample s = sample();
  const std::string page = s.render();
  for (const char* text :
       {"app1", "UP 2/3", "DOWN 1/2", "DRAIN", "MAINT", "NOLB", "no check", "PAUSED", "L7OK/200",
        "Connection refused", "192.0.2.10:80", "balance leastconn", "lb-1", "shop, data centre north",
        "0.1.0", "<meta http-equiv=\"refresh\" content=\"5;url=/stats\">",
        "name=\"token\" value=\"feedbead\"", "name=\"b\" value=\"#3\"", "id=\"shop/app1\""}) {
    EXPECT_THAT(page, HasSubstr(text));
  }
  if (const char* file = std::getenv("EVENKEEL_STATS_PREVIEW")) std::ofstream(file) << page;
}

TEST(Page, NeedsNothingElse) {
  Sample s = sample();
  s.def.show_modules = true;
  const std::string page = s.render();
  for (const char* text : {"<script", " style=", "http://", "https://", "@import", "url(", " onclick"}) {
    EXPECT_THAT(page, Not(HasSubstr(text)));
  }
  const auto headers = page_headers(s.def, s.request);
  std::string policy;
  for (const auto& [name, value] : headers) {
    if (name == "content-security-policy") policy = value;
  }
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, HasSubstr(page_style_source()));
  EXPECT_THAT(page, HasSubstr("<style>" + std::string(page_style()) + "</style>"));
}

TEST(Page, OptionsHideThings) {
  Sample s = sample();
  s.def.hide_version = true;
  s.def.show_node = s.def.show_description = false;
  s.request = parse_page_request(";norefresh;up;st=DONE");
  const std::string page = s.render(false);
  for (const char* text : {"0.1.0", "lb-1", "data centre", "http-equiv=\"refresh\"", "feedbead",
                           "type=\"checkbox\"", "id=\"shop/app3\"", "id=\"shop/app6\""}) {
    EXPECT_THAT(page, Not(HasSubstr(text)));
  }
  EXPECT_THAT(page, HasSubstr("Action processed successfully."));
  EXPECT_THAT(page, HasSubstr("id=\"shop/app5\""));
}

TEST(Page, EscapesEverythingFromOutside) {
  Sample s = sample();
  const std::string evil = "<b>\"'&\n";
  s.request.scope = s.process.node = s.process.description = s.proxies[0].name = s.proxies[0].description =
      evil;
  for (Row& row : s.proxies[1].rows) {
    row.pxname = row.svname = row.status = row.addr = row.cookie = row.algo = row.last_chk = row.check_desc =
        evil;
    if (row.check_status) row.check_status = evil;
  }
  EXPECT_THAT(s.render(), Not(HasSubstr("<b>\"")));
}

TEST(Page, FilterKeepsTheQueryOfTheDefaultUri) {
  Sample s = sample();
  s.def.uri = "/haproxy?stats";
  EXPECT_THAT(s.render(), HasSubstr("action=\"/haproxy\"><input type=\"hidden\" name=\"stats\" value=\"\">"));
}

TEST(Page, EveryColumnHasACellInEveryRow) {
  const Sample s = sample();
  for (const PageProxy& proxy : s.proxies) {
    for (const Row& row : proxy.rows) {
      for (const PageColumn& column : page_columns()) {
        Html html;
        column.cell(html, row);
        const std::string cell = html.take();
        EXPECT_EQ(cell.substr(0, 3), "<td") << column.heading;
        EXPECT_EQ(cell.substr(cell.size() - 5), "</td>") << column.heading;
        EXPECT_EQ(cell.find("<td", 1), std::string::npos);
      }
    }
  }
}

TEST(Page, OtherFormsHaveTheirTypes) {
  StatsPageDef def;
  def.refresh_s = 7;
  using Header = std::pair<std::string_view, std::string>;
  EXPECT_THAT(page_headers(def, parse_page_request(";csv")),
              ::testing::ElementsAre(Header("cache-control", "no-cache"),
                                     Header("content-type", "text/plain"), Header("refresh", "7")));
  EXPECT_THAT(page_headers(def, parse_page_request(";json;norefresh")),
              ::testing::ElementsAre(Header("cache-control", "no-cache"),
                                     Header("content-type", "application/json")));
}

TEST(Html, Numbers) {
  const auto bytes = [](std::uint64_t n) { return Html().bytes(n).take(); };
  EXPECT_EQ(bytes(1023), "1023\u202FB");
  EXPECT_EQ(bytes(1536), "1.5\u202FKiB");
  EXPECT_EQ(bytes(300ULL << 30), "300\u202FGiB");
  EXPECT_EQ(Html().number(1234567).take(), "1\u202F234\u202F567");
  EXPECT_EQ(Html().number(0).take(), "0");
  EXPECT_EQ(Html().duration(93784).take(), "1d2h");
  EXPECT_EQ(Html().duration(59).take(), "59s");
  EXPECT_EQ(Html().duration(60).take(), "1m");
  EXPECT_EQ(Html().duration(86401).take(), "1d");
}

}  // namespace
}  // namespace evenkeel::stats
