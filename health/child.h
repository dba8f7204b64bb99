// A child process with a time limit: the body of an external check.
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "core/task.h"
#include "core/worker.h"

namespace evenkeel::health {

struct ChildResult {
  bool started = false;
  bool timed_out = false;
  int wait_status = 0;  // as waitpid() yields it; meaningful when started
};

// Runs file with arguments (the first is its name) and environment, standard input from /dev/null, the other
// standard descriptors shared with us, in a process group of its own. When the time is over the whole group
// gets SIGTERM, and SIGKILL a second later, so that neither the child nor what it started outlives its check
// for long.
Task<ChildResult> run_child(Worker& worker, std::string file, std::vector<std::string> arguments,
                            std::vector<std::string> environment, Millis timeout);

}  // namespace evenkeel::health
