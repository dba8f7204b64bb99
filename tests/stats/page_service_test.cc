#include "stats/page_service.h"

#include <gmock/gmock.h>

#include "stats/entity_row.h"

namespace evenkeel::stats {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class PageServiceTest : public ::testing::Test {
 protected:
  PageServiceTest() {
    def_.enabled = true;
    def_.uri = "/stats";
    def_.users = {{"admin", "admin"}};
    query_ = {.method = "GET",
              .target = "/stats",
              .authorization = "Basic YWRtaW46YWRtaW4=",
              .source = Address::loopback_v4(1),
              .admin = true};
    PageProxy proxy{.name = "be", .id = 3};
    proxy.rows.push_back(
        server_row({.proxy = "be", .proxy_id = 3, .name = "s1", .id = 1, .status = "UP"}, {}, true));
    proxies_.push_back(std::move(proxy));
  }
  static std::string header(const PageReply& reply, std::string_view name) {
    for (const auto& [key, value] : reply.headers) {
      if (key == name) return value;
    }
    return "";
  }
  PageReply show(const PageStep& step) { return service_.show(def_, step, {}, proxies_, query_.admin); }
  std::string token() {
    const std::string page = show(service_.begin(def_, query_)).body;
    const std::size_t at = page.find("name=\"token\" value=\"") + 20;
    return page.substr(at, 64);
  }
  PageStep post(std::string_view body) {
    query_.method = "POST";
    query_.body = body;
    return service_.begin(def_, query_);
  }

  ManualClock clock_;
  PageService service_{clock_};
  StatsPageDef def_;
  PageQuery query_;
  std::vector<PageProxy> proxies_;
};

TEST_F(PageServiceTest, AsksForALoginAndSlowsGuesses) {
  query_.authorization = {};
  PageStep step = service_.begin(def_, query_);
  EXPECT_EQ(step.kind, PageStep::Kind::reply);
  EXPECT_EQ(step.reply.status, 401);
  EXPECT_EQ(header(step.reply, "www-authenticate"), "Basic realm=\"HAProxy Statistics\"");
  EXPECT_EQ(step.reply.delay, 0);
  query_.authorization = "Basic YWRtaW46Z3Vlc3M=";
  EXPECT_EQ(service_.begin(def_, query_).reply.delay, 250);
  EXPECT_EQ(service_.begin(def_, query_).reply.delay, 500);
  query_.source = *Address::from_ip("192.0.2.7", 1);
  EXPECT_EQ(service_.begin(def_, query_).reply.delay, 250) << "what one source guessed costs no other";
  query_.authorization = "Basic YWRtaW46YWRtaW4=";
  EXPECT_EQ(service_.begin(def_, query_).kind, PageStep::Kind::show);
  query_.source = Address::loopback_v4(1);
  const PageStep good = service_.begin(def_, query_);
  EXPECT_EQ(good.kind, PageStep::Kind::show);
  EXPECT_EQ(good.reply.delay, 0) << "the right password is never held back";
}

TEST_F(PageServiceTest, ShowsItsForms) {
  const auto body = [&](std::string_view target) {
    query_.target = target;
    return show(service_.begin(def_, query_)).body;
  };
  EXPECT_THAT(body("/stats"), StartsWith("<!DOCTYPE html>"));
  EXPECT_THAT(body("/stats;csv"), HasSubstr("\nbe,s1,"));
  EXPECT_THAT(body("/stats;typed"), StartsWith("S.3.1.0.pxname.1:KNS:str:be\n"));
  EXPECT_THAT(body("/stats;json"), StartsWith("[[{\"objType\":\"Server\""));
  EXPECT_THAT(body("/stats;json-schema"), StartsWith("{\"$schema\""));
}

TEST_F(PageServiceTest, ActsOnlyWithTheTokenOfThePage) {
  const std::string good = "s=s1&action=drain&b=%233&token=" + token();
  PageStep step = post(good);
  EXPECT_EQ(step.kind, PageStep::Kind::perform);
  EXPECT_EQ(step.action.servers, std::vector<std::string>{"s1"});
  const PageReply reply = PageService::redirect(def_, step, PageResult::done);
  EXPECT_EQ(reply.status, 303);
  EXPECT_EQ(header(reply, "location"), "/stats;st=DONE");
  step = post("s=s1&action=drain&b=%233");
  EXPECT_EQ(step.kind, PageStep::Kind::reply);
  EXPECT_EQ(header(step.reply, "location"), "/stats;st=DENY");
  for (const std::string& wrong :
       {std::string(), std::string("x"), std::string(64, '0'), std::string(65, '0')})
    EXPECT_EQ(header(post("s=s1&action=drain&b=%233&token=" + wrong).reply, "location"), "/stats;st=DENY")
        << wrong;
  def_.users.emplace_back("other", "admin");
  query_.authorization = "Basic b3RoZXI6YWRtaW4=";
  EXPECT_EQ(header(post(good).reply, "location"), "/stats;st=DENY") << "the token is another user's";
  query_.authorization = "Basic YWRtaW46YWRtaW4=";
  clock_.advance(2 * 3'600'000);
  EXPECT_EQ(header(post(good).reply, "location"), "/stats;st=DENY");
}

TEST_F(PageServiceTest, RefusesWithoutAdminRightsOrWithTooMuch) {
  const std::string good = "s=s1&action=drain&b=%233&token=" + token();
  query_.body_too_large = true;
  EXPECT_EQ(header(post(good).reply, "location"), "/stats;st=EXCD");
  query_.admin = false;
  EXPECT_EQ(header(post(good).reply, "location"), "/stats;st=DENY");
}

TEST_F(PageServiceTest, OtherMethods) {
  query_.method = "PUT";
  EXPECT_EQ(service_.begin(def_, query_).reply.status, 405);
  query_.method = "HEAD";
  EXPECT_EQ(service_.begin(def_, query_).kind, PageStep::Kind::show);
  def_.users.clear();
  query_.authorization = {};
  EXPECT_EQ(service_.begin(def_, query_).kind, PageStep::Kind::show);
}

}  // namespace
}  // namespace evenkeel::stats
