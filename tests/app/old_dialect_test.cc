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

constexpr conf::SectionKind kGlobal = conf::SectionKind::global;

INSTANTIATE_TEST_SUITE_P(
    Lines, OldDialect,
    ::testing::Values(Case{"contimeout 5000", "timeout connect 5000"},
                      Case{"clitimeout 5s", "timeout client 5s"}, Case{"srvtimeout 5s", "timeout server 5s"},
                      Case{"timeout contimeout 5s", "timeout connect 5s"},
                      Case{"redispatch", "option redispatch"}, Case{"transparent", "option transparent"},
                      Case{"option forceclose", "option httpclose"}, Case{"option http-tunnel", ""},
                      Case{"option http-use-htx", ""}, Case{"bind-process 1 2", ""}, Case{"grace 20s", ""},
                      Case{"block if bad", "http-request deny if bad"}, Case{"nbproc 2", "", kGlobal},
                      Case{"nbproc 2", "nbproc 2"},  // unknown outside of global
                      Case{"reqadd X-Proto:\\ https", "http-request add-header X-Proto https"},
                      Case{"rspadd X-Rate:\\ 5%", "http-response add-header X-Rate 5%%"},
                      Case{"reqadd nothing", "reqadd nothing"},
                      Case{"rspidel ^Server:.*", "http-response del-header Server"},
                      Case{"reqidel ^X-(A|B):", "reqidel ^X-(A|B):"},
                      Case{"stats realm Haproxy Manager", "stats realm \"Haproxy Manager\""},
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
