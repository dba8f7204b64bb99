#include "app/old_dialect.h"

#include <gmock/gmock.h>

#include "conf/lexer.h"

namespace evenkeel::app {
namespace {

struct Case {
  std::string_view line;
  std::string_view today;  // empty: dropped; the line itself: nothing to do
  conf::SectionKind section = conf::SectionKind::listen;
};

class OldDialect : public ::testing::TestWithParam<Case> {};

TEST_P(OldDialect, BecomesTodays) {
  const Case& c = GetParam();
  conf::Diagnostics diagnostics;
  conf::Statement statement{conf::lex_line(c.line, {}).words, conf::Prefix::none, nullptr, 1};
  const Dialect dialect = modernise(statement, c.section, diagnostics);
  if (c.today.empty()) {
    EXPECT_EQ(dialect, Dialect::dropped);
    EXPECT_EQ(diagnostics.count(conf::Severity::warning), 1u);
    return;
  }
  EXPECT_EQ(as_line(statement.words), c.today);
  if (c.today == c.line) {
    EXPECT_EQ(dialect, Dialect::current);
    EXPECT_TRUE(diagnostics.all().empty());
    return;
  }
  EXPECT_EQ(dialect, Dialect::rewritten);
  ASSERT_EQ(diagnostics.count(conf::Severity::warning), 1u);
  EXPECT_EQ(diagnostics.all().front().modern_form, c.today);
}

TEST(OldDialectErrors, NameTheKeyword) {
  for (const std::string_view line :
       {"reqadd nothing", "reqrep ^a", "reqdeny", "appsession JSESSIONID len 52", "option http_proxy",
        "reqsetbe a b if c"}) {
    conf::Diagnostics diagnostics;
    conf::Statement statement{conf::lex_line(line, {}).words, conf::Prefix::none, nullptr, 1};
    EXPECT_EQ(modernise(statement, conf::SectionKind::listen, diagnostics), Dialect::dropped) << line;
    ASSERT_EQ(diagnostics.count(conf::Severity::error), 1u) << line;
    EXPECT_THAT(diagnostics.all().front().message,
                testing::StartsWith("'" + std::string(line.substr(0, line.find(' ')))));
  }
}

constexpr conf::SectionKind kGlobal = conf::SectionKind::global;

INSTANTIATE_TEST_SUITE_P(
    Lines, OldDialect,
    ::testing::Values(
        Case{"contimeout 5000", "timeout connect 5000"}, Case{"clitimeout 5s", "timeout client 5s"},
        Case{"srvtimeout 5s", "timeout server 5s"}, Case{"timeout contimeout 5s", "timeout connect 5s"},
        Case{"redispatch", "option redispatch"}, Case{"transparent", "option transparent"},
        Case{"option forceclose", "option httpclose"}, Case{"option http-tunnel", ""},
        Case{"option http-use-htx", ""}, Case{"bind-process 1 2", ""}, Case{"grace 20s", ""},
        Case{"block if bad", "http-request deny if bad"}, Case{"nbproc 2", "", kGlobal},
        Case{"nbproc 2", "nbproc 2"},  // unknown outside of global
        Case{"reqadd X-Proto:\\ https", "http-request add-header X-Proto https"},
        Case{"rspadd X-Rate:\\ 5%", "http-response add-header X-Rate 5%%"},
        Case{"rspidel ^Server:.*", "http-response del-header Server"},
        Case{"rspdel ^Server:\\ .*$ if bad", "http-response del-header Server if bad"},
        Case{"reqdel ^X-A", "http-request del-header X-A -m beg"},
        Case{"reqdel ^X-A:\\ no", "http-request del-lines \"^X-A: no\""},
        Case{"reqidel ^X-(A|B):", "http-request del-lines -i ^X-(A|B):"},
        Case{"reqideny ^Host:.*x unless ok", "http-request deny-lines -i ^Host:.*x unless ok"},
        Case{"monitor-net 10.0.0.0/8", "http-request return status 200 if { src 10.0.0.0/8 }"},
        Case{"reqtarpit x", "http-request tarpit-lines x"},
        Case{"reqipass x", "http-request pass-lines -i x"}, Case{"rspdeny x", "http-response deny-lines x"},
        Case{"reqisetbe ^Host:\\ a b", "use_backend b if { req.lines -m reg -i \"^Host: a\" }"}));

INSTANTIATE_TEST_SUITE_P(
    Replacements, OldDialect,
    ::testing::Values(
        Case{"reqrep ^([^\\ :]*)\\ /static/(.*) \\1\\ /\\2",
             "http-request replace-uri ^/static/(.*) \"/\\\\1\""},
        Case{"reqirep ^([^\\ ]*)\\ /a/([^/]*)/(.*) \\1\\ /b/\\3?x=\\2 if c",
             "http-request replace-lines -i \"^([^ ]*) /a/([^/]*)/(.*)\" \"\\\\1 /b/\\\\3?x=\\\\2\" if c"},
        Case{"reqirep ^([^\\ ]*)\\ /a/([^/]*)/(.*) \\1\\ /b/\\2%20/\\3",
             "http-request replace-uri (?i)^/a/([^/]*)/(.*) \"/b/\\\\1%%20/\\\\2\""},
        Case{"reqrep ^([^\\ ]*)\\ /x\\ (.*) \\1\\ /y\\ \\2", "http-request replace-uri ^/x$ /y"},
        Case{"reqrep ^Host:\\ a(.*) Host:\\ b\\1", "http-request replace-header Host ^a(.*) \"b\\\\1\""},
        Case{"reqirep ^Host:.* Host:\\ b", "http-request replace-header Host (?i)^.* b"},
        Case{"reqirep ^Host:(.*) Host:\\ b\\1", "http-request replace-lines -i ^Host:(.*) \"Host: b\\\\1\""},
        Case{"rspirep ^Location:\\ http://(.*) Location:\\ https://\\1",
             "http-response replace-header Location (?i)^http://(.*) \"https://\\\\1\""},
        Case{"reqrep ^X-A:\\ (.*) X-B:\\ \\1", "http-request replace-lines \"^X-A: (.*)\" \"X-B: \\\\1\""}));

INSTANTIATE_TEST_SUITE_P(Others, OldDialect,
                         ::testing::Values(Case{"stats realm Haproxy Manager",
                                                "stats realm \"Haproxy Manager\""},
                                           Case{"stats realm Manager", "stats realm Manager"},
                                           Case{"option httpclose", "option httpclose"},
                                           Case{"timeout client 5s", "timeout client 5s"}));

TEST(OldDialect, KeepsThePlaceOfTheWord) {
  conf::Diagnostics diagnostics;
  conf::Statement statement{conf::lex_line("   contimeout 5000", {}).words, conf::Prefix::none, nullptr, 3};
  modernise(statement, conf::SectionKind::defaults, diagnostics);
  EXPECT_EQ(diagnostics.all().front().where.column, 4u);
  EXPECT_EQ(statement.at(2).column, 15u);
}

}  // namespace
}  // namespace evenkeel::app
