// What lines of proxies become in the definitions, one line at a time.
#include <gmock/gmock.h>

#include "tests/app/loading.h"

namespace evenkeel::app {
namespace {

using backends::BackendDef;
using backends::ServerDef;
using frontends::BindDef;
using frontends::FrontendDef;

template <class Def>
struct Line {
  const char* text;
  bool (*holds)(const Def&);
};

void PrintTo(const Line<ServerDef>& line, std::ostream* out) { *out << line.text; }
void PrintTo(const Line<BackendDef>& line, std::ostream* out) { *out << line.text; }
void PrintTo(const Line<FrontendDef>& line, std::ostream* out) { *out << line.text; }
void PrintTo(const Line<BindDef>& line, std::ostream* out) { *out << line.text; }

// ---- server options

class ServerOption : public ::testing::TestWithParam<Line<ServerDef>> {};

TEST_P(ServerOption, IsInTheDefinition) {
  const auto loaded =
      load_http("listen l\n bind :8001\n cookie C insert\n server x 192.0.2.9:80 check cookie x\n server a " +
                std::string(GetParam().text) + "\n");
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  EXPECT_TRUE(GetParam().holds(loaded->backend().servers.at(1)));
}

using S = const ServerDef&;
INSTANTIATE_TEST_SUITE_P(
    Words, ServerOption,
    ::testing::Values(Line<ServerDef>{"192.0.2.1:80",
                                      [](S s) {
                                        return s.port_mode == backends::PortMode::fixed && s.weight == 1;
                                      }},
                      Line<ServerDef>{"192.0.2.1",
                                      [](S s) {
                                        return s.port_mode == backends::PortMode::offset &&
                                               s.port_offset == 0;
                                      }},
                      Line<ServerDef>{"192.0.2.1:+80", [](S s) { return s.port_offset == 80; }},
                      Line<ServerDef>{"192.0.2.1:-80", [](S s) { return s.port_offset == -80; }},
                      Line<ServerDef>{"[2001:db8::1]:80",
                                      [](S s) { return s.address.to_string() == "[2001:db8::1]:80"; }},
                      Line<ServerDef>{"app.example:80",
                                      [](S s) { return s.address.to_string() == "192.0.2.7:80"; }},
                      Line<ServerDef>{"unix@/run/app", [](S s) { return s.address.family() == AF_UNIX; }},
                      Line<ServerDef>{"lost.example:80 init-addr none",
                                      [](S s) { return s.address.family() == AF_UNSPEC; }},
                      Line<ServerDef>{"lost.example:80 init-addr libc,192.0.2.8",
                                      [](S s) { return s.address.to_string() == "192.0.2.8:80"; }},
                      Line<ServerDef>{"192.0.2.1:80 weight 256", [](S s) { return s.weight == 256; }},
                      Line<ServerDef>{"192.0.2.1:80 weight 0", [](S s) { return s.weight == 0; }},
                      Line<ServerDef>{"192.0.2.1:80 backup", [](S s) { return s.backup; }},
                      Line<ServerDef>{"192.0.2.1:80 backup no-backup", [](S s) { return !s.backup; }},
                      Line<ServerDef>{"192.0.2.1:80 disabled", [](S s) { return s.disabled; }},
                      Line<ServerDef>{"192.0.2.1:80 id 77", [](S s) { return s.id == 77; }},
                      Line<ServerDef>{"192.0.2.1:80", [](S s) { return s.id == 2; }},
                      Line<ServerDef>{"192.0.2.1:80 cookie blue", [](S s) { return s.cookie == "blue"; }},
                      Line<ServerDef>{
                          "192.0.2.1:80 maxconn 5 minconn 2 maxqueue 9",
                          [](S s) { return s.maxconn == 5 && s.minconn == 2 && s.maxqueue == 9; }},
                      Line<ServerDef>{"192.0.2.1:80 minconn 5", [](S s) { return s.maxconn == 5; }},
                      Line<ServerDef>{"192.0.2.1:80 slowstart 10s", [](S s) { return s.slowstart == 10000; }},
                      Line<ServerDef>{"192.0.2.1:80 track x", [](S s) { return s.track == "x"; }},
                      Line<ServerDef>{
                          "192.0.2.1:80 send-proxy",
                          [](S s) { return s.send_proxy.version == backends::SendProxyDef::Version::v1; }},
                      Line<ServerDef>{"192.0.2.1:80 send-proxy-v2 proxy-v2-options crc32c,authority",
                                      [](S s) {
                                        return s.send_proxy.version == backends::SendProxyDef::Version::v2 &&
                                               s.send_proxy.crc32c && s.send_proxy.authority &&
                                               !s.send_proxy.unique_id;
                                      }},
                      Line<ServerDef>{"192.0.2.1:80 on-marked-down shutdown-sessions",
                                      [](S s) { return s.on_marked_down_shutdown; }},
                      Line<ServerDef>{"192.0.2.1:80 on-marked-up shutdown-backup-sessions",
                                      [](S s) { return s.on_marked_up_shutdown_backup; }},
                      Line<ServerDef>{
                          "192.0.2.1:80 pool-max-conn 0 pool-low-conn 3 pool-purge-delay 1s max-reuse 7",
                          [](S s) {
                            return s.pool_max_conn == 0 && s.pool_low_conn == 3 &&
                                   s.pool_purge_delay == 1000 && s.max_reuse == 7;
                          }},
                      Line<ServerDef>{"192.0.2.1:80 tfo tcp-ut 4s",
                                      [](S s) { return s.tfo && s.tcp_user_timeout == 4000; }},
                      Line<ServerDef>{"192.0.2.1:80 hash-key addr-port",
                                      [](S s) { return s.hash_key == balance::HashKey::addr_port; }},
                      Line<
                          ServerDef>{"192.0.2.1:80 source 192.0.2.9:1000-2000 usesrc clientip interface eth1",
                                     [](S s) {
                                       return s.source.port_low == 1000 && s.source.port_high == 2000 &&
                                              s.source.interface == "eth1" &&
                                              s.source.use == SourceDef::Use::client_ip &&
                                              s.source.address.port() == 0;
                                     }},
                      Line<ServerDef>{"192.0.2.1:80 source 0.0.0.0 usesrc hdr_ip(x-forwarded-for,2)",
                                      [](S s) {
                                        return s.source.use == SourceDef::Use::header &&
                                               s.source.header == "x-forwarded-for" &&
                                               s.source.occurrence == 2;
                                      }},
                      Line<ServerDef>{"192.0.2.1:80 check inter 2s rise 4 fall 5 port 81", [](S s) {
                                        return s.check.enabled && s.check.intervals.inter == 2000 &&
                                               s.check.rise == 4 && s.check.fall == 5 && s.check.port == 81;
                                      }}));

// ---- backends

class BackendLine : public ::testing::TestWithParam<Line<BackendDef>> {};

TEST_P(BackendLine, IsInTheDefinition) {
  const auto loaded = load_http("listen l\n bind :8001\n server a 192.0.2.1:80 cookie a\n " +
                                std::string(GetParam().text) + "\n");
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  EXPECT_TRUE(GetParam().holds(loaded->backend()));
}

using B = const BackendDef&;
INSTANTIATE_TEST_SUITE_P(
    Words, BackendLine,
    ::testing::Values(
        Line<BackendDef>{"balance leastconn",
                         [](B b) { return b.balance.algorithm == balance::Algorithm::leastconn; }},
        Line<BackendDef>{"retries 7", [](B b) { return b.retries == 7; }},
        Line<BackendDef>{"option redispatch",
                         [](B b) { return b.redispatch && b.redispatch_interval == -1; }},
        Line<BackendDef>{"option redispatch 3",
                         [](B b) { return b.redispatch && b.redispatch_interval == 3; }},
        Line<BackendDef>{"option redispatch 0", [](B b) { return !b.redispatch; }},
        Line<BackendDef>{"retry-on none",
                         [](B b) { return !b.retry_on.conn_failure && !b.retry_on.needs_replay(); }},
        Line<BackendDef>{"retry-on conn-failure 503",
                         [](B b) { return b.retry_on.conn_failure && b.retry_on.has_status(503); }},
        Line<BackendDef>{"retry-on all-retryable-errors",
                         [](B b) { return b.retry_on.junk_response && b.retry_on.has_status(504); }},
        Line<BackendDef>{"http-reuse always", [](B b) { return b.reuse == backends::Reuse::always; }},
        Line<BackendDef>{"fullconn 77", [](B b) { return b.fullconn == 77; }},
        Line<BackendDef>{"max-keep-alive-queue 5", [](B b) { return b.max_keep_alive_queue == 5; }},
        Line<BackendDef>{"http-send-name-header X-Server",
                         [](B b) { return b.send_name_header == "X-Server"; }},
        Line<BackendDef>{"persist rdp-cookie", [](B b) { return b.rdp_persist == "msts"; }},
        Line<BackendDef>{"persist rdp-cookie(x)", [](B b) { return b.rdp_persist == "x"; }},
        Line<BackendDef>{"option allbackups", [](B b) { return b.all_backups; }},
        Line<BackendDef>{"cookie SRV insert indirect",
                         [](B b) { return b.cookie.name == "SRV" && b.cookie.indirect; }},
        Line<BackendDef>{"option httpclose", [](B b) { return b.http_mode == backends::HttpMode::close; }},
        Line<BackendDef>{"option forceclose", [](B b) { return b.http_mode == backends::HttpMode::close; }},
        Line<BackendDef>{"option http-server-close",
                         [](B b) { return b.http_mode == backends::HttpMode::server_close; }},
        Line<BackendDef>{"no option http-server-close",
                         [](B b) { return b.http_mode == backends::HttpMode::keep_alive; }},
        Line<BackendDef>{"timeout check 3s", [](B b) { return b.check.timeout_check == 3000; }},
        Line<BackendDef>{"contimeout 4000", [](B b) { return b.timeouts.connect == 4000; }},
        Line<BackendDef>{"timeout tunnel 1h", [](B b) { return b.timeouts.tunnel == 3600000; }},
        Line<BackendDef>{"option srvtcpka",
                         [](B b) { return b.server_keep_alive.on && !b.client_keep_alive.on; }},
        Line<BackendDef>{"srvtcpka-idle 2m", [](B b) { return b.server_keep_alive.idle_s == 120; }},
        Line<BackendDef>{"source 192.0.2.9", [](B b) { return b.source.address.ip_string() == "192.0.2.9"; }},
        Line<BackendDef>{"dynamic-cookie-key k", [](B b) { return b.cookie.dynamic_key == "k"; }},
        Line<BackendDef>{"option forwarded proto by by_port",
                         [](B b) { return b.forwarded.on && b.forwarded.by_port && !b.forwarded.for_; }},
        Line<BackendDef>{"option forwarded", [](B b) { return b.forwarded.proto && b.forwarded.for_; }},
        Line<BackendDef>{"errorfile 503 /errors/503.http",
                         [](B b) { return b.errors.at(503)->starts_with("HTTP/1.0 503 Gone"); }},
        Line<BackendDef>{"errorfile 503 /dev/null", [](B b) { return b.errors.at(503)->empty(); }},
        Line<BackendDef>{"errorloc303 404 /lost", [](B b) {
                           return b.errors.at(404)->find("location: /lost\r\n") != std::string::npos;
                         }}));

// ---- frontends

class FrontendLine : public ::testing::TestWithParam<Line<FrontendDef>> {};

TEST_P(FrontendLine, IsInTheDefinition) {
  const auto loaded = load_http("frontend f\n bind :8001\n " + std::string(GetParam().text) + "\n");
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  EXPECT_TRUE(GetParam().holds(loaded->frontend()));
}

using F = const FrontendDef&;
INSTANTIATE_TEST_SUITE_P(
    Words, FrontendLine,
    ::testing::Values(
        Line<FrontendDef>{"maxconn 50", [](F f) { return f.maxconn == 50; }},
        Line<FrontendDef>{"backlog 50", [](F f) { return f.backlog == 50; }},
        Line<FrontendDef>{"# nothing", [](F f) { return f.maxconn == 1000; }},
        Line<FrontendDef>{"rate-limit sessions 20", [](F f) { return f.rate_limit_sessions == 20; }},
        Line<FrontendDef>{"monitor-uri /alive", [](F f) { return f.monitor_uri == "/alive"; }},
        Line<FrontendDef>{"id 77", [](F f) { return f.id == 77; }},
        Line<FrontendDef>{"guid front", [](F f) { return f.guid == "front"; }},
        Line<FrontendDef>{"description the front door",
                          [](F f) { return f.description == "the front door"; }},
        Line<FrontendDef>{"disabled", [](F f) { return f.disabled && f.binds.empty(); }},
        Line<FrontendDef>{"mode tcp", [](F f) { return f.mode == backends::Mode::tcp; }},
        Line<FrontendDef>{"option forwardfor except 192.0.2.0/24 header X-C if-none",
                          [](F f) {
                            return f.forward_for.header == "X-C" && f.forward_for.if_none &&
                                   f.forward_for.except->prefix == 24;
                          }},
        Line<FrontendDef>{"option tcpka",
                          [](F f) { return f.client_keep_alive.on && f.server_keep_alive.on; }},
        Line<FrontendDef>{"option splice-auto", [](F f) { return f.splice_auto; }},
        Line<FrontendDef>{"option accept-invalid-http-request", [](F f) { return f.accept_unsafe_request; }},
        Line<FrontendDef>{"timeout http-request 9s", [](F f) { return f.timeouts.http_request == 9000; }},
        Line<FrontendDef>{"unique-id-format %ci",
                          [](F f) { return f.unique_id && f.unique_id_format == "%ci"; }},
        Line<FrontendDef>{"http-request deny", [](F f) { return f.rules != nullptr; }},
        Line<FrontendDef>{"# nothing", [](F f) { return f.rules == nullptr; }}));

// ---- bind options

class BindOption : public ::testing::TestWithParam<Line<BindDef>> {};

TEST_P(BindOption, IsInTheDefinition) {
  const auto loaded = load_http("frontend f\n bind " + std::string(GetParam().text) + "\n");
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  EXPECT_TRUE(GetParam().holds(loaded->frontend().binds.at(0)));
}

using L = const BindDef&;
INSTANTIATE_TEST_SUITE_P(
    Words, BindOption,
    ::testing::Values(
        Line<BindDef>{":8001",
                      [](L b) { return b.address.to_string() == "0.0.0.0:8001" && b.name == "sock-1"; }},
        Line<BindDef>{"[::1]:8001", [](L b) { return b.address.to_string() == "[::1]:8001"; }},
        Line<BindDef>{":8001 name web id 9", [](L b) { return b.name == "web" && b.id == 9; }},
        Line<BindDef>{":8001 id 9", [](L b) { return b.name == "sock-9"; }},
        Line<BindDef>{":8001 maxconn 3 backlog 4 nice -5",
                      [](L b) { return b.maxconn == 3 && b.listen.backlog == 4; }},
        Line<BindDef>{":8001 accept-proxy", [](L b) { return b.accept_proxy; }},
        Line<BindDef>{":8001 interface lo mss 1400 tfo defer-accept transparent",
                      [](L b) {
                        return b.listen.interface == "lo" && b.listen.mss == 1400 && b.listen.tfo &&
                               b.listen.defer_accept && b.listen.transparent;
                      }},
        Line<BindDef>{":::8001 v4v6", [](L b) { return b.listen.v4v6 && b.address.family() == AF_INET6; }},
        Line<BindDef>{"/tmp/s mode 660 uid 7 gid 8",
                      [](L b) { return b.listen.mode == 0660 && b.listen.uid == 7 && b.listen.gid == 8; }},
        Line<BindDef>{":8001 thread 1/2-3 thread odd", [](L b) { return b.threads == "2-3,odd"; }},
        Line<BindDef>{":8001 process 1/even", [](L b) { return b.threads == "even"; }},
        Line<BindDef>{":8001 level admin expose-fd listeners",
                      [](L b) { return b.level == "admin" && b.expose_fd_listeners; }}));

TEST(Bind, CountsEveryAddressAndPort) {
  const auto loaded = load_http("frontend f\n bind 127.0.0.1:8001-8003,127.0.0.2:8001 name x\n");
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  const auto& binds = loaded->frontend().binds;
  ASSERT_EQ(binds.size(), 4u);
  EXPECT_EQ(binds[2].address.to_string(), "127.0.0.1:8003");
  EXPECT_EQ(binds[3].address.to_string(), "127.0.0.2:8001");
  EXPECT_EQ(binds[3].id, 4u);
  EXPECT_EQ(binds[3].name, "x");
}

TEST(UnixBind, IsWhatUnixListenersStartFrom) {
  const auto loaded = load(
      "global\n unix-bind prefix /srv mode 600 uid 5\n stats socket /s level admin\n"
      "frontend f\n bind unix@/web gid 3 mode 666\n");
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  const BindDef& bind = loaded->frontend().binds.at(0);
  EXPECT_EQ(bind.address.to_string(), "unix:/srv/web");
  EXPECT_EQ(bind.listen.mode, 0666);
  EXPECT_EQ(bind.listen.uid, 5);
  EXPECT_EQ(loaded->config().global.stats_sockets.at(0).address.to_string(), "unix:/s");
}

TEST(DefaultServer, IsTheStartOfEveryServerBehindIt) {
  const auto loaded = load(
      "defaults\n default-server inter 5s maxconn 9\n"
      "listen l\n bind :8001\n server a 192.0.2.1:80\n default-server weight 4\n server b 192.0.2.1:81 "
      "maxconn 8\n");
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  const auto& servers = loaded->backend().servers;
  EXPECT_EQ(servers[0].maxconn, 9u);
  EXPECT_EQ(servers[0].weight, 1u);
  EXPECT_EQ(servers[0].check.intervals.inter, 5000);
  EXPECT_EQ(servers[1].weight, 4u);
  EXPECT_EQ(servers[1].maxconn, 8u);
}

TEST(ServerTemplate, MakesSeveral) {
  const auto loaded = load_http("listen l\n bind :8001\n server-template web 2-4 app.example:80 weight 3\n");
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  const auto& servers = loaded->backend().servers;
  ASSERT_EQ(servers.size(), 3u);
  EXPECT_EQ(servers[0].name, "web2");
  EXPECT_EQ(servers[2].name, "web4");
  EXPECT_EQ(servers[2].id, 3u);
  EXPECT_EQ(servers[2].weight, 3u);
  EXPECT_EQ(servers[2].address.to_string(), "192.0.2.7:80");
}

TEST(Ids, FollowThePositionAsInHaproxy) {
  const auto loaded = load_http(
      "frontend a\n bind :1\n"
      "listen l\n id 7\n bind :2\n server a 192.0.2.1:1\n server c 192.0.2.1:1 id 2\n server d 192.0.2.1:1\n"
      " server e 192.0.2.1:1 id 20\n"
      "backend b\n");
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  EXPECT_EQ(loaded->frontend(0).id, 1u);
  EXPECT_EQ(loaded->frontend(1).id, 7u);
  EXPECT_EQ(loaded->backend(0).id, 7u);
  EXPECT_EQ(loaded->backend(1).id, 3u);
  const auto& servers = loaded->backend(0).servers;
  EXPECT_EQ(servers[0].id, 1u);
  EXPECT_EQ(servers[1].id, 2u);
  EXPECT_EQ(servers[2].id, 3u);
  EXPECT_EQ(servers[3].id, 20u);
}

// The numbers are HAProxy 2.6's.
TEST(Fullconn, IsATenthOfWhatMayComeIn) {
  const auto loaded = load_http(
      "frontend a\n bind :1\n maxconn 2000\n default_backend b\n"
      "frontend a2\n bind :2\n maxconn 55\n use_backend b2 if TRUE\n"
      "frontend a3\n bind :3\n use_backend b3 if TRUE\n use_backend b3 if FALSE\n default_backend b3\n"
      "listen l\n bind :4\n maxconn 77\n"
      "backend b\nbackend b2\nbackend b3\n");
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  EXPECT_EQ(loaded->backend(0).fullconn, 8u);    // l
  EXPECT_EQ(loaded->backend(1).fullconn, 200u);  // b
  EXPECT_EQ(loaded->backend(2).fullconn, 6u);    // b2
  EXPECT_EQ(loaded->backend(3).fullconn, 100u);  // b3
}

TEST(Errorfiles, ComeFromSectionsInTheOrderOfTheLines) {
  const auto loaded = load_http(
      "frontend f\n bind :1\n errorfile 503 /dev/null\n errorfiles pages\n errorfile 404 /dev/null\n"
      "http-errors pages\n errorfile 503 /errors/503.http\n errorfile 404 /errors/503.http\n");
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  EXPECT_FALSE(loaded->frontend().errors.at(503)->empty());
  EXPECT_TRUE(loaded->frontend().errors.at(404)->empty());
  EXPECT_TRUE(loaded->config().http_errors.at("pages").contains(503));
}

TEST(OldTargets, AreServers) {
  const auto loaded = load_http(
      "listen a\n bind :1\n dispatch 192.0.2.1:80\nlisten b\n bind :2\n option transparent\n"
      "listen c\n bind :3\n option transparent\n server x 192.0.2.2:80\n");
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  EXPECT_EQ(loaded->backend(0).servers.at(0).address.to_string(), "192.0.2.1:80");
  EXPECT_TRUE(loaded->backend(1).servers.at(0).address.is_unspecified_ip());
  EXPECT_EQ(loaded->backend(1).servers.at(0).port_mode, backends::PortMode::offset);
  EXPECT_EQ(loaded->backend(2).servers.size(), 1u);
}

TEST(Listen, HasOneSetOfRulesForBothHalves) {
  const auto loaded = load_http("listen l\n bind :1\n http-request deny\n");
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  EXPECT_EQ(loaded->frontend().rules, loaded->backend().rules);
}

}  // namespace
}  // namespace evenkeel::app
