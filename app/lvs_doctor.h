// `evenkeel lvs doctor [-f FILE]...`: what the configuration wants, beside what this machine has.
#pragma once

#include <span>
#include <string_view>

namespace evenkeel::app {

// args: behind "doctor". 0: no problem found, 1: some, 2: wrong usage or no valid configuration.
int run_lvs_doctor(std::span<const std::string_view> args);

}  // namespace evenkeel::app
