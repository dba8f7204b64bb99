// What expressions see where nobody is connected.
#pragma once

#include "core/clock.h"
#include "rules/context.h"
#include "rules/scratch.h"
#include "rules/variables.h"
#include "stats/log_date.h"
#include "stats/session_record.h"

namespace evenkeel::rules {

// There are the clock, the process and its variables, which must outlive the context: while the configuration
// is read, and for commands.
class ProcessContext final : public EvalContext {
 public:
  explicit ProcessContext(VariableStore& variables) {
    scratch = &scratch_;
    clock = &clock_;
    log_date = &dates_;
    record = &record_;
    process_vars = &variables;
    record_.accepted_wall_us = clock_.wall_us();
  }

 private:
  Scratch scratch_;
  SystemClock clock_;
  stats::LogDate dates_;
  stats::SessionRecord record_;
};

}  // namespace evenkeel::rules
