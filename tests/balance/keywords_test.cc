#include "balance/keywords.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conf/document.h"

namespace evenkeel::balance {
namespace {

using ::testing::HasSubstr;

class BalanceKeywords : public ::testing::Test {
 protected:
  void run(const std::string& lines) {
    const auto file = std::make_shared<const conf::SourceFile>("b.cfg", "backend b\n" + lines + "\n");
    const conf::Document document = conf::read_document({file}, env_, facts_, diagnostics_);
    const conf::KeywordTable<BalanceDef> table{keywords()};
    for (const conf::Statement& line : document.sections.at(0).lines) {
      conf::Args args(line, conf::SectionKind::backend, diagnostics_);
      EXPECT_EQ(conf::apply_statement(table, def_, args), conf::Applied::yes);
    }
  }
  const BalanceDef& good(const std::string& lines) {
    def_ = {};
    run(lines);
    EXPECT_TRUE(diagnostics_.all().empty()) << diagnostics_.render_text({});
    return def_;
  }
  std::string complaint(const std::string& lines, conf::Severity severity = conf::Severity::error) {
    diagnostics_.clear();
    def_ = {};
    run(lines);
    if (diagnostics_.all().size() != 1) return diagnostics_.render_text({});
    EXPECT_EQ(diagnostics_.all()[0].severity, severity);
    return diagnostics_.all()[0].message;
  }

  conf::Environment env_;
  conf::Facts facts_;
  conf::Diagnostics diagnostics_;
  BalanceDef def_;
};

TEST_F(BalanceKeywords, ReadsEveryAlgorithm) {
  EXPECT_EQ(good("balance roundrobin").algorithm, Algorithm::roundrobin);
  EXPECT_EQ(good("balance static-rr").algorithm, Algorithm::static_rr);
  EXPECT_EQ(good("balance leastconn").algorithm, Algorithm::leastconn);
  EXPECT_EQ(good("balance first").algorithm, Algorithm::first);
  EXPECT_EQ(good("balance source").algorithm, Algorithm::source);
  const BalanceDef& uri = good("balance uri len 12 depth 3 whole path-only");
  EXPECT_EQ(uri.uri_len, 12U);
  EXPECT_EQ(uri.uri_depth, 3U);
  EXPECT_TRUE(uri.uri_whole && uri.uri_path_only && uri.needs_http());
  const BalanceDef& param = good("balance url_param session check_post");
  EXPECT_EQ(param.name, "session");
  EXPECT_TRUE(param.needs_body());
  const BalanceDef& hdr = good("balance hdr(Host) use_domain_only");
  EXPECT_EQ(hdr.name, "Host");
  EXPECT_TRUE(hdr.use_domain_only);
  EXPECT_EQ(good("balance random").draws, 2U);
  EXPECT_EQ(good("balance random()").draws, 2U);
  EXPECT_EQ(good("balance random(5)").draws, 5U);
  EXPECT_EQ(good("balance rdp-cookie").name, "mstshash");
  EXPECT_EQ(good("balance rdp-cookie(user)").name, "user");
  EXPECT_EQ(good("balance hash req.hdr_ip(x-forwarded-for,-1),ipmask(24)").expression,
            "req.hdr_ip(x-forwarded-for,-1),ipmask(24)");
}

TEST_F(BalanceKeywords, ReadsHashTypes) {
  EXPECT_FALSE(good("hash-type map-based").avalanche);
  EXPECT_TRUE(good("hash-type consistent").avalanche) << "the default of this method";
  EXPECT_FALSE(good("hash-type consistent crc32").avalanche);
  const BalanceDef& def = good("hash-type consistent wt6 avalanche\nbalance uri\nhash-balance-factor 150");
  EXPECT_EQ(def.hash_method, HashMethod::consistent);
  EXPECT_EQ(def.hash_function, HashFunction::wt6);
  EXPECT_TRUE(def.avalanche);
  EXPECT_EQ(def.balance_factor, 150U);
  EXPECT_EQ(good("hash-preserve-affinity maxqueue").preserve_affinity, PreserveAffinity::maxqueue);
  EXPECT_EQ(good("hash-type map-based none").hash_function, HashFunction::none);
}

TEST_F(BalanceKeywords, ALaterLineReplacesAnEarlierOne) {
  const BalanceDef& def = good("hash-type consistent\nbalance hdr(x) use_domain_only\nbalance uri");
  EXPECT_EQ(def.algorithm, Algorithm::uri);
  EXPECT_FALSE(def.use_domain_only);
  EXPECT_EQ(def.hash_method, HashMethod::consistent);
}

TEST_F(BalanceKeywords, ExplainsWhatIsWrong) {
  EXPECT_THAT(complaint("balance rondrobin"), HasSubstr("unknown balancing algorithm 'rondrobin'"));
  EXPECT_EQ(diagnostics_.all()[0].suggestion, "roundrobin");
  EXPECT_THAT(complaint("balance leastconn(3)"), HasSubstr("unknown"));
  EXPECT_THAT(complaint("balance uri len 0"), HasSubstr("0"));
  EXPECT_THAT(complaint("balance uri hole"), HasSubstr("'whole'"));
  EXPECT_THAT(complaint("balance url_param"), HasSubstr("name of an URL parameter"));
  EXPECT_THAT(complaint("balance url_param a b"), HasSubstr("check_post"));
  EXPECT_THAT(complaint("balance hdr"), HasSubstr("hdr(<name>)"));
  EXPECT_THAT(complaint("balance hdr(x"), HasSubstr("hdr(<name>)"));
  EXPECT_THAT(complaint("balance hdr(x) y"), HasSubstr("use_domain_only"));
  EXPECT_THAT(complaint("balance random(0)"), HasSubstr("at least 1"));
  EXPECT_THAT(complaint("balance random(x)"), HasSubstr("at least 1"));
  EXPECT_THAT(complaint("balance rdp-cookie()"), HasSubstr("rdp-cookie(<name>)"));
  EXPECT_THAT(complaint("balance hash"), HasSubstr("sample expression"));
  EXPECT_THAT(complaint("balance hash src x"), HasSubstr("nothing behind"));
  EXPECT_THAT(complaint("balance log-hash lower x"), HasSubstr("nothing behind"));
  EXPECT_THAT(complaint("hash-type consistent avalanche"), HasSubstr("wt6"));
  EXPECT_THAT(complaint("hash-balance-factor 100"), HasSubstr("greater than 100"));
  EXPECT_THAT(complaint("hash-preserve-affinity never"), HasSubstr("maxqueue"));
  EXPECT_EQ(def_, BalanceDef{});
}

TEST_F(BalanceKeywords, WarnsAboutOldForms) {
  const auto warning = conf::Severity::warning;
  EXPECT_THAT(complaint("balance", warning), HasSubstr("roundrobin"));
  EXPECT_THAT(complaint("balance roundrobin x", warning), HasSubstr("ignores"));
  EXPECT_THAT(complaint("balance url_param a check_post 64", warning), HasSubstr("no meaning"));
  EXPECT_TRUE(def_.check_post);
  EXPECT_THAT(complaint("hash-type avalanche", warning), HasSubstr("old form"));
  EXPECT_TRUE(def_.avalanche);
}

}  // namespace
}  // namespace evenkeel::balance
