// `evenkeel generate keepalived`: the files of the program that moves the address, from our configuration.
#pragma once

#include <span>
#include <string_view>

namespace evenkeel::app {

// args: behind the word "generate". 0; 1 when a file cannot be written; 2 for wrong usage or configuration.
int run_generate(std::span<const std::string_view> args);

}  // namespace evenkeel::app
