// Sessions as `show sess` writes them (management guide 9.3).
//
// The form is HAProxy's, for programs that read it; fields that speak of its scheduler and buffers (ts,
// epoch, calls, cpu, lat, f, an) hold nothing here. A session is known by its address, as there; no other
// address of ours is told.
#pragma once

#include <string>

#include "backends/live_session.h"

namespace evenkeel::control {

// On the session's worker; now: of its clock.
void append_session(std::string& out, const backends::LiveSession& session, unsigned worker, Millis now);
void append_session_in_full(std::string& out, const backends::LiveSession& session, unsigned worker,
                            Millis now);
// `show sess susp`: nothing will ever end it by itself.
bool suspicious(const backends::LiveSession& session, Millis now);

}  // namespace evenkeel::control
