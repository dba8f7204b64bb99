// `evenkeel explain` and `evenkeel test`: questions to a configuration that need no traffic.
#pragma once

#include <span>
#include <string_view>

namespace evenkeel::app {

// Whether the first argument is one of the two words.
bool is_offline_command(std::span<const std::string_view> args) noexcept;
// args: without the program's name, the word first. The exit status: 0 all went well, 1 a case failed, 2
// there is something wrong with arguments, configuration or cases.
int run_offline(std::span<const std::string_view> args);

}  // namespace evenkeel::app
