#include "conf/keyword_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conf/document.h"

namespace evenkeel::conf {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Proxy {
  std::int64_t timeout = 0, weight = 0;
  bool redispatch = false, check = false;
  std::string mode;
};

constexpr Keyword<Proxy> kOptions[] = {
    {"check", kAnySection, false, [](Proxy& p, Args&) { p.check = true; }, ""},
    {"weight", kAnySection, false, [](Proxy& p, Args& a) { p.weight = a.integer(0, 256).value_or(-1); }, ""},
};
const KeywordTable<Proxy>& options() {
  static const KeywordTable<Proxy> table{kOptions};
  return table;
}

constexpr Keyword<Proxy> kWords[] = {
    {"timeout client", kFrontendsAndDefaults, false,
     [](Proxy& p, Args& a) { p.timeout = a.duration_ms().value_or(-1); }, ""},
    {"mode", kProxiesAndDefaults, false,
     [](Proxy& p, Args& a) {
       if (const auto i = a.one_of({"tcp", "http"})) p.mode = *i == 0 ? "tcp" : "http";
     },
     ""},
    {"option redispatch", kBackendsAndDefaults, true, [](Proxy& p, Args& a) { p.redispatch = !a.negated(); },
     ""},
    {"server", kBackends, false,
     [](Proxy& p, Args& a) {
       if (!a.required("a name") || !a.address(AddressRules::server())) return;
       parse_options(options(), p, a, KnownKind::server_option, "server");
     },
     ""},
};

class KeywordTableTest : public ::testing::Test {
 protected:
  void run(const std::string& lines, const std::string& section = "listen l") {
    const auto file = std::make_shared<const SourceFile>("q.cfg", section + "\n" + lines + "\n");
    const Document d = read_document({file}, env_, facts_, diagnostics_);
    const KeywordTable<Proxy> table{kWords};
    for (const Statement& s : d.sections.at(0).lines) {
      Args args(s, d.sections[0].kind, diagnostics_);
      if (apply_statement(table, proxy_, args) == Applied::unknown)
        report_unknown(args, table.names_in(args.section()));
    }
  }
  std::string only() {
    EXPECT_EQ(diagnostics_.all().size(), 1U) << diagnostics_.render_text({});
    return diagnostics_.all().empty() ? "" : diagnostics_.all().front().message;
  }
  Environment env_;
  Facts facts_;
  Diagnostics diagnostics_;
  Proxy proxy_;
};

TEST_F(KeywordTableTest, AppliesTheLongestMatch) {
  run("timeout client 5s\nmode http\noption redispatch\nserver a 1.2.3.4:80 check weight 3");
  EXPECT_EQ(diagnostics_.render_text({}), "");
  EXPECT_EQ(proxy_.timeout, 5000);
  EXPECT_EQ(proxy_.mode, "http");
  EXPECT_TRUE(proxy_.redispatch);
  EXPECT_TRUE(proxy_.check);
  EXPECT_EQ(proxy_.weight, 3);
}

TEST_F(KeywordTableTest, Prefixes) {
  run("option redispatch\nno option redispatch");
  EXPECT_FALSE(proxy_.redispatch);
  EXPECT_TRUE(diagnostics_.all().empty());
  run("no mode tcp");
  EXPECT_EQ(only(), "'no' cannot be applied to 'mode'");
}

TEST_F(KeywordTableTest, ExtraWords) {
  run("mode tcp x");
  EXPECT_EQ(only(), "'mode' cannot handle unexpected argument 'x'");
}

TEST_F(KeywordTableTest, BadArguments) {
  run("timeout client 5x");
  EXPECT_EQ(only(), "unexpected character 'x' in 'timeout client'");
  EXPECT_EQ(diagnostics_.all().front().where.column, 16U);
}

TEST_F(KeywordTableTest, WrongSection) {
  run("timeout client 5s", "backend b");
  EXPECT_EQ(only(),
            "'timeout client' is not permitted in a 'backend' section, only in: defaults, frontend, listen");
}

TEST_F(KeywordTableTest, UnknownAndMisspelt) {
  run("moed tcp");
  EXPECT_EQ(only(), "unknown keyword 'moed' in 'listen' section");
  EXPECT_EQ(diagnostics_.all().front().suggestion, "mode");
  diagnostics_.clear();
  run("option redispach");
  EXPECT_EQ(diagnostics_.all().front().suggestion, "option redispatch");
  diagnostics_.clear();
  run("stick-table type ip size 1k");
  EXPECT_EQ(only(),
            "'stick-table' in 'listen' section: known HAProxy keyword, not supported by Evenkeel yet");
}

TEST_F(KeywordTableTest, UnknownOptionsSkipTheirArguments) {
  run("server a 1.2.3.4:80 track b/c wieght check weight 300");
  std::vector<std::string> messages;
  for (const Diagnostic& d : diagnostics_.all()) messages.push_back(d.message + "|" + d.suggestion);
  EXPECT_THAT(messages,
              ElementsAre("'track' in 'server': known HAProxy keyword, not supported by Evenkeel yet|",
                          "unknown keyword 'wieght' in 'server'|weight", HasSubstr("'300' is out of range")));
  EXPECT_TRUE(proxy_.check);
}

TEST_F(KeywordTableTest, EmptyWordsEnd) {
  run("server a 1.2.3.4:80 \"\" check\nmode \"\"");
  EXPECT_EQ(diagnostics_.count(Severity::error), 2U) << diagnostics_.render_text({});
}

TEST(KnownKeywords, Tables) {
  const std::string_view action[] = {"http-request", "set-var(txn.x)", "int(1)"};
  EXPECT_EQ(known_keyword(KnownKind::action, action), "http-request set-var");
  const std::string_view cli[] = {"show", "stat", "x"};
  EXPECT_EQ(known_keyword(KnownKind::cli, cli), "show stat");
  const std::string_view fetch[] = {"hdr_beg(host)"};
  EXPECT_EQ(known_keyword(KnownKind::fetch, fetch), "hdr_beg");
  EXPECT_EQ(known_arity(KnownKind::server_option, "weight"), 1U);
  EXPECT_EQ(known_arity(KnownKind::server_option, "check"), 0U);
  EXPECT_EQ(known_arity(KnownKind::bind_option, "crt"), 1U);
  for (const KnownKind kind : {KnownKind::global, KnownKind::proxy, KnownKind::other_section,
                               KnownKind::bind_option, KnownKind::server_option, KnownKind::action,
                               KnownKind::fetch, KnownKind::converter, KnownKind::filter, KnownKind::cli})
    for (const std::string_view entry : known_keywords(kind)) {
      const std::string_view name[] = {entry.substr(0, entry.find(" +"))};
      EXPECT_EQ(known_keyword(kind, name), name[0]);
    }
}

TEST(Diagnostics, TextAndJson) {
  const auto file = std::make_shared<const SourceFile>("q.cfg", "listen l\n\tbnid \"\xc3\xa9\" :80\n");
  Diagnostics d;
  d.error({file, 2, 2, 4}, "unknown keyword 'bnid' in 'listen' section")
      .did_you_mean("bind")
      .modern("bind :80");
  EXPECT_EQ(d.render_text({.pid = 7}),
            "[ALERT]    (7) : config : parsing [q.cfg:2] : unknown keyword 'bnid' in 'listen' section; did "
            "you mean 'bind'?\n"
            "  --> q.cfg:2:2\n"
            "   |  bnid \"\xc3\xa9\" :80\n"
            "   |  ^^^^\n"
            "   = modern form: bind :80\n");
  d.warn({}, "a\"b\\\n\xff");
  EXPECT_THAT(d.render_json(), HasSubstr("\"message\":\"a\\\"b\\\\\\u000a\\ufffd\""));
  EXPECT_THAT(d.render_json(), HasSubstr("\"suggestion\":\"bind\",\"modern_form\":\"bind :80\""));
}

TEST(Diagnostics, OneWarningForManyItems) {
  Diagnostics d;
  for (const char* item : {"tune.a", "tune.b", "tune.a"}) d.warn_once("without a meaning here", item, {});
  ASSERT_EQ(d.all().size(), 1U);
  EXPECT_EQ(d.all()[0].message, "without a meaning here: tune.a, tune.b");
}

}  // namespace
}  // namespace evenkeel::conf
