// The end of every session and request: counted and logged once, from its record.
#pragma once

#include "frontends/client_session.h"
#include "stats/session_record.h"

namespace evenkeel::frontends {

// Fills what the record takes from the connection itself.
void begin_record(stats::SessionRecord& record, ClientConnection& client);
// Gives the session or request its number (%rt).
void number_record(stats::SessionRecord& record, ClientConnection& client);
// The addresses of the server's connection, asked of the kernel only where a log-format may show them.
void note_server_addresses(stats::SessionRecord& record, const ClientConnection& client,
                           const FdStream& server);
// Adds the record to the counters of frontend, backend and server (null where there was none) and writes the
// log line. tried: the server that was to take it, also when it could not be reached.
void finish_record(stats::SessionRecord& record, ClientConnection& client, backends::Backend* backend,
                   backends::Server* server, backends::Server* tried = nullptr);

}  // namespace evenkeel::frontends
