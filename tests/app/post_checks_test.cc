// What is judged when all sections are known: one small configuration for each message.
#include <gmock/gmock.h>

#include "tests/app/loading.h"

namespace evenkeel::app {
namespace {

using ::testing::HasSubstr;

struct Case {
  const char* text;
  bool accepted;
  const char* says;  // empty: nothing at all
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.text; }

class PostCheck : public ::testing::TestWithParam<Case> {};

TEST_P(PostCheck, SaysWhatIsWrong) {
  const auto loaded = load_http(GetParam().text);
  EXPECT_EQ(loaded->accepted(), GetParam().accepted) << loaded->messages();
  if (*GetParam().says == '\0') {
    EXPECT_EQ(loaded->messages(), "");
  } else {
    EXPECT_THAT(loaded->messages(), HasSubstr(GetParam().says));
  }
}

#define SERVER " server a 192.0.2.1:80\n"

INSTANTIATE_TEST_SUITE_P(
    Routes, PostCheck,
    ::testing::Values(
        Case{"frontend f\n bind :1\n default_backend b\nbackend b\n" SERVER, true, ""},
        Case{"frontend f\n bind :1\n default_backend x\n", false,
             "8: error: frontend 'f': unable to find required default_backend 'x'"},
        Case{"frontend f\n bind :1\n default_backend apps\nbackend app\n", false, "{did you mean app}"},
        Case{"frontend f\n bind :1\n use_backend x if TRUE\n", false,
             "unable to find required use_backend 'x'"},
        Case{"frontend f\n bind :1\n use_backend b\n use_backend b if TRUE\nbackend b\n", true,
             "warning: this rule is never reached: 'use_backend b' in line 8 has no condition"},
        Case{"frontend f\n bind :1\n default_backend b\nbackend b\n mode tcp\n", false,
             "http frontend 'f' tries to use incompatible tcp backend 'b' (test.cfg:9) as its default "
             "backend"},
        Case{"frontend f\n mode tcp\n bind :1\n default_backend b\nbackend b\n", true, ""},
        Case{"frontend f\n bind :1\nbackend b\n", true, "8: warning: nothing uses backend 'b'"},
        Case{"frontend f\n bind :1\n use_backend %[path]\nbackend b\n", true, ""},
        Case{"frontend f\n bind :1\n disabled\n default_backend x\n", true, ""},
        Case{"frontend f\n", true, "frontend 'f' has no 'bind' directive"},
        Case{"frontend f\n bind :1\n bind :1\n", true,
             "8: warning: address 0.0.0.0:1 is already bound at test.cfg:7"},
        Case{"frontend f\n bind :1\nfrontend f\n bind :2\n", true, "this one is called 'f#2'"},
        Case{"listen f\n bind :1\n use-server b if TRUE\n" SERVER, false, "unable to find server 'b'"},
        Case{"frontend f\n bind :1\n acl x path /\n", true, "the ACL 'x' is never used"}));

INSTANTIATE_TEST_SUITE_P(
    Servers, PostCheck,
    ::testing::Values(
        Case{"listen l\n bind :1\n" SERVER SERVER, false,
             "another server named 'a' was already defined at line 8"},
        Case{"listen l\n bind :1\n server a 192.0.2.1:80 id 4\n server b 192.0.2.1:80 id 4\n", false,
             "custom id 4 already used at test.cfg:8"},
        Case{"listen l\n bind :1\n server a 192.0.2.1 check\n", false, "neither service port nor check port"},
        Case{"listen l\n bind :1\n server a 192.0.2.1 check port 80\n", true, ""},
        Case{"listen l\n bind :1\n option tcp-check\n tcp-check connect port 80\n server a 192.0.2.1 check\n",
             true, ""},
        Case{"listen l\n bind :1\n server a 192.0.2.1:80 check\n server b 192.0.2.1:80 track a\n", true, ""},
        Case{"listen l\n bind :1\n server a 192.0.2.1:80 track c\n", false,
             "unable to find required server 'c'"},
        Case{"listen l\n bind :1\n server a 192.0.2.1:80 track x/c\n", false,
             "unable to find required proxy 'x/c'"},
        Case{"listen l\n bind :1\n" SERVER " server b 192.0.2.1:80 track a\n", false,
             "neither check nor agent enabled"},
        Case{"listen l\n bind :1\n server a 192.0.2.1:80 track b\n server b 192.0.2.1:80 track a\n", false,
             "is a loop"},
        Case{"listen l\n bind :1\n server a 192.0.2.1:80 track a\n", false, "is a loop"},
        Case{"listen l\n bind :1\n server a 192.0.2.1:80 check addr nowhere.example\n", false,
             "could not resolve the address"},
        Case{"listen l\n bind :1\n server a 192.0.2.1:80 check addr app.example\n", true, ""},
        Case{"listen l\n bind :1\n server a 192.0.2.1:80 ssl verify none ca-file x\n", false,
             "'ssl' asks for TLS"},
        Case{"listen l\n bind :1\n cookie S insert\n" SERVER, true, "no server has a cookie value"},
        Case{"listen l\n bind :1\n server a 192.0.2.1:80 cookie x\n", true, "has no 'cookie' line"},
        Case{"listen l\n bind :1\n server a 192.0.2.1:80 guid x\n server b 192.0.2.1:80 guid x\n", false,
             "guid 'x' is already taken at test.cfg:8"}));

INSTANTIATE_TEST_SUITE_P(
    Modes, PostCheck,
    ::testing::Values(
        Case{"listen l\n mode tcp\n bind :1\n option forwardfor\n" SERVER, true,
             "9: warning: 'option forwardfor' ignored for proxy 'l' as it requires HTTP mode."},
        Case{"listen l\n mode tcp\n bind :1\n balance uri\n" SERVER, true, "Falling back to round robin"},
        Case{"listen l\n mode tcp\n bind :1\n monitor-uri /\n" SERVER, true, "monitor-uri will be ignored"},
        Case{"listen l\n mode tcp\n bind :1\n cookie S insert\n server a 192.0.2.1:80 cookie x\n", true,
             "cookie will be ignored"},
        Case{"listen l\n mode tcp\n bind :1\n stats enable\n" SERVER, true, "'stats' statement ignored"},
        Case{"listen l\n mode tcp\n bind :1\n http-request deny\n" SERVER, true,
             "'http-request' rules ignored"},
        Case{"listen l\n mode tcp\n bind :1\n log global\n option httplog\n" SERVER, true,
             "Falling back to 'option tcplog'"}));

INSTANTIATE_TEST_SUITE_P(
    Others, PostCheck,
    ::testing::Values(
        Case{"listen l\n bind :1\n errorfiles pages\n" SERVER, false,
             "unable to find http-errors section 'pages'"},
        Case{
            "http-errors pages\n errorfile 503 /dev/null\nlisten l\n bind :1\n errorfiles pages 404\n" SERVER,
            true, "has no answer for status 404"},
        Case{"listen l\n bind :1\n errorfile 503 /errors/text\n" SERVER, false,
             "not a complete HTTP response"},
        Case{"listen l\n bind :1\n errorfile 503 /errors/none\n" SERVER, false, "No such file or directory"},
        Case{"listen l\n bind :1\n timeout client 0\n" SERVER, true,
             "missing timeouts for proxy 'l': 'client'."},
        Case{"listen l\n bind :1\n timeout connect 0\n timeout server 0\n" SERVER, true,
             "missing timeouts for proxy 'l': 'connect', 'server'."},
        Case{"global\n debug\nlisten l\n bind :1\n" SERVER, true, "'debug' is from an older version"},
        Case{"listen l\n bind quic4@:443\n" SERVER, false, "not supported by Evenkeel yet: 'quic4@'"},
        Case{"listen l\n bind stream+mptcp@:1\n" SERVER, false, "not supported by Evenkeel yet: 'mptcp@'"},
        Case{"listen l\n bind :1\n log sockpair@3 local0\n" SERVER, false,
             "a file descriptor is not acceptable here in 'sockpair@3'"},
        Case{"listen l\n bind :1\n option httplog\n" SERVER, true, "since it has no log address"},
        Case{"listen l\n bind :1\n dispatch 192.0.2.1:80\n", true, "{server all 192.0.2.1:80}"},
        Case{"listen l\n bind :1\n http-request return status 503 errorfiles pages\n", false,
             "'pages', which does not exist"},
        Case{"global\n zero-warning\nlisten l\n bind :1\n option httplog\n" SERVER, false,
             "'zero-warning' is set"},
        Case{"global\n noepoll\n busy-polling\n tune.runqueue-depth 3\nlisten l\n bind :1\n" SERVER, true,
             "noepoll, busy-polling, tune.runqueue-depth"},
        Case{"peers p\n peer a 192.0.2.1:1\n", false,
             "'peers': known HAProxy section, not supported by Evenkeel yet"},
        Case{"listen l\n bind :1\n compression algo gzip br\n filter cache c\n filter compression\n" SERVER
             "cache c\n total-max-size 4\n",
             true, ""},
        Case{"listen l\n bind :1\n compression algo lzma\n" SERVER, false,
             "'lzma' is not a supported algorithm"},
        Case{"listen l\n bind :1\n compression\n" SERVER, false, "'compression' expects 'algo'"},
        Case{"listen l\n bind :1\n filter trace name t hexdump quiet\n" SERVER, true, ""},
        Case{"listen l\n bind :1\n filter spoe\n" SERVER, false,
             "not supported by Evenkeel yet: 'filter spoe'"},
        Case{"listen l\n bind :1\n filter bwlim-in b default-limit 1k\n" SERVER, false, "needs both"},
        Case{"listen l\n bind :1\n filter bwlim-out b limit 1k key src\n" SERVER, false, "stick table"},
        Case{"listen l\n bind :1\n http-request set-bandwidth-limit b\n" SERVER, false,
             "there is no 'filter bwlim-in b'"},
        Case{"listen l\n bind :1\n filter bwlim-in b default-limit 1k default-period 1s\n http-request "
             "set-bandwidth-limit b limit 5k period int(9)\n" SERVER,
             true, ""},
        Case{"listen l\n bind :1\n http-request use-service lua.x\n" SERVER, false, "services in Lua"},
        Case{"listen l\n bind :1\n http-request use-service x\n" SERVER, false, "there is no service 'x'"},
        Case{"listen l\n bind :1\n tcp-request session attach-srv a/b\n" SERVER, false,
             "needs reverse HTTP over HTTP/2"},
        Case{"listen l\n bind :1\n http-error content-type text/plain string x\n" SERVER, false,
             "needs a 'status <code>'"},
        Case{"listen l\n bind :1\n http-error status 418 content-type text/plain string x\n" SERVER, false,
             "no error answer"},
        Case{"listen l\n bind :1\n http-error status 503 string x\n" SERVER, false, "content-type"},
        Case{"listen l\n bind :1\n filter compression\n filter cache c\n" SERVER
             "cache c\n total-max-size 4\n",
             false, "cannot stand before a cache"},
        Case{"listen l\n bind :1\n filter cache smal\n" SERVER "cache small\n total-max-size 4\n", false,
             "uses the cache 'smal', which does not exist {did you mean small}"},
        Case{"listen l\n bind :1\n http-request cache-use nix\n" SERVER, false, "uses the cache 'nix'"},
        Case{"cache c\n max-age 5\n", false, "cache 'c' needs a size"},
        Case{"cache c\n total-max-size 1\n max-object-size 524289\n", false, "limited to half"},
        Case{"cache c\n total-max-size 4096\n", false, "total-max-size"},
        Case{"cache c\n total-max-size 4\ncache c\n total-max-size 4\n", false, "cache 'c' already exists"},
        Case{"defaults\n mode tcp\n timeout client 1s\n timeout server 1s\n timeout connect 1s\nlisten l\n "
             "bind "
             ":1\n compression algo gzip\n" SERVER,
             true, "'compression' ignored for"},
        Case{"listen l\n bind :1\n option external-check\n external-check command /bin/true\n" SERVER, false,
             "{external-check}"},
        Case{"global\n external-check\nlisten l\n bind :1\n option external-check\n external-check command "
             "/bin/true\n" SERVER,
             true, ""},
        Case{"listen l\n mode http\n bind :1\n http-request do-log profile nobody\n" SERVER, false,
             "log-profile section 'nobody', which does not exist"},
        Case{"log-profile p\n on http-req drop\nlisten l\n mode http\n bind :1\n http-request do-log profile "
             "p\n" SERVER,
             true, ""},
        Case{"log-profile p\n on quic-init drop\nlisten l\n mode http\n bind :1\n" SERVER, false, "QUIC"},
        Case{"listen l\n mode http\n bind :1\n http-request set-var(txn.a) path,debug(p,nobody)\n" SERVER,
             false, "there is no ring of that name"},
        Case{"listen l\n mode http\n bind :1\n http-request set-var(txn.a) path,debug(p)\n" SERVER, true, ""},
        Case{"listen l\n mode http\n bind :1\n capture cookie a len 64\n" SERVER, true,
             "truncating capture length to 63"},
        Case{"global\n tune.http.cookielen 64\nlisten l\n mode http\n bind :1\n capture cookie a len "
             "64\n" SERVER,
             true, ""},
        Case{"listen l\n mode tcp\n bind :1\n monitor-net 10.0.0.0/8\n" SERVER, true, "monitor-net"},
        Case{"userlist u\n user a insecure-password x\nuserlist u\nlisten l\n bind :1\n" SERVER, true,
             "ignoring duplicated userlist"}));

TEST(Defaults, AreTheLastOnesUnlessNamed) {
  const auto loaded = load(
      "defaults base\n timeout client 1s\n mode http\n"
      "defaults other from base\n timeout client 2s\n"
      "frontend a from base\n bind :1\n"
      "frontend b\n bind :2\n"
      "defaults\n mode tcp\n timeout client 3s\n"
      "frontend c\n bind :3\n");
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  EXPECT_EQ(loaded->frontend(0).timeouts.client, 1000);
  EXPECT_EQ(loaded->frontend(1).timeouts.client, 2000);
  EXPECT_EQ(loaded->frontend(1).mode, backends::Mode::http);
  EXPECT_EQ(loaded->frontend(2).timeouts.client, 3000);
  EXPECT_EQ(loaded->frontend(2).mode, backends::Mode::tcp);
}

TEST(Mode, IsInferredWhereNoLineGivesIt) {
  const auto loaded = load(
      "defaults\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n"
      "frontend f\n bind :1\n default_backend b\nbackend b\n mode http\n" SERVER);
  ASSERT_TRUE(loaded->accepted()) << loaded->messages();
  EXPECT_EQ(loaded->frontend().mode, backends::Mode::http);
  EXPECT_THAT(loaded->messages(), HasSubstr("{mode http}"));
}

}  // namespace
}  // namespace evenkeel::app
