// What the statistics show of the live objects: one row a frontend, listener, server and backend.
#pragma once

#include <vector>

#include "frontends/engine.h"
#include "stats/info.h"
#include "stats/page.h"
#include "stats/row.h"

namespace evenkeel::frontends {

// legends: addresses, cookies and algorithms are shown too (operators of the socket; `stats show-legends`).
stats::Row row_of(Engine& engine, Frontend& frontend);
stats::Row row_of(Engine& engine, Listener& listener, bool legends);
stats::Row row_of(Engine& engine, backends::Server& server, bool legends);
stats::Row row_of(Engine& engine, backends::Backend& backend, bool legends);

// All proxies in the order of the configuration, a frontend and a backend of one name (`listen`) as one.
std::vector<stats::PageProxy> collect_rows(Engine& engine, bool legends);

// `show info`.
stats::Info process_info(Engine& engine);
// The head of the stats page.
stats::PageProcess page_process(Engine& engine);

// The words of the field status: "UP", "UP 1/3", "DRAIN", "MAINT (via be/s1)", "no check".
std::string status_of(const backends::Server& server);

}  // namespace evenkeel::frontends
