#include "stats/entity_row.h"

#include <gmock/gmock.h>

#include "stats/csv.h"
#include "stats/info.h"
#include "stats/json.h"
#include "stats/typed.h"

namespace evenkeel::stats {
namespace {

std::string csv(const Row& row) {
  std::string out;
  append_csv_row(out, row);
  return out;
}

// The expected lines below were printed by HAProxy 2.6.12 (`show stat`) for such entities.
TEST(Csv, HeaderIsHaproxys) {
  std::string out;
  append_csv_header(out);
  EXPECT_EQ(
      out,
      "# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,statu"
      "s,weight,act,bck,chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,tracked,type,rat"
      "e,rate_lim,rate_max,check_status,check_code,check_duration,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_"
      "5xx,hrsp_other,hanafail,req_rate,req_rate_max,req_tot,cli_abrt,srv_abrt,comp_in,comp_out,comp_byp,co"
      "mp_rsp,lastsess,last_chk,last_agt,qtime,ctime,rtime,ttime,agent_status,agent_code,agent_duration,che"
      "ck_desc,agent_desc,check_rise,check_fall,check_health,agent_rise,agent_fall,agent_health,addr,cookie"
      ",mode,algo,conn_rate,conn_rate_max,conn_tot,intercepted,dcon,dses,wrew,connect,reuse,cache_lookups,c"
      "ache_hits,srv_icur,src_ilim,qtime_max,ctime_max,rtime_max,ttime_max,eint,idle_conn_cur,safe_conn_cur"
      ",used_conn_cur,need_conn_est,uweight,agg_server_status,agg_server_check_status,agg_check_status,-,ss"
      "l_sess,ssl_reused_sess,ssl_failed_handshake,h2_headers_rcvd,h2_data_rcvd,h2_settings_rcvd,h2_rst_str"
      "eam_rcvd,h2_goaway_rcvd,h2_detected_conn_protocol_errors,h2_detected_strm_protocol_errors,h2_rst_str"
      "eam_resp,h2_goaway_resp,h2_open_connections,h2_backend_open_streams,h2_total_connections,h2_backend_"
      "total_streams,h1_open_connections,h1_open_streams,h1_total_connections,h1_total_streams,h1_bytes_in,"
      "h1_bytes_out,h1_spliced_bytes_in,h1_spliced_bytes_out,"
      "\n");
}

TEST(EntityRow, Frontend) {
  FrontendFacts f{.name = "fe", .id = 2, .http = true, .limit = 9981};
  EXPECT_EQ(
      csv(frontend_row(f, Totals{})),
      "fe,FRONTEND,,,0,0,9981,0,0,0,0,0,0,,,,,OPEN,,,,,,,,,1,2,0,,,,0,0,0,0,,,,0,0,0,0,0,0,,0,0,0,,,0,0,0,0"
      ",,,,,,,,,,,,,,,,,,,,,http,,0,0,0,0,0,0,0,,,0,0,,,,,,,0,,,,,,,,,-,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0"
      ",0,0,0,0,0,0,"
      "\n");
}

TEST(EntityRow, TcpFrontendWithALimit) {
  FrontendFacts f{.name = "tcpl", .id = 4, .limit = 9981, .rate_limit = 100};
  EXPECT_EQ(
      csv(frontend_row(f, Totals{})),
      "tcpl,FRONTEND,,,0,0,9981,0,0,0,0,0,0,,,,,OPEN,,,,,,,,,1,4,0,,,,0,0,100,0,,,,,,,,,,,0,0,0,,,0,0,0,0,,"
      ",,,,,,,,,,,,,,,,,,,tcp,,0,0,0,,0,0,0,,,,,,,,,,,0,,,,,,,,,-,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0"
      ",0,0,0,"
      "\n");
}

TEST(EntityRow, BusyFrontend) {
  FrontendFacts f{.name = "org", .id = 7, .http = true, .limit = 9981};
  Totals t;
  t.sess_max = t.cum_sess = t.cum_conn = t.cum_req = t.h1_connections = t.h1_streams = 1;
  t.bytes_in = 37;
  t.bytes_out = 73;
  t.hrsp_2xx = t.intercepted = 1;
  t.sess_rate = t.sess_rate_max = t.req_rate = t.req_rate_max = t.conn_rate = t.conn_rate_max = 1;
  t.h1_bytes_in = 22;
  t.h1_bytes_out = 85;
  EXPECT_EQ(
      csv(frontend_row(f, t)),
      "org,FRONTEND,,,0,1,9981,1,37,73,0,0,0,,,,,OPEN,,,,,,,,,1,7,0,,,,0,1,0,1,,,,0,1,0,0,0,0,,1,1,1,,,0,0,"
      "0,0,,,,,,,,,,,,,,,,,,,,,http,,1,1,1,1,0,0,0,,,0,0,,,,,,,0,,,,,,,,,-,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"
      "0,0,1,1,22,85,0,0,"
      "\n");
}

TEST(EntityRow, Listener) {
  ListenerFacts f{.proxy = "fe", .proxy_id = 2, .id = 2, .http = true, .address = "127.0.0.1:18082"};
  EXPECT_EQ(
      csv(listener_row(f, Totals{}, true)),
      "fe,sock-2,,,0,0,0,0,0,0,0,0,0,,,,,OPEN,,,,,,,,,1,2,2,,,,3,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,12"
      "7.0.0.1:18082,,http,,,,,,0,0,0,,,,,,,,,,,0,,,,,,,,,-,0,0,0,,,,,,,,,,,,,,,,,,,,,,"
      "\n");
}

TEST(EntityRow, Backend) {
  BackendFacts f{.name = "be",
                 .id = 3,
                 .http = true,
                 .has_servers = true,
                 .limit = 999,
                 .weight = 3,
                 .user_weight = 3,
                 .active = 3,
                 .last_change_s = 1,
                 .cookie = "SRV",
                 .algorithm = "roundrobin"};
  Totals t;
  t.h1_connections = t.h1_streams = 4;
  t.h1_bytes_in = 85;
  t.h1_bytes_out = 22;
  EXPECT_EQ(
      csv(backend_row(f, t, true)),
      "be,BACKEND,0,0,0,0,999,0,0,0,0,0,,0,0,0,0,UP,3,3,0,,0,1,0,,1,3,0,,0,,1,0,,0,,,,0,0,0,0,0,0,,,,0,0,0,"
      "0,0,0,0,-1,,,0,0,0,0,,,,,,,,,,,,,SRV,http,roundrobin,,,,,,,0,0,0,0,0,,,0,0,0,0,0,,,,,3,0,0,0,-,0,0,0"
      ",0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,4,4,85,22,0,0,"
      "\n");
}

TEST(EntityRow, TcpBackend) {
  BackendFacts f{.name = "tcpl",
                 .id = 4,
                 .has_servers = true,
                 .limit = 999,
                 .weight = 1,
                 .user_weight = 1,
                 .active = 1,
                 .last_change_s = 1,
                 .algorithm = "roundrobin"};
  EXPECT_EQ(
      csv(backend_row(f, Totals{}, true)),
      "tcpl,BACKEND,0,0,0,0,999,0,0,0,0,0,,0,0,0,0,UP,1,1,0,,0,1,0,,1,4,0,,0,,1,0,,0,,,,,,,,,,,,,,0,0,0,0,0"
      ",0,-1,,,0,0,0,0,,,,,,,,,,,,,,tcp,roundrobin,,,,,,,0,0,0,,,,,0,0,0,0,0,,,,,1,0,0,0,-,0,0,0,0,0,0,0,0,"
      "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"
      "\n");
}

TEST(EntityRow, BackendWithoutServers) {
  BackendFacts f{
      .name = "empty", .id = 5, .http = true, .limit = 1, .last_change_s = 1, .algorithm = "roundrobin"};
  EXPECT_EQ(
      csv(backend_row(f, Totals{}, true)),
      "empty,BACKEND,0,0,0,0,1,0,0,0,0,0,,0,0,0,0,UP,0,0,0,,0,1,,,1,5,0,,0,,1,0,,0,,,,0,0,0,0,0,0,,,,0,0,0,"
      "0,0,0,0,-1,,,0,0,0,0,,,,,,,,,,,,,,http,roundrobin,,,,,,,0,0,0,0,0,,,0,0,0,0,0,,,,,0,0,0,0,-,0,0,0,0,"
      "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"
      "\n");
}

TEST(EntityRow, CheckedServer) {
  const CheckFacts check{
      .status = "L7OK", .words = "Layer7 check passed", .code = 200, .duration_ms = 0, .health = 4};
  ServerFacts f{.proxy = "be",
                .proxy_id = 3,
                .name = "s1",
                .id = 1,
                .http = true,
                .status = "UP",
                .weight = 1,
                .user_weight = 1,
                .last_change_s = 1,
                .check = &check,
                .address = "127.0.0.1:18091",
                .cookie = "c1",
                .needed = 1};
  EXPECT_EQ(
      csv(server_row(f, Totals{}, true)),
      "be,s1,0,0,0,0,,0,0,0,,0,,0,0,0,0,UP,1,1,0,0,0,1,0,,1,3,1,,0,,2,0,,0,L7OK,200,0,0,0,0,0,0,0,,,,0,0,0,"
      ",,,,-1,,,0,0,0,0,,,,Layer7 check passed,,2,3,4,,,,127.0.0.1:18091,c1,http,,,,,,,,0,0,0,,,0,,0,0,0,0,"
      "0,0,0,0,1,1,,,,-,0,0,0,,,,,,,,,,,,,,,,,,,,,,"
      "\n");
}

TEST(EntityRow, BackupServerThatIsDown) {
  const CheckFacts check{.status = "L4CON",
                         .words = "Layer4 connection problem",
                         .duration_ms = 0,
                         .details = "Connection refused"};
  ServerFacts f{.proxy = "be",
                .proxy_id = 3,
                .name = "s2",
                .id = 2,
                .http = true,
                .backup = true,
                .status = "DOWN",
                .weight = 1,
                .user_weight = 1,
                .last_change_s = 1,
                .downtime_s = 1,
                .check = &check,
                .address = "127.0.0.1:18092",
                .cookie = "c2",
                .needed = 1};
  Totals t;
  t.failed_checks = t.down_transitions = 1;
  EXPECT_EQ(
      csv(server_row(f, t, true)),
      "be,s2,0,0,0,0,,0,0,0,,0,,0,0,0,0,DOWN,1,0,1,1,1,1,1,,1,3,2,,0,,2,0,,0,L4CON,,0,0,0,0,0,0,0,,,,0,0,0,"
      ",,,,-1,Connection refused,,0,0,0,0,,,,Layer4 connection problem,,2,3,0,,,,127.0.0.1:18092,c2,http,,,"
      ",,,,,0,0,0,,,0,,0,0,0,0,0,0,0,0,1,1,,,,-,0,0,0,,,,,,,,,,,,,,,,,,,,,,"
      "\n");
}

TEST(EntityRow, TrackingServerWithLimits) {
  ServerFacts f{.proxy = "be",
                .proxy_id = 3,
                .name = "s5",
                .id = 5,
                .http = true,
                .status = "UP",
                .limit = 10,
                .queue_limit = 5,
                .weight = 1,
                .user_weight = 1,
                .last_change_s = 1,
                .tracked = "be/s1",
                .address = "127.0.0.1:18095"};
  EXPECT_EQ(
      csv(server_row(f, Totals{}, true)),
      "be,s5,0,0,0,0,10,0,0,0,,0,,0,0,0,0,UP,1,1,0,,,1,,5,1,3,5,,0,be/s1,2,0,,0,,,,0,0,0,0,0,0,,,,0,0,0,,,,"
      ",-1,,,0,0,0,0,,,,,,,,,,,,127.0.0.1:18095,,http,,,,,,,,0,0,0,,,0,,0,0,0,0,0,0,0,0,0,1,,,,-,0,0,0,,,,,"
      ",,,,,,,,,,,,,,,,,"
      "\n");
}

TEST(EntityRow, ServerWithAnAgent) {
  const CheckFacts check{.status = "L4CON",
                         .words = "Layer4 connection problem",
                         .duration_ms = 0,
                         .details = "Connection refused"};
  CheckFacts agent = check;
  agent.rise = agent.fall = agent.health = 1;
  ServerFacts f{.proxy = "be",
                .proxy_id = 3,
                .name = "s6",
                .id = 6,
                .http = true,
                .status = "DOWN",
                .weight = 1,
                .user_weight = 1,
                .last_change_s = 1,
                .downtime_s = 1,
                .check = &check,
                .agent = &agent,
                .address = "127.0.0.1:18096",
                .needed = 1};
  Totals t;
  t.failed_checks = t.down_transitions = 1;
  EXPECT_EQ(
      csv(server_row(f, t, true)),
      "be,s6,0,0,0,0,,0,0,0,,0,,0,0,0,0,DOWN,1,1,0,1,1,1,1,,1,3,6,,0,,2,0,,0,L4CON,,0,0,0,0,0,0,0,,,,0,0,0,"
      ",,,,-1,Connection refused,Connection refused,0,0,0,0,L4CON,,0,Layer4 connection problem,Layer4 conne"
      "ction problem,2,3,0,1,1,1,127.0.0.1:18096,,http,,,,,,,,0,0,0,,,0,,0,0,0,0,0,0,0,0,1,1,,,,-,0,0,0,,,,"
      ",,,,,,,,,,,,,,,,,,"
      "\n");
}

TEST(EntityRow, ServerBeforeItsFirstCheck) {
  const CheckFacts check{.status = "INI", .words = "Initializing", .health = 2};
  ServerFacts f{.proxy = "tcpl",
                .proxy_id = 4,
                .name = "t1",
                .id = 1,
                .status = "UP 1/3",
                .weight = 1,
                .user_weight = 1,
                .last_change_s = 1,
                .check = &check,
                .address = "127.0.0.1:18091"};
  EXPECT_EQ(
      csv(server_row(f, Totals{}, true)),
      "tcpl,t1,0,0,0,0,,0,0,0,,0,,0,0,0,0,UP 1/3,1,1,0,0,0,1,0,,1,4,1,,0,,2,0,,0,INI,,,,,,,,,,,,,0,0,,,,,-1"
      ",,,0,0,0,0,,,,Initializing,,2,3,2,,,,127.0.0.1:18091,,tcp,,,,,,,,0,0,0,,,0,,0,0,0,0,0,0,0,0,0,1,,,,-"
      ",0,0,0,,,,,,,,,,,,,,,,,,,,,,"
      "\n");
}

TEST(EntityRow, ServerStatusWords) {
  EXPECT_EQ(server_status({}), "no check");
  EXPECT_EQ(server_status({.admin = AdminState::drain}), "DRAIN");
  EXPECT_EQ(server_status({.admin = AdminState::maintenance, .checked = true}), "MAINT");
  EXPECT_EQ(server_status({.admin = AdminState::maintenance, .maintenance_via = "be/s1"}),
            "MAINT (via be/s1)");
  EXPECT_EQ(server_status({.checked = true, .health = 4}), "UP");
  EXPECT_EQ(server_status({.checked = true, .health = 2}), "UP 1/3");
  EXPECT_EQ(server_status({.checked = true, .health = 3}), "UP 2/3");
  EXPECT_EQ(server_status({.admin = AdminState::drain, .checked = true, .health = 2}), "DRAIN 1/3");
  EXPECT_EQ(server_status({.checked = true, .stopping = true, .health = 4}), "NOLB");
  EXPECT_EQ(server_status({.checked = true, .up = false}), "DOWN");
  EXPECT_EQ(server_status({.checked = true, .up = false, .health = 1}), "DOWN 1/2");
  EXPECT_EQ(server_status({.checked = true, .up = false, .agent_down = true}), "DOWN (agent)");
}

TEST(Csv, QuotesWhatWouldSplit) {
  Row row;
  row.pxname = "a,b";
  row.svname = "say \"x\"";
  const std::string line = csv(row);
  EXPECT_EQ(line.substr(0, 20), "\"a,b\",\"say \"\"x\"\"\",,,");
}

TEST(Typed, LinesAreHaproxys) {
  ServerFacts f{.proxy = "be", .proxy_id = 3, .name = "s1", .id = 1, .status = "UP"};
  std::string out;
  append_typed_row(out, server_row(f, Totals{}, false));
  EXPECT_EQ(out.substr(0, 64), "S.3.1.0.pxname.1:KNS:str:be\nS.3.1.1.svname.1:KNS:str:s1\nS.3.1.2.");
  EXPECT_NE(out.find("S.3.1.19.act.1:SGP:u32:1\n"), std::string::npos);
  EXPECT_NE(out.find("S.3.1.55.lastsess.1:MAP:s32:-1\n"), std::string::npos);
  EXPECT_EQ(out.find("addr"), std::string::npos);
  out.clear();
  append_typed_row(out, backend_row({.name = "be", .id = 3}, Totals{}, false), true);
  EXPECT_NE(out.find("B.3.0.19.act.1:MGP:u32:0:\""), std::string::npos);
  EXPECT_NE(out.find("B.3.0.35.rate_max.1:MGP:u32:0:\""), std::string::npos);
}

TEST(Json, RowsAreHaproxys) {
  std::string out;
  append_json_row(out, frontend_row({.name = "fe", .id = 2, .limit = 9981}, Totals{}));
  EXPECT_THAT(
      out, ::testing::StartsWith(
               "[{\"objType\":\"Frontend\",\"proxyId\":2,\"id\":0,\"field\":{\"pos\":0,\"name\":\"pxname\"},"
               "\"processNum\":1,"
               "\"tags\":{\"origin\":\"Key\",\"nature\":\"Name\",\"scope\":\"Service\"},\"value\":{\"type\":"
               "\"str\",\"value\":\"fe\"}},"));
}

TEST(Json, EscapesText) {
  std::string out;
  append_json_text(out, "a\"\\\n\x01\xff\xc3\xa9\xed\xa0\x80");
  EXPECT_EQ(out, "\"a\\\"\\\\\\n\\u0001\xEF\xBF\xBD\xc3\xa9\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(Info, ThreeForms) {
  Info info;
  info.name = "Evenkeel";
  info.uptime = uptime_words(93784);
  info.unstoppable_jobs = 0;
  std::string out;
  append_info(out, info, InfoForm::plain);
  EXPECT_EQ(out, "Name: Evenkeel\nUptime: 1d 2h03m04s\nUnstoppable Jobs: 0\n");
  out.clear();
  append_info(out, info, InfoForm::typed);
  EXPECT_EQ(out,
            "0.Name.1:POS:str:Evenkeel\n7.Uptime.1:MDP:str:1d 2h03m04s\n54.Unstoppable Jobs.1:MGP:u32:0\n");
  out.clear();
  append_info(out, info, InfoForm::plain, true);
  EXPECT_EQ(out.substr(0, 36), "Name: Evenkeel:\"Name of the product\"");
  out.clear();
  info = {};
  info.pid = 1;
  append_info(out, info, InfoForm::json);
  EXPECT_EQ(out,
            "[{\"field\":{\"pos\":6,\"name\":\"Pid\"},\"processNum\":1,\"tags\":{\"origin\":\"Status\","
            "\"nature\":\"Gauge\","
            "\"scope\":\"Process\"},\"value\":{\"type\":\"u32\",\"value\":1}}]");
}

}  // namespace
}  // namespace evenkeel::stats
