#include "rules/expression.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "rules/compile_env.h"
#include "tests/rules/test_session.h"

namespace evenkeel::rules {
namespace {

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    out += "0123456789ABCDEF"[static_cast<unsigned char>(c) >> 4U];
    out += "0123456789ABCDEF"[static_cast<unsigned char>(c) & 15U];
  }
  return out;
}

std::string unescape(std::string text) {
  for (std::size_t i = text.find("\\t"); i != std::string::npos; i = text.find("\\t", i))
    text.replace(i, 2, "\t");
  return text;
}

// As a log-format text sees it: nothing for a sample that does not exist.
std::string value_of(const std::string& text, EvalContext& ctx, CompileEnv& env) {
  const auto expression = Expression::compile(text, env);
  if (!expression) return "error: " + expression.error().message;
  Sample sample;
  if (!expression->eval(ctx, sample)) return {};
  return std::string(as_text(sample, *ctx.scratch));
}

constexpr std::string_view kPlain =
    "GET /a/b?x=1&y=two HTTP/1.1\r\nHost: www.Example.com:8080\r\nX: one, two\r\nX: three\r\n"
    "Cookie: a=1; b=2\r\nQ: \"a,b\", c,,d\r\nN: 42\r\nEmpty:\r\n"
    "Accept-Language: de;q=0.5, en-GB;q=0.8, fr\r\nX-Forwarded-For: 192.0.2.7, 2001:db8::1\r\n"
    "Authorization: Basic dXNlcjpwYXNz\r\n\r\n";
constexpr std::string_view kPost =
    "POST /p%20q/r?z&x=%41+b HTTP/1.1\r\nHost: h.test:81\r\nContent-Length: 18\r\n\r\nk=v&name=J%C3%BCrg";

// Every line of the table is a question that the oracle answered.
TEST(Expression, AnswersAsTheOracleDid) {
  std::ifstream table(EVENKEEL_SOURCE_DIR "/tests/rules/vectors/expressions.tsv");
  ASSERT_TRUE(table);
  CompileEnv env;
  std::string line;
  int asked = 0;
  int wrong = 0;
  while (std::getline(table, line)) {
    if (line.empty() || line.front() == '#') continue;
    const std::size_t one = line.find('\t');
    const std::size_t two = line.rfind('\t');
    const std::string expression = unescape(line.substr(one + 1, two - one - 1));
    if (expression == "http_first_req") continue;  // the data plane knows
    TestSession session(line.substr(0, one) == "plain" ? kPlain : kPost);
    ++asked;
    const std::string value = hex(value_of(expression, session, env));
    if (value == line.substr(two + 1)) continue;
    if (++wrong <= 400)
      ADD_FAILURE() << expression << "\n  oracle " << line.substr(two + 1) << "\n  ours   " << value;
  }
  EXPECT_GT(asked, 2000);
  EXPECT_EQ(wrong, 0) << "of " << asked;
}

TEST(Expression, SaysWhatIsWrongAndWhere) {
  CompileEnv env;
  const auto refused = [&](std::string_view text) {
    const auto expression = Expression::compile(text, env);
    return expression ? ExpressionError{} : expression.error();
  };
  EXPECT_EQ(refused("pahth").message, "unknown fetch 'pahth'; did you mean 'path'?");
  EXPECT_EQ(refused("ssl_fc_sni").message,
            "fetch 'ssl_fc_sni' is known to HAProxy and not supported by Evenkeel yet");
  EXPECT_EQ(refused("path,lowr").offset, 5U);
  EXPECT_EQ(refused("path,lowr").length, 4U);
  EXPECT_EQ(refused("path,sha3").message, "unknown converter 'sha3'; did you mean 'sha1'?");
  EXPECT_NE(refused("int(x)").message.find("must be an integer"), std::string::npos);
  EXPECT_NE(refused("req.hdr(a,b)").message.find("must be an integer"), std::string::npos);
  EXPECT_NE(refused("str(a").message.find("missing ')'"), std::string::npos);
  EXPECT_NE(refused("path,field(0,/)").message.find("counted from 1"), std::string::npos);
  EXPECT_NE(refused("path,regsub('(',x)").message.size(), 0U);
  EXPECT_NE(refused("http_auth(nobody)").message.find("no userlist"), std::string::npos);
  EXPECT_NE(refused("path lower").message.find("does not belong"), std::string::npos);
}

TEST(Expression, KnowsWhereASampleHasAMeaning) {
  CompileEnv env;
  EXPECT_TRUE(Expression::compile("req.hdr(host)", env)->usable_in(at(Place::fe_http_request)));
  EXPECT_FALSE(Expression::compile("req.hdr(host)", env)->usable_in(at(Place::fe_http_response)));
  EXPECT_FALSE(Expression::compile("res.hdr(server)", env)->usable_in(at(Place::be_http_request)));
  EXPECT_TRUE(Expression::compile("src", env)->usable_in(at(Place::fe_tcp_connection)));
}

TEST(Expression, ReadsAndWritesVariables) {
  TestSession session;
  CompileEnv env;
  EXPECT_EQ(value_of("var(txn.x)", session, env), "");
  EXPECT_EQ(value_of("var(txn.x,fallback)", session, env), "fallback");
  EXPECT_EQ(value_of("path,set-var(txn.x),length", session, env), "4");
  EXPECT_EQ(value_of("var(txn.x)", session, env), "/a/b");
  EXPECT_EQ(value_of("int(3),set-var(txn.n)", session, env), "3");
  EXPECT_EQ(value_of("int(4),add(txn.n)", session, env), "7");
  EXPECT_EQ(value_of("str(x),concat(-,txn.x,!)", session, env), "x-/a/b!");
  EXPECT_EQ(value_of("str(y),set-var(txn.x,ifnotset),unset-var(txn.n)", session, env), "y");
  EXPECT_EQ(value_of("var(txn.x)", session, env), "/a/b");
  EXPECT_EQ(value_of("var(txn.n)", session, env), "");
}

TEST(Expression, LooksUpMaps) {
  TestSession session;
  CompileEnv env;
  env.read_file = [](const std::string& path, std::string& content) {
    if (path == "hosts")
      content = "# hosts\nwww.example.com be_www\n\nexample.com   be_other  \n10.0.0.0/8 net\n";
    if (path == "nets") content = "127.0.0.0/8 5\n::1 6\n";
    if (path == "regs") content = "^/(.)/(.)$ \\2\\1\n";
    return path == "hosts" || path == "nets" || path == "regs";
  };
  EXPECT_EQ(value_of("req.hdr(host),lower,field(1,:),map(hosts,none)", session, env), "be_www");
  EXPECT_EQ(value_of("str(nowhere),map(hosts,none)", session, env), "none");
  EXPECT_EQ(value_of("str(nowhere),map(hosts)", session, env), "");
  EXPECT_EQ(value_of("str(a.example.com.b),map_dom(hosts)", session, env), "be_other");
  EXPECT_EQ(value_of("src,map_ip_int(nets)", session, env), "5");
  EXPECT_EQ(value_of("path,map_regm(regs)", session, env), "ba");
  EXPECT_NE(value_of("path,map_str_int(hosts)", session, env).find("unable to parse"), std::string::npos);
  EXPECT_NE(value_of("path,map(nofile)", session, env).find("cannot read 'nofile'"), std::string::npos);
}

}  // namespace
}  // namespace evenkeel::rules
