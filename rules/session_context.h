// The part of a context that is the same for every session, real or tried.
#pragma once

#include <cstddef>

#include "core/clock.h"
#include "rules/captures.h"
#include "rules/context.h"
#include "rules/rule_sets.h"
#include "rules/scratch.h"
#include "rules/variables.h"

namespace evenkeel::rules {

// Owns what lives as long as a session or its requests: scratch memory, variables, captures.
class SessionContext : public EvalContext {
 protected:
  SessionContext() {
    scratch = &scratch_;
    clock = &clock_;
    session_vars = &session_;
    transaction_vars = &transaction_;
    request_vars = &request_vars_;
    response_vars = &response_vars_;
    request_captures = &request_slots_;
    response_captures = &response_slots_;
  }
  void make_room_for_captures(const RuleSets& sets) {
    request_slots_.values.resize(sets.request_captures.size());
    response_slots_.values.resize(sets.response_captures.size());
  }

  SystemClock clock_;
  Scratch scratch_;
  VariableStore session_;
  VariableStore transaction_;
  VariableStore request_vars_;
  VariableStore response_vars_;
  CaptureSlots request_slots_;
  CaptureSlots response_slots_;
};

}  // namespace evenkeel::rules
