#include "health/protocol/external.h"

#include <gmock/gmock.h>

namespace evenkeel::health {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

ExternalTarget web() {
  ExternalTarget target;
  target.proxy_name = "li";
  target.proxy_id = 2;
  target.proxy_address = *Address::from_ip("127.0.0.1", 38999);
  target.server_name = "s1";
  target.server_id = 1;
  target.server_address = *Address::from_ip("127.0.0.1", 43909);
  target.server_maxconn = 7;
  return target;
}

// As HAProxy 2.6.12 started its child.
TEST(ExternalCheck, TellsTheChildWhomItChecks) {
  EXPECT_THAT(external_arguments("/x", web()), ElementsAre("/x", "127.0.0.1", "38999", "127.0.0.1", "43909"));
  EXPECT_THAT(external_environment("/usr/bin:/bin", web()),
              ElementsAre("HAPROXY_PROXY_ADDR=127.0.0.1", "HAPROXY_PROXY_ID=2", "HAPROXY_PROXY_NAME=li",
                          "HAPROXY_PROXY_PORT=38999", "HAPROXY_SERVER_ADDR=127.0.0.1",
                          "HAPROXY_SERVER_CURCONN=0", "HAPROXY_SERVER_ID=1", "HAPROXY_SERVER_MAXCONN=7",
                          "HAPROXY_SERVER_NAME=s1", "HAPROXY_SERVER_PORT=43909", "HAPROXY_SERVER_PROTO=tcp",
                          "HAPROXY_SERVER_SSL=0", "PATH=/usr/bin:/bin"));
}

TEST(ExternalCheck, HasWordsForWhatIsNotThere) {
  ExternalTarget target = web();
  target.proxy_address = Address();
  target.server_address = *Address::from_unix_path("/run/x.sock");
  EXPECT_THAT(external_arguments("/x", target),
              ElementsAre("/x", "NOT_USED", "NOT_USED", "/run/x.sock", "NOT_USED"));
  const auto environment = external_environment("", target);
  EXPECT_THAT(environment, Contains("HAPROXY_PROXY_ADDR="));
  EXPECT_THAT(environment, Contains("HAPROXY_SERVER_ADDR=/run/x.sock"));
  EXPECT_THAT(environment, Contains("HAPROXY_SERVER_PORT="));
}

TEST(ExternalCheck, JudgesTheEnd) {
  EXPECT_EQ(external_verdict(0).status, CheckStatus::proc_ok);
  EXPECT_EQ(external_verdict(3 << 8).status, CheckStatus::proc_err);
  EXPECT_EQ(external_verdict(3 << 8).code, 3);
  EXPECT_EQ(external_verdict(9).code, -1);  // SIGKILL
}

TEST(ExternalCheck, SearchesItsOwnPathOnly) {
  EXPECT_EQ(find_command("/any/thing", ""), "/any/thing");
  EXPECT_EQ(find_command("sh", "/nonexistent:/bin"), "/bin/sh");
  EXPECT_EQ(find_command("sh", ""), "");
}

}  // namespace
}  // namespace evenkeel::health
