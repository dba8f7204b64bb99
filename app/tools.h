// Subcommands: `evenkeel lvs ...` and `evenkeel import ...`, which do one thing and end.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace evenkeel::app {

// args: without the program's name. The exit status; nullopt when the first word names no subcommand.
std::optional<int> run_tool(std::span<const std::string_view> args);

}  // namespace evenkeel::app
