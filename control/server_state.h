// `show servers state`, format version 1 (management manual 9.3): also the form of server state files.
#pragma once

#include <string>
#include <string_view>

#include "backends/backend.h"

namespace evenkeel::control {

// The version line and the line of column names.
std::string_view server_state_header() noexcept;
// One line. now: monotonic milliseconds.
void append_server_state(std::string& out, const backends::Server& server, Millis now);

}  // namespace evenkeel::control
