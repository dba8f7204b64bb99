#include "stats/prometheus.h"

#include <gmock/gmock.h>

namespace evenkeel::stats {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<PageProxy> two_proxies() {
  Row frontend;
  frontend.pxname = "web";
  frontend.svname = "FRONTEND";
  frontend.type = 0;
  frontend.mode = "http";
  frontend.status = "OPEN";
  frontend.bin = 12;
  frontend.hrsp_2xx = 3;
  Row server;
  server.pxname = "app";
  server.svname = "s\"1";
  server.type = 2;
  server.mode = "tcp";
  server.status = "UP 1/3";
  server.check_status = "* L4OK";
  server.qtime = 1500;
  Row resting = server;
  resting.svname = "s2";
  resting.status = "MAINT";
  resting.check_status = std::nullopt;
  Row backend;
  backend.pxname = "app";
  backend.svname = "BACKEND";
  backend.type = 1;
  backend.mode = "tcp";
  backend.status = "UP";
  return {{"web", "", 2, {frontend}}, {"app", "", 3, {server, resting, backend}}};
}

std::string exported(std::string_view query) {
  PrometheusQuery wanted;
  EXPECT_TRUE(parse_prometheus_query(query, wanted));
  Info info;
  info.nbthread = 4;
  info.build_info = "1.0";
  std::string out;
  append_prometheus(out, wanted, info, two_proxies());
  return out;
}

// The lines are those of HAProxy 2.6 for such proxies.
TEST(Prometheus, NamesMetricsAsHaproxyDoes) {
  const std::string all = exported("");
  EXPECT_THAT(all, HasSubstr("# TYPE haproxy_process_nbthread gauge\nhaproxy_process_nbthread 4\n"));
  EXPECT_THAT(all, HasSubstr("haproxy_process_build_info{version=\"1.0\"} 1\n"));
  EXPECT_THAT(all, HasSubstr("# TYPE haproxy_frontend_bytes_in_total counter\n"
                             "haproxy_frontend_bytes_in_total{proxy=\"web\"} 12\n"));
  EXPECT_THAT(all, HasSubstr("haproxy_frontend_status{proxy=\"web\",state=\"DOWN\"} 0\n"
                             "haproxy_frontend_status{proxy=\"web\",state=\"UP\"} 1\n"));
  EXPECT_THAT(all, HasSubstr("haproxy_frontend_http_responses_total{proxy=\"web\",code=\"2xx\"} 3\n"));
  EXPECT_THAT(all, HasSubstr("haproxy_server_status{proxy=\"app\",server=\"s\\\"1\",state=\"UP\"} 1\n"));
  EXPECT_THAT(all,
              HasSubstr("haproxy_server_check_status{proxy=\"app\",server=\"s\\\"1\",state=\"L4OK\"} 1\n"));
  EXPECT_THAT(all,
              HasSubstr("haproxy_server_queue_time_average_seconds{proxy=\"app\",server=\"s2\"} 1.500000\n"));
  EXPECT_THAT(all, HasSubstr("haproxy_server_limit_sessions{proxy=\"app\",server=\"s2\"} NaN\n"));
  EXPECT_THAT(all, HasSubstr("haproxy_backend_agg_server_status{proxy=\"app\",state=\"MAINT\"} 1\n"));
  EXPECT_THAT(all, HasSubstr("haproxy_backend_agg_check_status{proxy=\"app\",state=\"L4OK\"} 1\n"));
}

TEST(Prometheus, LeavesOutWhatHasNoMeaning) {
  const std::string all = exported("");
  EXPECT_THAT(all, Not(HasSubstr("haproxy_backend_http_")));
  EXPECT_THAT(all, Not(HasSubstr("check_status{proxy=\"app\",server=\"s2\"")));
}

TEST(Prometheus, KeepsToItsScopes) {
  EXPECT_THAT(exported("scope=global"), Not(HasSubstr("haproxy_frontend")));
  EXPECT_THAT(exported("scope=frontend&x=1&scope=server"), HasSubstr("haproxy_server"));
  EXPECT_EQ(exported("scope="), "");
  EXPECT_EQ(exported("scope=sticktable"), "");
  EXPECT_EQ(exported("scope=*"), exported(""));
  EXPECT_THAT(exported("no-maint"), Not(HasSubstr("server=\"s2\"")));
  PrometheusQuery query;
  EXPECT_FALSE(parse_prometheus_query("scope=other", query));
}

}  // namespace
}  // namespace evenkeel::stats
