#include "conf/lexer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace evenkeel::conf {
namespace {

using ::testing::ElementsAre;

// Every expectation below was seen from `haproxy -c` 2.6, apart from those marked "ours".
class LexerTest : public ::testing::Test {
 protected:
  LexerTest() {
    env_.set("V", "a b  c");
    env_.set("E", "");
    env_.set("L", " x y ");
  }
  LexedLine lex(std::string_view line, LexMode mode = LexMode::words) {
    return lex_line(line, {&env_, "q.cfg", 2, "global"}, mode);
  }
  std::vector<std::string> words(std::string_view line, LexMode mode = LexMode::words) {
    const LexedLine out = lex(line, mode);
    EXPECT_FALSE(out.error) << line << ": " << out.error->message;
    std::vector<std::string> texts;
    for (const Word& word : out.words) texts.push_back(word.text);
    return texts;
  }
  unsigned error_column(std::string_view line) {
    const LexedLine out = lex(line);
    return out.error ? out.error->column : 0;
  }
  Environment env_;
};

TEST_F(LexerTest, SeparatesAtUnprotectedWhiteSpaceAndStopsAtHash) {
  EXPECT_THAT(words(" \tbind\t :80  name x # y"), ElementsAre("bind", ":80", "name", "x"));
  EXPECT_THAT(words("a#b"), ElementsAre("a"));
  EXPECT_THAT(words("a\\#b \"c#d\" 'e#f'"), ElementsAre("a#b", "c#d", "e#f"));
  EXPECT_THAT(words("a\vb\fc\rd"), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(words("# only"), ElementsAre());
}

TEST_F(LexerTest, QuotesJoinIntoWords) {
  EXPECT_THAT(words("a\"b c\"d"), ElementsAre("ab cd"));
  EXPECT_THAT(words("a'b c'd\"e f\""), ElementsAre("ab cde f"));
}

TEST_F(LexerTest, Escapes) {
  EXPECT_THAT(words("foo\\ bar"), ElementsAre("foo bar"));
  EXPECT_THAT(words("foo\\x41bar"), ElementsAre("fooAbar"));
  EXPECT_THAT(words("foo\\nbar\\r\\t"), ElementsAre("foo\nbar\r\t"));
  EXPECT_THAT(words("foo\\qbar \"foo\\qbar\""), ElementsAre("foo\\qbar", "foo\\qbar"));
  EXPECT_THAT(words("\"foo\\$bar\" \\x24foo \"\\x24V\""), ElementsAre("foo$bar", "$foo", "$V"));
  EXPECT_THAT(words("abc\\"), ElementsAre("abc\\"));
  EXPECT_THAT(words("\\\\foo 'a\\b'"), ElementsAre("\\foo", "a\\b"));
  EXPECT_THAT(words("\"a\\ b\\tc\\x27\""), ElementsAre("a b\tc'"));
  EXPECT_EQ(error_column("foo\\x4"), 4U);
  EXPECT_EQ(error_column("foo\\xZZ"), 4U);
  EXPECT_EQ(error_column("foo\\x00bar"), 4U) << "ours: HAProxy cuts the word there";
}

TEST_F(LexerTest, VariablesOnlyInWeakQuotes) {
  EXPECT_THAT(words("foo$V '$V' \"$V\""), ElementsAre("foo$V", "$V", "a b  c"));
  EXPECT_THAT(words("\"$V-d\""), ElementsAre("a b  c-d"));
  EXPECT_THAT(words("\"$V$L\""), ElementsAre("a b  c x y "));
  EXPECT_THAT(words("\"${NOPE-def}\" \"${NOPE-de f}\""), ElementsAre("def", "de f"));
  EXPECT_THAT(words("\"${E-def}\"x"), ElementsAre("x"));
  EXPECT_THAT(words("\"${NOPE-a}b}\"y"), ElementsAre("ab}y"));
  EXPECT_THAT(words("\"${.FILE}:${.LINE}:${.SECTION}\" \"$.LINE\""), ElementsAre("q.cfg:2:global", "2"));
}

TEST_F(LexerTest, SplitsLists) {
  EXPECT_THAT(words("foo\"${V[*]}\"bar"), ElementsAre("fooa", "b", "cbar"));
  EXPECT_THAT(words("setenv A \"a ${V[*]} b\""), ElementsAre("setenv", "A", "a a", "b", "c b"));
  EXPECT_THAT(words("x\"${NOPE[*]}\"y"), ElementsAre("xy"));
  EXPECT_THAT(words("setenv A \"${E[*]}\" zz"), ElementsAre("setenv", "A", "", "zz"));
  EXPECT_THAT(words("p\"${L[*]}\""), ElementsAre("p", "x", "y"));
  EXPECT_THAT(words("\"${V[*]-q}\"y"), ElementsAre("a", "b", "cy"));
}

TEST_F(LexerTest, ErrorsPointAtTheirByte) {
  EXPECT_EQ(error_column("\"abc"), 1U);
  EXPECT_EQ(error_column("foo 'abc"), 5U);
  EXPECT_EQ(error_column("\"\\\""), 1U);
  EXPECT_EQ(error_column("\"${V\""), 3U);
  EXPECT_EQ(error_column("\"${V-x\""), 3U);
  EXPECT_EQ(error_column("\"${}\""), 4U);
  EXPECT_EQ(error_column("\"$\""), 3U);
  EXPECT_EQ(error_column("\"$1\""), 3U);
  EXPECT_EQ(error_column("\"${.FOO}x\""), 4U);
  EXPECT_EQ(error_column("\"$.LINEX\""), 3U);
  EXPECT_EQ(error_column("x\"${V[1]}\"y"), 6U);
  EXPECT_EQ(error_column("\"${NOPE:-a}\"y"), 3U);
}

TEST_F(LexerTest, DirectivesKeepTheirExpressionWhole) {
  EXPECT_THAT(words(".if streq(a b,a   b)", LexMode::directive), ElementsAre(".if", "streq(a b,a   b)"));
  EXPECT_THAT(words("  .if streq('a,b',\"$V\") # c", LexMode::directive),
              ElementsAre(".if", "streq(a,b,a b  c)"));
  EXPECT_THAT(words(".if \"${V[*]}\"", LexMode::directive), ElementsAre(".if", "a b c"));
}

TEST_F(LexerTest, KnowsColumnsAndQuotes) {
  const LexedLine out = lex("  ab \"c d\"x");
  ASSERT_EQ(out.words.size(), 2U);
  EXPECT_EQ(out.words[0].column, 3U);
  EXPECT_EQ(out.words[0].length, 2U);
  EXPECT_FALSE(out.words[0].quoted);
  EXPECT_EQ(out.words[1].column, 6U);
  EXPECT_EQ(out.words[1].length, 6U);
  EXPECT_TRUE(out.words[1].quoted);
}

TEST_F(LexerTest, Limits) {
  std::string many = "w";
  for (std::size_t i = 1; i < kMaxWords; ++i) many += " w";
  EXPECT_EQ(words(many).size(), kMaxWords);
  EXPECT_TRUE(lex(many + " w").error);
  EXPECT_FALSE(lex(std::string(kMaxLine, 'x')).error);
  EXPECT_TRUE(lex(std::string(kMaxLine + 1, 'x')).error);
  env_.set("BIG", std::string(kMaxLine - 10, 'x'));
  EXPECT_TRUE(lex("\"$BIG$BIG\"").error);
}

}  // namespace
}  // namespace evenkeel::conf
