#include "frontends/log_profile.h"

#include <gmock/gmock.h>

#include "conf/document.h"
#include "rules/compile_env.h"
#include "rules/log_format.h"

namespace evenkeel::frontends {
namespace {

using stats::LogStep;
using ::testing::HasSubstr;

class LogProfileTest : public ::testing::Test {
 protected:
  LogProfile profile(const std::string& lines) {
    const auto file = std::make_shared<const conf::SourceFile>("k.cfg", "log-profile p\n" + lines + "\n");
    const conf::Document document = conf::read_document({file}, env_, facts_, diagnostics_);
    const conf::KeywordTable<LogProfileDraft> table{log_profile_keywords()};
    LogProfileDraft draft;
    draft.name = "p";
    for (const conf::Statement& statement : document.sections.at(0).lines) {
      conf::Args args(statement, document.sections[0].kind, diagnostics_);
      EXPECT_NE(conf::apply_statement(table, draft, args), conf::Applied::unknown);
    }
    rules::CompileEnv env;
    return compile_log_profile(draft, env, diagnostics_);
  }
  std::string complaint(const std::string& line) {
    diagnostics_.clear();
    profile(line);
    return diagnostics_.has_errors() ? diagnostics_.all().front().message : "";
  }

  conf::Environment env_;
  conf::Facts facts_;
  conf::Diagnostics diagnostics_;
};

TEST_F(LogProfileTest, AStepWithoutWordsIsTheProxysLine) {
  const LogProfile made = profile("log-tag tagged");
  EXPECT_EQ(made.name, "p");
  EXPECT_EQ(made.tag, "tagged");
  for (std::size_t i = 0; i < stats::kAllLogSteps; ++i) {
    const LogProfile::Step& step = made.at(static_cast<LogStep>(i));
    EXPECT_FALSE(step.given || step.drop || step.line || step.structured) << i;
  }
}

TEST_F(LogProfileTest, AnyIsForStepsThatHaveNoneOfTheirOwn) {
  const LogProfile made = profile("on any drop\non close format \"%ci\"\non error sd \"[a@1 b=c]\"");
  EXPECT_FALSE(diagnostics_.has_errors());
  EXPECT_TRUE(made.at(LogStep::accept).drop);
  EXPECT_TRUE(made.at(LogStep::http_after_res).drop);
  EXPECT_FALSE(made.at(LogStep::close).drop);
  EXPECT_NE(made.at(LogStep::close).line, nullptr);
  EXPECT_EQ(made.at(LogStep::close).structured, nullptr);
  EXPECT_EQ(made.at(LogStep::error).line, nullptr);
  EXPECT_NE(made.at(LogStep::error).structured, nullptr);
}

TEST_F(LogProfileTest, TheLastLineForAStepCounts) {
  const LogProfile made = profile("on close drop\non close format x sd y");
  EXPECT_FALSE(made.at(LogStep::close).drop);
  EXPECT_NE(made.at(LogStep::close).line, nullptr);
  EXPECT_NE(made.at(LogStep::close).structured, nullptr);
}

TEST_F(LogProfileTest, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(complaint("on"), HasSubstr("a step"));
  EXPECT_THAT(complaint("on nowhere drop"), HasSubstr("unknown step 'nowhere', known are accept, "));
  EXPECT_THAT(complaint("on quic-init drop"), HasSubstr("no QUIC"));
  EXPECT_THAT(complaint("on close keep"), HasSubstr("not 'keep'"));
  EXPECT_THAT(complaint("on close format"), HasSubstr("a log format string"));
  EXPECT_THAT(complaint("on close sd"), HasSubstr("a log format string"));
  EXPECT_THAT(complaint("log-tag"), HasSubstr("a tag"));
  EXPECT_THAT(complaint("on close format %[nonsense]"), HasSubstr("nonsense"));
  EXPECT_EQ(complaint("on close drop"), "");
}

TEST_F(LogProfileTest, EveryStepHasItsPlace) {
  const char* const words[] = {"accept",   "request",      "connect",       "response",     "close",
                               "error",    "tcp-req-conn", "tcp-req-sess",  "tcp-req-cont", "tcp-res-cont",
                               "http-req", "http-res",     "http-after-res"};
  static_assert(std::size(words) == stats::kAllLogSteps);
  std::string lines;
  for (const std::string word : words) lines += "on " + word + " format " + word + "\n";
  const LogProfile made = profile(lines);
  for (std::size_t i = 0; i < std::size(words); ++i) {
    const LogProfile::Step& step = made.at(static_cast<LogStep>(i));
    ASSERT_NE(step.line, nullptr) << words[i];
    EXPECT_EQ(step.line->source(), words[i]);
  }
}

TEST_F(LogProfileTest, ALineWithAComplaintChangesNothing) {
  const LogProfile made = profile("on close format good\non close drop extra");
  EXPECT_TRUE(diagnostics_.has_errors());
  EXPECT_FALSE(made.at(LogStep::close).drop);
  ASSERT_NE(made.at(LogStep::close).line, nullptr);
}

// Formats are compiled last, and a bad one is told where it stands.
TEST_F(LogProfileTest, BadFormatsAreToldWithTheirPlace) {
  const LogProfile made = profile("on accept format fine\non close format fine sd %[nonsense]");
  ASSERT_TRUE(diagnostics_.has_errors());
  EXPECT_EQ(diagnostics_.all().front().where.line, 3U);
  EXPECT_NE(made.at(LogStep::accept).line, nullptr);
  EXPECT_EQ(made.at(LogStep::close).structured, nullptr);
}

TEST(LogSteps, RulesHaveStepsThatLogStepsDoesNotName) {
  EXPECT_EQ(log_step("accept"), LogStep::accept);
  EXPECT_EQ(log_step("error"), LogStep::error);
  EXPECT_EQ(log_step("http-req"), std::nullopt);
  EXPECT_EQ(log_step("any"), std::nullopt);
  EXPECT_EQ(log_step(""), std::nullopt);
  EXPECT_EQ(log_step_names(), "accept, request, connect, response, close, error");
  EXPECT_EQ(log_origin(LogStep::close), "txn_close");
  EXPECT_EQ(log_origin(LogStep::error), "sess_error");
  EXPECT_EQ(log_origin(LogStep::tcp_req_cont), "tcp-req-cont");
}

}  // namespace
}  // namespace evenkeel::frontends
