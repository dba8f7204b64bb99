#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "app/command_line.h"
#include "app/offline.h"
#include "app/startup.h"
#include "app/tools.h"

int main(int argc, char** argv) {
  const std::vector<std::string_view> args(argv + (argc > 0 ? 1 : 0), argv + argc);
  if (const auto status = evenkeel::app::run_tool(args)) return *status;
  if (evenkeel::app::is_offline_command(args)) return evenkeel::app::run_offline(args);
  const auto parsed = evenkeel::app::parse_command_line(args);
  if (!parsed.error.empty()) {
    std::fprintf(stderr, "evenkeel: %s\nTry 'evenkeel' alone, or evenkeel(1), for all options.\n",
                 parsed.error.c_str());
    return 1;
  }
  return evenkeel::app::start(parsed.line, std::vector<std::string>(argv, argv + argc));
}
