#include <gmock/gmock.h>

#include "conf/document.h"
#include "frontends/log_keywords.h"
#include "frontends/stats_keywords.h"

namespace evenkeel::frontends {
namespace {

using ::testing::HasSubstr;

class StatsAndLogKeywords : public ::testing::Test {
 protected:
  StatsAndLogKeywords() {
    log_.resolver = [](const std::string& host, conf::AddressSpec::Family) {
      return host == "loghost" ? std::vector<Address>{*Address::from_ip("192.0.2.7", 0)}
                               : std::vector<Address>{};
    };
  }
  void run(const std::string& lines, const std::string& section = "listen l") {
    const auto file = std::make_shared<const conf::SourceFile>("k.cfg", section + "\n" + lines + "\n");
    const conf::Document document = conf::read_document({file}, env_, facts_, diagnostics_);
    const conf::KeywordTable<LogDraft> log_table{log_keywords()};
    const conf::KeywordTable<StatsDraft> stats_table{stats_keywords()};
    for (const conf::Statement& statement : document.sections.at(0).lines) {
      conf::Args args(statement, document.sections[0].kind, diagnostics_);
      if (conf::apply_statement(log_table, log_, args) != conf::Applied::unknown) continue;
      EXPECT_NE(conf::apply_statement(stats_table, stats_, args), conf::Applied::unknown);
    }
  }
  std::string complaint(const std::string& line, const std::string& section = "listen l") {
    diagnostics_.clear();
    run(line, section);
    return diagnostics_.has_errors() ? diagnostics_.all().front().message : "";
  }
  const stats::LogTargetDef& target() { return log_.def.targets.back(); }

  conf::Environment env_;
  conf::Facts facts_;
  conf::Diagnostics diagnostics_;
  LogDraft log_;
  StatsDraft stats_;
};

TEST_F(StatsAndLogKeywords, LogTargets) {
  run("log 127.0.0.1 local0");
  EXPECT_EQ(target().address.to_string(), "127.0.0.1:514");
  EXPECT_EQ(target().facility, 16);
  EXPECT_EQ(target().max_level, 7);
  run("log [::1]:1514 len 200 format rfc5424 sample 1,3:4 daemon notice err");
  EXPECT_EQ(target().address.to_string(), "[::1]:1514");
  EXPECT_EQ(target().max_length, 200U);
  EXPECT_EQ(target().format, stats::SyslogFormat::rfc5424);
  EXPECT_EQ(target().sample_size, 4U);
  EXPECT_EQ(target().facility, 3);
  EXPECT_EQ(target().max_level, 5);
  EXPECT_EQ(target().min_level, 3);
  run("log stdout format raw daemon");
  EXPECT_EQ(target().fd, 1);
  run("log stderr format raw daemon");
  EXPECT_EQ(target().fd, 2);
  run("log fd@7 local0");
  EXPECT_EQ(target().fd, 7);
  run("log /dev/log local0");
  EXPECT_EQ(target().address.to_string(), "unix:/dev/log");
  run("log unix@/run/log local0");
  EXPECT_EQ(target().address.to_string(), "unix:/run/log");
  run("log loghost:5514 local0");
  EXPECT_EQ(target().address.to_string(), "192.0.2.7:5514");
  run("log udp@127.0.0.1:1 local0");
  EXPECT_EQ(target().address.to_string(), "127.0.0.1:1");
  EXPECT_FALSE(diagnostics_.has_errors()) << diagnostics_.render_text({});
  EXPECT_EQ(log_.def.targets.size(), 9U);
  run("log global\nlog-tag shop\noption httplog\noption dontlognull\noption log-separate-errors");
  EXPECT_TRUE(log_.def.use_global);
  EXPECT_EQ(log_.def.tag, "shop");
  EXPECT_EQ(log_.def.access.format, stats::LogFormat::http);
  EXPECT_TRUE(log_.def.access.dont_log_null);
  EXPECT_TRUE(log_.def.access.separate_errors);
  run("no log\noption httplog clf\nno option dontlognull");
  EXPECT_TRUE(log_.def.targets.empty());
  EXPECT_FALSE(log_.def.use_global);
  EXPECT_EQ(log_.def.access.format, stats::LogFormat::clf);
  EXPECT_FALSE(log_.def.access.dont_log_null);
  run("log-send-hostname\nlog 127.0.0.1 local0 info", "global");
  EXPECT_TRUE(log_.send_hostname);
  EXPECT_FALSE(diagnostics_.has_errors()) << diagnostics_.render_text({});
}

TEST_F(StatsAndLogKeywords, LogComplaints) {
  EXPECT_THAT(complaint("log"), HasSubstr("expects an address"));
  EXPECT_THAT(complaint("log 127.0.0.1"), HasSubstr("facility"));
  EXPECT_THAT(complaint("log 127.0.0.1 foo"), HasSubstr("unknown log facility 'foo'"));
  EXPECT_THAT(complaint("log 127.0.0.1 local0 foo"), HasSubstr("unknown log level 'foo'"));
  EXPECT_THAT(complaint("log 127.0.0.1 len 10 local0"), HasSubstr("80"));
  EXPECT_THAT(complaint("log 127.0.0.1 format foo local0"), HasSubstr("unknown log format 'foo'"));
  EXPECT_THAT(complaint("log 127.0.0.1 sample 1:0 local0"), HasSubstr("sample"));
  EXPECT_THAT(complaint("log nowhere.invalid local0"), HasSubstr("resolve"));
  EXPECT_THAT(complaint("log ring@ local0"), HasSubstr("name of a ring"));
  EXPECT_THAT(complaint("log tcp@nowhere.invalid local0"), HasSubstr("resolve"));
  EXPECT_THAT(complaint("log backend@ local0"), HasSubstr("name of a backend"));
  EXPECT_THAT(complaint("log 127.0.0.1 profile"), HasSubstr("log-profile"));
  EXPECT_THAT(complaint("log-steps accept,sleep"), HasSubstr("known are all, accept"));
  EXPECT_NE(complaint("log 127.0.0.1 local0 info notice x"), "");
  EXPECT_NE(complaint("log 127.0.0.1:514-515 local0"), "");
  EXPECT_THAT(complaint("log global", "global"), HasSubstr("cannot stand in it"));
  EXPECT_NE(complaint("option httplog foo"), "");
  EXPECT_NE(complaint("option tcplog x"), "");
  EXPECT_NE(complaint("log-tag"), "");
}

TEST_F(StatsAndLogKeywords, StatsPage) {
  run("stats enable\nstats uri /s\nstats realm Some\\ Realm\nstats auth a:b:c\nstats auth x:y\nstats refresh "
      "5s\n"
      "stats scope .\nstats scope be\nstats hide-version\nstats show-legends\nstats show-modules\n"
      "stats show-node me\nstats show-desc A fine one");
  EXPECT_FALSE(diagnostics_.has_errors()) << diagnostics_.render_text({});
  EXPECT_EQ(diagnostics_.all().size(), 0U);
  const stats::StatsPageDef& def = stats_.def;
  EXPECT_TRUE(def.enabled);
  EXPECT_EQ(def.uri, "/s");
  EXPECT_EQ(def.realm, "Some Realm");
  ASSERT_EQ(def.users.size(), 2U);
  EXPECT_EQ(def.users[0].password, "b:c");
  EXPECT_EQ(def.refresh_s, 5U);
  EXPECT_EQ(def.scopes, (std::vector<std::string>{".", "be"}));
  EXPECT_TRUE(def.hide_version && def.show_legends && def.show_modules && def.show_node);
  EXPECT_EQ(def.node, "me");
  EXPECT_EQ(def.description, "A fine one");
}

TEST_F(StatsAndLogKeywords, OldRealmWithoutQuotes) {
  run("stats realm Haproxy Manager");
  EXPECT_EQ(stats_.def.realm, "Haproxy Manager");
  ASSERT_EQ(diagnostics_.all().size(), 1U);
  EXPECT_EQ(diagnostics_.all().front().severity, conf::Severity::warning);
  EXPECT_EQ(diagnostics_.all().front().modern_form, "stats realm \"Haproxy Manager\"");
}

TEST_F(StatsAndLogKeywords, StatsComplaints) {
  EXPECT_NE(complaint("stats uri"), "");
  EXPECT_NE(complaint("stats realm"), "");
  EXPECT_NE(complaint("stats refresh x"), "");
  EXPECT_EQ(complaint("stats refresh 0"), "");
  EXPECT_EQ(stats_.def.refresh_s, 0U);
}

}  // namespace
}  // namespace evenkeel::frontends
