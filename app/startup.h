// From a parsed command line to a running process and its exit code.
#pragma once

#include <string>
#include <vector>

#include "app/command_line.h"

namespace evenkeel::app {

// argv: as the process was started, for reloads of the master process.
int start(const CommandLine& line, std::vector<std::string> argv);

}  // namespace evenkeel::app
