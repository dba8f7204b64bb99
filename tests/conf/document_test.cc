#include "conf/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace evenkeel::conf {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DocumentTest : public ::testing::Test {
 protected:
  Document read(std::string text) {
    return read_document({std::make_shared<const SourceFile>("q.cfg", std::move(text))}, env_, facts_,
                         diagnostics_);
  }
  std::vector<std::string> messages(Severity severity) {
    std::vector<std::string> out;
    for (const Diagnostic& d : diagnostics_.all())
      if (d.severity == severity) out.push_back(d.where.to_string() + " " + d.message);
    return out;
  }
  Environment env_;
  Facts facts_;
  Diagnostics diagnostics_;
};

TEST_F(DocumentTest, SectionsAndStatements) {
  const Document d = read(
      "global#c\n daemon\ndefaults d1\n mode tcp\ndefaults from d1\nlisten l from d1 :80 name x\n no option "
      "x\n");
  ASSERT_EQ(d.sections.size(), 4U);
  EXPECT_EQ(d.sections[1].name, "d1");
  EXPECT_EQ(d.sections[2].name, "");
  EXPECT_EQ(d.sections[2].from->text, "d1");
  const Section& listen = d.sections[3];
  EXPECT_EQ(listen.name, "l");
  EXPECT_EQ(listen.from->text, "d1");
  EXPECT_EQ(listen.header.words[listen.args_from].text, ":80");
  ASSERT_EQ(listen.lines.size(), 1U);
  EXPECT_EQ(listen.lines[0].prefix, Prefix::no);
  EXPECT_EQ(listen.lines[0].words[0].text, "option");
  EXPECT_EQ(listen.lines[0].location().column, 5U);
  EXPECT_TRUE(diagnostics_.all().empty());
}

TEST_F(DocumentTest, HeaderErrors) {
  read("foo\nfrontend\nfrontend a/c\nuserlist a b\nbackend a foo\nbackend a from\nglobal x\nfronted x\n");
  EXPECT_THAT(messages(Severity::error),
              ElementsAre("q.cfg:1 unknown keyword 'foo' out of section", "q.cfg:2 'frontend' expects a name",
                          "q.cfg:3 character '/' is not permitted in 'frontend' name 'a/c'",
                          "q.cfg:4 'userlist' cannot handle unexpected argument 'b'",
                          "q.cfg:6 'from' expects the name of a defaults section in 'backend'",
                          "q.cfg:7 'global' cannot handle unexpected argument 'x'"));
  EXPECT_THAT(messages(Severity::warning),
              ElementsAre("q.cfg:5 'backend' cannot handle unexpected argument 'foo', it has no effect"));
}

TEST_F(DocumentTest, ConditionalBlocks) {
  const Document d = read(
      "global\n.if 1\n a\n.if 0\n b \"unclosed\n.elif 1\n c\n.else\n d\n.endif\n.elif foo\n e\n.endif\n.if "
      "0\n.if foo\n"
      ".endif\n.else\n f\n.endif\n");
  std::vector<std::string> words;
  for (const Statement& s : d.sections.at(0).lines) words.push_back(s.words[0].text);
  EXPECT_THAT(words, ElementsAre("a", "c", "f"));
  EXPECT_TRUE(diagnostics_.all().empty());
}

TEST_F(DocumentTest, BlockErrors) {
  read(
      ".endif\n.else\n.foo\n.if 1\n.else\n.else\n.elif 1\n.endif\n.else x\n.if streq(a\n.endif\n.alert a "
      "b\n.if 1\n");
  EXPECT_THAT(
      messages(Severity::error),
      ElementsAre(
          "q.cfg:1 lone '.endif' with no matching '.if'", "q.cfg:2 lone '.else' with no matching '.if'",
          "q.cfg:3 unknown directive '.foo'", "q.cfg:6 '.else' after '.else' is not permitted",
          "q.cfg:7 '.elif' after '.else' is not permitted", "q.cfg:9 unexpected argument 'x' for '.else'",
          "q.cfg:9 lone '.else' with no matching '.if'",
          "q.cfg:10 expected ')' after the arguments of predicate 'streq' in '.if'",
          "q.cfg:12 unexpected argument 'b' for '.alert', use quotes if the message should contain spaces",
          "q.cfg:13 non-terminated '.if' block"));
}

TEST_F(DocumentTest, Messages) {
  read(".notice x\n.warning \"${.LINE} ${.SECTION}\"\n.diag d\n.alert no\n.if 0\n.alert never\n.endif\n");
  EXPECT_THAT(messages(Severity::notice), ElementsAre("q.cfg:1 'x'"));
  EXPECT_THAT(messages(Severity::warning), ElementsAre("q.cfg:2 '2 '"));
  EXPECT_THAT(messages(Severity::diag), ElementsAre("q.cfg:3 'd'"));
  EXPECT_THAT(messages(Severity::error), ElementsAre("q.cfg:4 'no'"));
}

TEST_F(DocumentTest, EnvironmentCommandsActWhileReading) {
  env_.set("V", "old");
  env_.set("W", "w");
  read(
      "global\n presetenv V new\n setenv Q 1\n unsetenv W\n.notice \"$V $Q ${W-none}\"\n resetenv Q\n.notice "
      "\"${V-none} $Q\"\n"
      " setenv Q\n unsetenv\n no setenv A b\n setenv Q a b\n");
  EXPECT_THAT(messages(Severity::notice), ElementsAre("q.cfg:5 'old 1 none'", "q.cfg:7 'none 1'"));
  EXPECT_EQ(messages(Severity::error).size(), 3U);
  EXPECT_EQ(messages(Severity::warning).size(), 1U);
  EXPECT_EQ(env_.get("Q"), "a");
}

TEST_F(DocumentTest, AddressesResolveBracesOutsideQuotes) {
  env_.set("H", "127.0.0.1");
  const Document d = read("listen l\n bind ${H}:80\n option ${H}\n server a '${H}':1\n");
  EXPECT_EQ(d.sections[0].lines[0].words[1].text, "127.0.0.1:80");
  EXPECT_EQ(d.sections[0].lines[1].words[1].text, "${H}");
  EXPECT_EQ(d.sections[0].lines[2].words[2].text, "${H}:1");
}

TEST_F(DocumentTest, TextOddities) {
  read("global\r\n daemon\r\n foo");
  EXPECT_THAT(messages(Severity::warning),
              ElementsAre(HasSubstr("q.cfg:1 line ends with CR LF"), HasSubstr("q.cfg:3 missing LF")));
  EXPECT_FALSE(diagnostics_.has_errors());
  read(std::string("global\n fo\0o\n", 13));
  EXPECT_THAT(messages(Severity::error), ElementsAre(HasSubstr("q.cfg:2 NUL byte")));
}

TEST_F(DocumentTest, EachFileBeginsWithASection) {
  const auto one = std::make_shared<const SourceFile>("a", "global\n daemon\n");
  const auto two = std::make_shared<const SourceFile>("b", " daemon\n");
  read_document({one, two}, env_, facts_, diagnostics_);
  EXPECT_THAT(messages(Severity::error), ElementsAre("b:1 unknown keyword 'daemon' out of section"));
}

TEST_F(DocumentTest, MissingFilesAreErrors) {
  load_document({"/nonexistent/x.cfg"}, env_, facts_, diagnostics_);
  EXPECT_TRUE(diagnostics_.has_errors());
}

}  // namespace
}  // namespace evenkeel::conf
