#include "backends/check_expressions.h"

#include <gtest/gtest.h>

namespace evenkeel::backends {
namespace {

struct Case {
  const char* text;
  const char* result;
};

std::string expand(const Result<health::Template, std::string>& compiled) {
  if (!compiled) return "error: " + compiled.error();
  std::vector<std::pair<std::string, std::string>> vars = {{"check.port", "1234"}};
  const health::CheckScope scope{"app", "web1", "+PONG\r\n", &vars};
  std::string out;
  compiled->append_to(scope, out);
  return out;
}

TEST(CheckFormats, ReadTheServerAndItsVariables) {
  rules::CompileEnv env;
  const auto compile = check_formats(env);
  for (const Case& c : {Case{"PING", "PING"}, Case{"%[var(check.port)]", "1234"},
                        Case{"%[be_name]/%[srv_name]", "app/web1"}, Case{"a %[str(x),upper] b", "a X b"}})
    EXPECT_EQ(expand(compile(c.text)), c.result) << c.text;
}

TEST(CheckExpressions, AreCompiledForChecks) {
  rules::CompileEnv env;
  const auto compile = check_expressions(env);
  for (const Case& c : {Case{"int(5)", "5"}, Case{"str(abc)", "abc"}, Case{"var(check.port),add(1)", "1235"}})
    EXPECT_EQ(expand(compile(c.text)), c.result) << c.text;
  EXPECT_FALSE(compile("nothing_of_the_kind"));
  EXPECT_FALSE(compile("path"));  // there is no request
}

}  // namespace
}  // namespace evenkeel::backends
