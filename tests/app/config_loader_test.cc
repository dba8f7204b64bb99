#include "app/config_loader.h"

#include <gmock/gmock.h>

#include "tests/app/loading.h"

namespace evenkeel::app {
namespace {

using ::testing::HasSubstr;

TEST(ConfigLoader, MakesDefinitionsOfAComplete) {
  const auto loaded = load(R"(
global
    maxconn 2000
defaults
    mode http
    timeout connect 2s
    timeout client  30s
    timeout server  30s
frontend www
    bind 127.0.0.1:8080
    option forwardfor
    default_backend origins
backend origins
    balance roundrobin
    option httpchk GET /health
    default-server check inter 1s rise 2 fall 3
    server red   127.0.0.1:8081 weight 3
    server green app.example:8082 weight 2
    server blue  127.0.0.1:8083 weight 1
)");
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  EXPECT_EQ(loaded->messages(), "");
  const auto& www = loaded->frontend();
  EXPECT_EQ(www.name, "www");
  EXPECT_EQ(www.mode, backends::Mode::http);
  EXPECT_EQ(www.timeouts.client, 30000);
  EXPECT_EQ(www.default_backend, "origins");
  EXPECT_EQ(www.maxconn, 2000u);
  EXPECT_TRUE(www.forward_for.on);
  ASSERT_EQ(www.binds.size(), 1u);
  EXPECT_EQ(www.binds[0].address.to_string(), "127.0.0.1:8080");
  EXPECT_EQ(www.binds[0].name, "sock-1");
  const auto& origins = loaded->backend();
  ASSERT_EQ(origins.servers.size(), 3u);
  EXPECT_EQ(origins.servers[0].weight, 3u);
  EXPECT_EQ(origins.servers[1].address.to_string(), "192.0.2.7:8082");
  EXPECT_TRUE(origins.servers[2].check.enabled);
  EXPECT_EQ(origins.servers[2].check.intervals.inter, 1000);
  EXPECT_EQ(origins.servers[2].id, 3u);
  EXPECT_EQ(origins.fullconn, 200u);
  EXPECT_EQ(origins.check.protocol, health::CheckProtocol::http);
}

TEST(ConfigLoader, TakesTheOldLab) {
  const auto loaded = load(
      "listen stats 0.0.0.0:80\n"
      "    balance  roundrobin\n"
      "    server web1 192.168.2.100:80 check inter 2s rise 2 fall 3 weight 2\n"
      "    server web2 192.168.2.200:80 check inter 2s rise 2 fall 3 weight 1\n"
      "listen stats *:1080\n");
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  EXPECT_THAT(loaded->messages(), HasSubstr("{bind 0.0.0.0:80}"));
  EXPECT_THAT(loaded->messages(), HasSubstr("{bind *:1080}"));
  EXPECT_THAT(loaded->messages(), HasSubstr("same name"));
  EXPECT_THAT(loaded->messages(), HasSubstr("missing timeouts for proxy 'stats'"));
  EXPECT_EQ(loaded->frontend(0).name, "stats");
  EXPECT_EQ(loaded->frontend(1).name, "stats#2");
  EXPECT_EQ(loaded->frontend(1).default_backend, "stats#2");
  EXPECT_EQ(loaded->backend(0).servers[1].address.to_string(), "192.168.2.200:80");
}

TEST(ConfigLoader, ReportsAllErrorsInOnePass) {
  const auto loaded = load_http(
      "frontend f\n"
      " bind :8001\n"
      " bnid :8002\n"
      " default_backend aap\n"
      "backend app\n"
      " server a 192.0.2.1:80 wieght 2\n"
      " server a nowhere.example:80\n"
      " balence roundrobin\n");
  EXPECT_FALSE(loaded->accepted());
  const std::string all = loaded->messages();
  EXPECT_THAT(all, HasSubstr("{did you mean bind}"));
  EXPECT_THAT(all, HasSubstr("{did you mean app}"));
  EXPECT_THAT(all, HasSubstr("{did you mean weight}"));
  EXPECT_THAT(all, HasSubstr("{did you mean balance}"));
  EXPECT_THAT(all, HasSubstr("could not resolve address 'nowhere.example'"));
  EXPECT_THAT(all, HasSubstr("another server named 'a' was already defined at line 11"));
}

}  // namespace
}  // namespace evenkeel::app
