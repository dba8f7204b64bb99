#include "app/dump.h"

#include <gmock/gmock.h>

namespace evenkeel::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

conf::Document read(const std::string& text) {
  conf::Environment environment;
  conf::Diagnostics diagnostics;
  return conf::read_document({std::make_shared<conf::SourceFile>("t.cfg", text)}, environment, {},
                             diagnostics);
}

const std::unordered_set<std::string> kWords = {"backend", "server",       "no",         "option",
                                                "httpchk", "http-request", "set-header", "hdr",
                                                "lower",   "timeout",      "if"};

TEST(Dump, DropsCommentsAndIndentsAlike) {
  EXPECT_EQ(
      dump_document(read("backend b # that one\n      no option httpchk\n\nbackend c\ntimeout server 5s\n"),
                    0, kWords),
      "backend b\n\tno option httpchk\n\nbackend c\n\ttimeout server 5s\n");
}

TEST(Dump, CanBeReadAgain) {
  const std::string text =
      "backend b\n\thttp-request set-header x \"a  b # \\\"c\\\" \\\\d \\t\" if TRUE\n\tdescription \"\"\n";
  const std::string once = dump_document(read(text), 0, kWords);
  EXPECT_EQ(dump_document(read(once), 0, kWords), once);
  EXPECT_EQ(read(once).sections[0].lines[0].words[3].text, "a  b # \"c\" \\d \t");
}

TEST(Dump, AKeyHidesWhatIsNotPublic) {
  const auto document = read(
      "backend secret\n server topsecret 10.1.2.3:80 weight 12\n http-request set-header x "
      "%[hdr(cookie),lower]\nbackend other\n use secret\n");
  const std::string out = dump_document(document, 17, kWords);
  EXPECT_THAT(out, Not(HasSubstr("secret")));
  EXPECT_THAT(out, Not(HasSubstr("10.1")));
  EXPECT_THAT(out, Not(HasSubstr("cookie")));
  EXPECT_THAT(out, HasSubstr(" 12\n"));
  const std::string name = out.substr(8, out.find('\n') - 8);
  EXPECT_THAT(out.substr(30), HasSubstr(name));  // equal words stay equal
  EXPECT_NE(dump_document(document, 18, kWords), out);
}

}  // namespace
}  // namespace evenkeel::app
