// What the program says about itself: versions, features, usage.
#pragma once

#include <string>
#include <string_view>

#include "conf/condition.h"

namespace evenkeel::app {

std::string version_text();  // -v
std::string build_text();    // -vv
std::string_view usage_text() noexcept;
std::string_view memory_help_text() noexcept;  // -dMhelp
// What .if and -cc are answered from.
conf::Facts build_facts();
// The HAProxy version whose configuration language we speak.
std::string_view compatible_version() noexcept;

}  // namespace evenkeel::app
