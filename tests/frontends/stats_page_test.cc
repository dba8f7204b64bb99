#include "frontends/stats_page.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <thread>
#include <vector>

#include "rules/compile_env.h"
#include "rules/rule_sets.h"

namespace evenkeel::frontends {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::shared_ptr<const rules::RuleSets> admin_if_local() {
  auto sets = std::make_shared<rules::RuleSets>();
  rules::CompileEnv env;
  const std::vector<std::string_view> views{"if", "LOCALHOST"};
  rules::Words words(views);
  auto condition =
      rules::Condition::compile(words, sets->acls, env, rules::at(rules::Place::fe_http_request));
  EXPECT_TRUE(condition);
  sets->stats_admin.push_back(std::move(*condition));
  return sets;
}

class StatsPageTest : public ::testing::Test {
 protected:
  StatsPageTest() {
    auto be = std::make_shared<backends::BackendDef>();
    be->name = "shop";
    be->id = 3;
    be->mode = backends::Mode::http;
    for (const char* name : {"a", "b"}) {
      backends::ServerDef server;
      server.name = name;
      server.id = static_cast<std::uint32_t>(be->servers.size() + 1);
      server.address = Address::loopback_v4(1);
      be->servers.push_back(server);
    }
    auto fe = std::make_shared<FrontendDef>();
    fe->name = "web";
    fe->id = 2;
    fe->mode = backends::Mode::http;
    fe->default_backend = "shop";
    fe->timeouts.client = 2000;
    fe->stats_page.enabled = true;
    fe->stats_page.uri = "/stats";
    fe->stats_page.users = {{"admin", "admin"}};
    fe->rules = admin_if_local();
    BindDef bind;
    bind.address = Address::loopback_v4(0);
    fe->binds.push_back(bind);
    auto config = std::make_shared<Config>();
    config->frontends.push_back(fe);
    config->backends.push_back(be);
    engine_ = std::make_unique<Engine>(config, 1);
    std::vector<std::string> errors;
    EXPECT_TRUE(engine_->open_listeners(errors));
    address_ = Address::local_of(engine_->frontends()[0]->listeners[0]->sockets[0]);
    thread_ = std::thread([this] { engine_->run(); });
  }
  ~StatsPageTest() override {
    engine_->stop();
    thread_.join();
  }
  [[nodiscard]] std::string ask(const std::string& request) const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::connect(fd, address_.data(), address_.size()), 0);
    (void)::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    std::string answer;
    char block[16384];
    for (ssize_t n = ::recv(fd, block, sizeof block, 0); n > 0; n = ::recv(fd, block, sizeof block, 0)) {
      answer.append(block, static_cast<std::size_t>(n));
    }
    ::close(fd);
    return answer;
  }
  [[nodiscard]] std::string get(const std::string& target) const {
    return ask("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + kLogin + "\r\n");
  }
  [[nodiscard]] std::string post(const std::string& form) const {
    return ask("POST /stats HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
               std::to_string(form.size()) + "\r\n" + kLogin + "\r\n" + form);
  }

  const std::string kLogin = "Authorization: Basic YWRtaW46YWRtaW4=\r\n";
  std::unique_ptr<Engine> engine_;
  Address address_;
  std::thread thread_;
};

TEST_F(StatsPageTest, AsksForALogin) {
  const std::string answer = ask("GET /stats HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 401 Unauthorized\r\n"));
  EXPECT_THAT(answer, HasSubstr("www-authenticate: Basic realm=\"HAProxy Statistics\"\r\n"));
}

TEST_F(StatsPageTest, ShowsTheLiveProxies) {
  const std::string page = get("/stats");
  EXPECT_THAT(page, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(page, HasSubstr("content-security-policy: default-src 'none'"));
  EXPECT_THAT(page, HasSubstr("id=\"shop/a\""));
  EXPECT_THAT(get("/stats;csv"), HasSubstr("\nshop,b,0,0,"));
  EXPECT_THAT(ask("HEAD /stats HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + kLogin + "\r\n"),
              ::testing::EndsWith("\r\n\r\n"));
}

TEST_F(StatsPageTest, FormsActOnServers) {
  const std::string page = get("/stats");
  const std::string token = page.substr(page.find("name=\"token\" value=\"") + 20, 64);
  EXPECT_THAT(post("s=a&action=maint&b=%233"), HasSubstr("location: /stats;st=DENY\r\n"));
  EXPECT_THAT(post("s=a&s=b&action=maint&b=%233&token=" + token), HasSubstr("location: /stats;st=DONE\r\n"));
  EXPECT_THAT(get("/stats;csv"), HasSubstr(",MAINT,"));
  EXPECT_THAT(post("s=a&action=maint&b=shop&token=" + token), HasSubstr("location: /stats;st=NONE\r\n"));
  EXPECT_THAT(post("s=a&s=x&action=ready&b=shop&token=" + token), HasSubstr("location: /stats;st=PART\r\n"));
  EXPECT_THAT(post("s=a&action=ready&b=nope&token=" + token), HasSubstr("location: /stats;st=ERRP\r\n"));
  EXPECT_THAT(post("s=b&action=drain&b=shop&token=" + token), HasSubstr("location: /stats;st=DONE\r\n"));
  EXPECT_THAT(get("/stats;csv"), HasSubstr(",DRAIN,"));
  EXPECT_THAT(post(std::string(100'000, 'x')), HasSubstr("st=EXCD"));
}

}  // namespace
}  // namespace evenkeel::frontends
