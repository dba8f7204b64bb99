#include "app/tools.h"

#include "lvs/commands.h"

namespace evenkeel::app {

std::optional<int> run_tool(std::span<const std::string_view> args) {
  if (args.empty()) return std::nullopt;
  if (args[0] == "lvs") return lvs::run_command(args.subspan(1));
  return std::nullopt;
}

}  // namespace evenkeel::app
