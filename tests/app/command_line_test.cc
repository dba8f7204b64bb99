#include "app/command_line.h"

#include <gmock/gmock.h>

namespace evenkeel::app {
namespace {

using Action = CommandLine::Action;
using testing::ElementsAre;
using testing::HasSubstr;

ParsedCommandLine parse(std::initializer_list<std::string_view> args) {
  const std::vector<std::string_view> list(args);
  return parse_command_line(list);
}

CommandLine good(std::initializer_list<std::string_view> args) {
  const auto parsed = parse(args);
  EXPECT_EQ(parsed.error, "");
  return parsed.line;
}

TEST(CommandLine, WithoutFilesExplainsItself) {
  EXPECT_EQ(good({}).action, Action::usage);
  EXPECT_EQ(good({"-c"}).action, Action::usage);
  EXPECT_EQ(good({"-D"}).action, Action::usage);
}

TEST(CommandLine, CollectsFilesInOrder) {
  const auto line = good({"-f", "a.cfg", "-D", "-f", "conf.d", "--", "b.cfg", "-c"});
  EXPECT_THAT(line.config_paths, ElementsAre("a.cfg", "conf.d", "b.cfg", "-c"));
  EXPECT_EQ(line.action, Action::serve);
  EXPECT_TRUE(line.daemon);
}

TEST(CommandLine, RunsWhatTestHarnessesPass) {
  const auto line = good({"-dM", "-de", "-m", "50", "-d", "-f", "/tmp/cfg", "-p", "/tmp/pid"});
  EXPECT_EQ(line.poison, 0x50);
  EXPECT_TRUE(line.no_epoll);
  EXPECT_EQ(line.memory_mb, 50U);
  EXPECT_TRUE(line.debug);
  EXPECT_EQ(line.pidfile, "/tmp/pid");
}

TEST(CommandLine, ReadsMemoryOptions) {
  EXPECT_EQ(good({"-dM0", "-f", "x"}).poison, 0);
  EXPECT_EQ(good({"-dM0x41,no-merge,tag", "-f", "x"}).poison, 0x41);
  EXPECT_EQ(good({"-dMno-poison", "-f", "x"}).poison, std::nullopt);
  EXPECT_EQ(good({"-dMtag", "-f", "x"}).poison, std::nullopt);
  EXPECT_EQ(good({"-dMtag,poison", "-f", "x"}).poison, 0x50);
  EXPECT_THAT(good({"-dM7,no-merge,tag", "-dZ", "-dt", "h1:user", "-f", "x"}).without_meaning,
              ElementsAre("-dMno-merge", "-dMtag", "-dZ", "-dt"));
  EXPECT_EQ(good({"-dMhelp"}).action, Action::memory);
  EXPECT_THAT(parse({"-dMfoo", "-f", "x"}).error, HasSubstr("unknown debugging feature 'foo'"));
  EXPECT_THAT(parse({"-dM300", "-f", "x"}).error, HasSubstr("no byte"));
}

TEST(CommandLine, ListsOfProcessesEndAtAnOption) {
  const auto line = good({"-sf", "12", "13 14\n", "-st", "-f", "x"});
  EXPECT_THAT(line.finish, ElementsAre(12, 13, 14));
  EXPECT_TRUE(line.terminate.empty());
  EXPECT_THAT(parse({"-sf", "abc", "-f", "x"}).error, HasSubstr("'abc'"));
  EXPECT_THAT(parse({"-st", "0"}).error, HasSubstr("'0'"));
}

TEST(CommandLine, ChecksAndConditions) {
  EXPECT_EQ(good({"-c", "-f", "x"}).action, Action::check);
  EXPECT_EQ(good({"-V", "-q", "-f", "x", "-c"}).action, Action::check);
  const auto line = good({"-cc", "streq(a,b)", "-f", "x"});
  EXPECT_EQ(line.action, Action::condition);
  EXPECT_EQ(line.condition, "streq(a,b)");
}

TEST(CommandLine, MasterModeImpliedBySystemd) {
  EXPECT_TRUE(good({"-W", "-f", "x"}).master);
  const auto line = good({"-Ws", "-f", "x"});
  EXPECT_TRUE(line.master);
  EXPECT_TRUE(line.systemd);
}

TEST(CommandLine, NamesVersionsAndKeywords) {
  EXPECT_EQ(good({"-v"}).action, Action::version);
  EXPECT_EQ(good({"-vv"}).action, Action::build_info);
  EXPECT_EQ(good({"-dKcfg,cli"}).action, Action::keywords);
  EXPECT_EQ(good({"-dK"}).keyword_classes, "help");
  EXPECT_EQ(good({"-dKall", "-c", "-f", "x"}).action, Action::check);
}

TEST(CommandLine, RefusesByName) {
  EXPECT_THAT(parse({"-zz"}).error, HasSubstr("unknown option '-zz'"));
  EXPECT_THAT(parse({"x.cfg"}).error, HasSubstr("unexpected argument 'x.cfg'"));
  EXPECT_THAT(parse({"-S"}).error, HasSubstr("'-S' needs a value"));
  EXPECT_THAT(parse({"-dCx"}).error, HasSubstr("'x' is no key"));
  EXPECT_THAT(parse({"-f"}).error, HasSubstr("'-f' needs a value"));
  EXPECT_THAT(parse({"-n", "ten"}).error, HasSubstr("needs a number, not 'ten'"));
  EXPECT_THAT(parse({"-x", "-c"}).error, HasSubstr("'-x'"));
  EXPECT_THAT(parse({"--format", "xml"}).error, HasSubstr("not 'xml'"));
}

TEST(CommandLine, FormatsDiagnosticsForPrograms) {
  EXPECT_TRUE(good({"--format", "json", "-c", "-f", "x"}).json);
  EXPECT_TRUE(good({"--format=json", "-c", "-f", "x"}).json);
  EXPECT_FALSE(good({"--format=text", "-c", "-f", "x"}).json);
}

}  // namespace
}  // namespace evenkeel::app
