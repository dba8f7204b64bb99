// The end of every session and request: counted and logged once, from its record.
#pragma once

#include "frontends/client_session.h"
#include "stats/session_record.h"

namespace evenkeel::frontends {

// Fills what the record takes from the connection itself.
void begin_record(stats::SessionRecord& record, ClientConnection& client);
// Adds the record to the counters of frontend, backend and server (null where there was none) and writes the
// log line.
void finish_record(stats::SessionRecord& record, ClientConnection& client, backends::Backend* backend,
                   backends::Server* server);

}  // namespace evenkeel::frontends
