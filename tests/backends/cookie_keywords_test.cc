#include "backends/cookie_keywords.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conf/document.h"

namespace evenkeel::backends {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CookieKeywords : public ::testing::Test {
 protected:
  void run(const std::string& lines) {
    diagnostics_.clear();
    def_ = {};
    const auto file = std::make_shared<const conf::SourceFile>("b.cfg", "backend b\n" + lines + "\n");
    const conf::Document document = conf::read_document({file}, env_, facts_, diagnostics_);
    const conf::KeywordTable<CookieDef> table{cookie_keywords()};
    for (const conf::Statement& line : document.sections.at(0).lines) {
      conf::Args args(line, conf::SectionKind::backend, diagnostics_);
      EXPECT_EQ(conf::apply_statement(table, def_, args), conf::Applied::yes);
    }
  }
  const CookieDef& good(const std::string& lines) {
    run(lines);
    EXPECT_TRUE(diagnostics_.all().empty()) << diagnostics_.render_text({});
    return def_;
  }
  std::string complaint(const std::string& lines, conf::Severity severity = conf::Severity::error) {
    run(lines);
    if (diagnostics_.all().size() != 1) return diagnostics_.render_text({});
    EXPECT_EQ(diagnostics_.all()[0].severity, severity);
    return diagnostics_.all()[0].message;
  }

  conf::Environment env_;
  conf::Facts facts_;
  conf::Diagnostics diagnostics_;
  CookieDef def_;
};

TEST_F(CookieKeywords, ReadsEveryOption) {
  EXPECT_EQ(good("cookie SRV").mode, CookieMode::passive);
  EXPECT_EQ(good("cookie SRV rewrite").mode, CookieMode::rewrite);
  EXPECT_EQ(good("cookie SRV prefix indirect").mode, CookieMode::prefix);
  const CookieDef& def = good(
      "dynamic-cookie-key k\ncookie insert insert indirect nocache postonly preserve httponly secure dynamic "
      "domain .a.b domain c.d maxidle 30m maxlife 90 attr SameSite=Lax attr \"x y\"");
  EXPECT_EQ(def.name, "insert");
  EXPECT_EQ(def.mode, CookieMode::insert);
  EXPECT_TRUE(def.indirect && def.nocache && def.postonly && def.preserve && def.httponly && def.secure &&
              def.dynamic);
  EXPECT_THAT(def.domains, ElementsAre(".a.b", "c.d"));
  EXPECT_THAT(def.attributes, ElementsAre("SameSite=Lax", "x y"));
  EXPECT_EQ(def.maxidle, 1800U);
  EXPECT_EQ(def.maxlife, 90U);
  EXPECT_EQ(def.dynamic_key, "k");
  EXPECT_EQ(good("cookie A insert secure\ncookie B prefix").secure, false) << "the last line counts, alone";
}

TEST_F(CookieKeywords, ExplainsWhatIsWrong) {
  EXPECT_THAT(complaint("cookie"), HasSubstr("name of a cookie"));
  EXPECT_THAT(complaint("cookie S insert prefix"), HasSubstr("exclude"));
  EXPECT_THAT(complaint("cookie S rewrite indirect"), HasSubstr("exclude"));
  EXPECT_THAT(complaint("cookie S preserve"), HasSubstr("needs"));
  EXPECT_THAT(complaint("cookie S inser"), HasSubstr("does not know 'inser'"));
  EXPECT_EQ(diagnostics_.all()[0].suggestion, "insert");
  EXPECT_THAT(complaint("cookie S insert domain"), HasSubstr("domain name"));
  EXPECT_THAT(complaint("cookie S insert domain a;b"), HasSubstr("not a domain name"));
  EXPECT_THAT(complaint("cookie S insert attr a;b"), HasSubstr("control characters"));
  EXPECT_THAT(complaint("cookie S insert maxidle 5x"), HasSubstr("'x' in 'maxidle'"));
  EXPECT_THAT(complaint("dynamic-cookie-key"), HasSubstr("secret key"));
  EXPECT_FALSE(def_.on());
}

TEST_F(CookieKeywords, WarnsAboutWhatWillNotWork) {
  EXPECT_THAT(complaint("cookie S insert domain x", conf::Severity::warning), HasSubstr("no dot"));
  EXPECT_THAT(complaint("cookie S prefix maxlife 5m", conf::Severity::warning), HasSubstr("'insert'"));
}

}  // namespace
}  // namespace evenkeel::backends
