#include "rules/log_format.h"

#include <gtest/gtest.h>

#include "rules/compile_env.h"
#include "tests/rules/test_session.h"

namespace evenkeel::rules {
namespace {

constexpr std::string_view kRequest =
    "GET /a%20b?x=1&y=two HTTP/1.1\r\nHost: h\r\nX: one, two\r\nQ: a\"b\\c]d\r\n\r\n";

std::string print(const std::string& text, LogFormat::Use use = LogFormat::Use::rule) {
  CompileEnv env;
  const auto format = LogFormat::compile(text, env, at(Place::fe_http_request), use);
  if (!format) return "error at " + std::to_string(format.error().offset) + ": " + format.error().message;
  TestSession session(kRequest);
  session.session_record.accepted_wall_us = 1'795'222'511'025'000;
  std::string out;
  format->append(session, out);
  EXPECT_EQ(std::string(format->eval(session)), out);
  return out;
}

struct Case {
  const char* format;
  const char* expected;
};
class LogFormatCases : public ::testing::TestWithParam<Case> {};

TEST_P(LogFormatCases, PrintAsTheOracleDoes) { EXPECT_EQ(print(GetParam().format), GetParam().expected); }

INSTANTIATE_TEST_SUITE_P(
    Rules, LogFormatCases,
    ::testing::ValuesIn(std::vector<Case>{
        {"", ""},
        {"plain %% text", "plain % text"},
        {"%{+Q}[hdr(x)]", "\"two\""},
        {"%{+Q}[hdr(nope)]", "\"\""},
        {"%{+E}[hdr(q)]", "a\\\"b\\\\c\\]d"},
        {"%{+Q,+E}[hdr(q)]", "\"a\\\"b\\\\c\\]d\""},
        {"%{+Q}[hdr(q)]", "\"a\"b\\c]d\""},
        {"%{+X}ci", "7F000001"},
        {"%{+X}cp", "1267"},
        {"%{+X}Ts", "6B00EBEF"},
        {"%{+X}o%ci:%cp-%fp", "7F000001:1267-1F90"},
        {"%{+Q}o%f %{-Q}f", "\"f\" f"},
        {"%HM|%HU|%HP|%HQ|%HV|%HPO", "GET|/a%20b?x=1&y=two|/a%20b|?x=1&y=two|HTTP/1.1|/a%20b"},
        {"%r", "GET /a%20b?x=1&y=two HTTP/1.1"},
        {"%{+Q}r", "\"GET /a%20b?x=1&y=two HTTP/1.1\""},
        {"%ci:%cp %fi:%fp %f %ft %b %s %bi %bp %si %sp", "127.0.0.1:4711 127.0.0.1:8080 f f f <NOSRV>    "},
        {"%B %U %ST %Tr %Tt %sq %bq %rc %rt %lc", "0 0 -1 -1 0 0 0 0 0 0"},
        {"%ms", "025"},
        {"%ts", "--"},
        {"%tsc", "----"},
        {"%CC%CS%hr%hs%hrl%ID", ""},
        {"%{+Q}CC", "\"\""},
        {"%{+Q}hr", ""},
        {"%{+X}[int(255)]", "255"},
        {"%{+json}o%(m)HM dropped %HU %(status)ST%(n)[int(-3)]%(b)[bool(true)]%(x)[hdr(nope)]%(q)[hdr(q)]",
         R"({"m": "GET", "status": -1, "n": -3, "b": true, "x": null, "q": "a\"b\\c]d"})"},
        {"%{+json}o", "{}"},
        {"%{+json}o%(a:str)[int(4)]%(b:sint)[str(12)]%(c:bool)[int(2)]%(d:str)ST%(e:sint)[str(x)]",
         R"({"a": "4", "b": 12, "c": true, "d": "-1", "e": 0})"},
        {"%{+json}o%(a)[str(%E9%C3%A9%01),url_dec]", R"({"a": "\u00E9é\u0001"})"},
        {"v=%{+json}[hdr(q)] %{+json}[bool(false)]", R"(v="a\"b\\c]d" false)"},
        {"%{+cbor}o %[int(4)] and %(colour)[str(blue)]", "BF66636F6C6F757264626C7565FF"},
        {"bool: %{+cbor}[bool(true)]", "bool: F5"},
        {"%{+cbor}[int(-500)]%{+cbor}[int(23)]%{+cbor}[int(65536)]%{+cbor}[hdr(nope)]",
         "3901F3171A00010000F6"},
        {"%{+cbor,+bin}[str(ab)]", "bab"},
        {"%[src]:%[dst_port]_x", "127.0.0.1:8080_x"},
        {"%[path", "error at 2: missing ']' after the sample expression"},
        {"%[pth]", "error at 2: unknown fetch 'pth'; did you mean 'path'?"},
        {"a %zz", "error at 2: there is no log-format alias %zz"},
        {"a % b",
         "error at 2: a '%' begins an alias or a %[sample]; write %% for the character "
         "itself"},
        {"%{+Z}ci", "error at 1: unknown flag '+Z': there are Q, X, E, json, cbor and bin"},
    }));

TEST(LogFormat, ShowsInLogsWhatIsMissingAndWhatIsUnsafe) {
  EXPECT_EQ(print("%[hdr(nope)] %CC %{+Q}CC", LogFormat::Use::log), "- - \"\"");
  EXPECT_EQ(print("%[hdr(q)]", LogFormat::Use::log), "a#22b\\c]d");
  EXPECT_EQ(print("%[str(a%0ab#),url_dec]", LogFormat::Use::log), "a#0Ab#23");
}

}  // namespace
}  // namespace evenkeel::rules
