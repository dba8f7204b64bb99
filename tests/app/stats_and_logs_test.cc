// The words about logs and the stats page, from the text to the snapshot.
#include <gmock/gmock.h>

#include "rules/rule_sets.h"
#include "tests/app/loading.h"

namespace evenkeel::app {
namespace {

using ::testing::HasSubstr;

TEST(StatsAndLogs, ReachTheSnapshot) {
  const auto loaded = load(R"(
global
    log app.example local0 notice
    log-tag edge
    log-send-hostname box
defaults
    mode http
    log global
    option httplog
    stats auth admin:admin
    timeout connect 2s
    timeout client  30s
    timeout server  30s
listen web
    bind 127.0.0.1:8080
    log 127.0.0.1:5514 len 200 local1
    no option httplog
    option tcplog
    stats uri /stats
    stats admin if LOCALHOST
    server a 127.0.0.1:8081
)");
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  EXPECT_EQ(loaded->messages(), "");
  const frontends::GlobalDef& global = loaded->config().global;
  ASSERT_EQ(global.log.targets.size(), 1U);
  EXPECT_EQ(global.log.targets[0].address.to_string(), "192.0.2.7:514");
  EXPECT_EQ(global.log.tag, "edge");
  EXPECT_EQ(global.log_hostname, "box");
  EXPECT_TRUE(global.log_send_hostname);
  const auto& web = loaded->frontend();
  EXPECT_TRUE(web.log.use_global);
  ASSERT_EQ(web.log.targets.size(), 1U);
  EXPECT_EQ(web.log.access.format, stats::LogFormat::tcp);
  EXPECT_TRUE(web.stats_page.enabled);
  EXPECT_EQ(web.stats_page.uri, "/stats");
  EXPECT_EQ(web.stats_page.users.size(), 1U);
  ASSERT_NE(web.rules, nullptr);
  EXPECT_EQ(web.rules->stats_admin.size(), 1U);
  EXPECT_TRUE(loaded->backend().stats_page.enabled);
}

TEST(StatsAndLogs, WarnsOfFormatsThatComeToNothing) {
  const auto loaded = load(
      "defaults\n timeout connect 1s\n timeout client 1s\n timeout server 1s\n"
      "listen a\n mode http\n bind :1\n option httplog\n server s 127.0.0.1:2\n"
      "listen b\n mode tcp\n bind :3\n option httplog\n log 127.0.0.1 local0\n server s 127.0.0.1:4\n");
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  EXPECT_THAT(loaded->messages(), HasSubstr("8: warning: log format ignored for "));
  EXPECT_THAT(loaded->messages(), HasSubstr("13: warning: 'option httplog' not usable with "));
}

TEST(StatsAndLogs, PageRulesExcludeItsOwnLogin) {
  const std::string page =
      "listen a\n mode http\n bind :1\n stats uri /s\n stats http-request auth if TRUE\n";
  EXPECT_TRUE(load(page)->accepted());
  for (const char* login : {" stats auth a:b\n", " stats realm R\n"}) {
    const auto loaded = load(page + login);
    EXPECT_FALSE(loaded->accepted());
    EXPECT_THAT(loaded->messages(),
                HasSubstr("6: error: proxy 'a': 'stats http-request' excludes 'stats auth'"));
  }
}

}  // namespace
}  // namespace evenkeel::app
