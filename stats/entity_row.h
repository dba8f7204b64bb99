// From live state and counters to rows: which field a frontend, listener, backend or server shows, and when
// it stays empty. The facts are what only the entity's owner knows; the rest comes from its counters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stats/counters.h"
#include "stats/row.h"

namespace evenkeel::stats {

// HTTP/1 and HTTP/2 connections open now.
struct OpenStreams {
  std::uint64_t h1_connections = 0;
  std::uint64_t h1_streams = 0;
  std::uint64_t h2_connections = 0;
  std::uint64_t h2_streams = 0;
};

struct FrontendFacts {
  std::string_view name;
  std::uint32_t id = 0;
  bool http = false;
  std::string_view status = "OPEN";  // OPEN, FULL, PAUSED or STOP
  std::uint32_t current = 0;         // open sessions
  std::uint32_t limit = 0;           // maxconn
  std::uint32_t rate_limit = 0;      // rate-limit sessions
  OpenStreams open;
};

struct ListenerFacts {
  std::string_view proxy;
  std::uint32_t proxy_id = 0;
  std::string_view name;  // empty: "sock-<id>"
  std::uint32_t id = 0;
  bool http = false;
  std::string_view status = "OPEN";
  std::uint32_t current = 0;
  std::uint32_t limit = 0;
  std::string_view address;  // "127.0.0.1:80"
};

struct BackendFacts {
  std::string_view name;
  std::uint32_t id = 0;
  bool http = false;
  bool up = true;
  bool has_servers = false;
  std::uint32_t current = 0;
  std::uint32_t limit = 0;  // fullconn
  std::uint32_t queued = 0;
  std::uint32_t weight = 0;       // sum of the usable servers' effective weights
  std::uint32_t user_weight = 0;  // sum of the usable servers' configured weights
  std::uint32_t active = 0;       // usable servers
  std::uint32_t backup = 0;
  std::uint32_t last_change_s = 0;
  std::uint32_t downtime_s = 0;
  std::string_view cookie;     // its name; empty: none
  std::string_view algorithm;  // "roundrobin"
  OpenStreams open;
};

// The last health or agent check.
struct CheckFacts {
  std::string_view status;  // "L7OK", "* L4CON" while one is under way after that; "INI" before the first
  std::string_view words;   // "Layer7 check passed"
  std::optional<std::uint32_t> code;
  std::optional<std::uint64_t> duration_ms;  // empty before the first result
  std::string_view details;                  // "Connection refused"
  std::uint32_t rise = 2;
  std::uint32_t fall = 3;
  std::uint32_t health = 0;  // 0 .. rise + fall - 1
};

// What health and administration make of a server: the input of server_status().
enum class AdminState : std::uint8_t { ready, drain, maintenance };

struct ServerFacts {
  std::string_view proxy;
  std::uint32_t proxy_id = 0;
  std::string_view name;
  std::uint32_t id = 0;
  bool http = false;
  bool backup = false;
  std::string_view status;  // made by server_status()
  std::uint32_t current = 0;
  std::optional<std::uint32_t> limit;  // maxconn
  std::uint32_t queued = 0;
  std::optional<std::uint32_t> queue_limit;  // maxqueue
  std::uint32_t weight = 0;
  std::uint32_t user_weight = 0;
  std::uint32_t last_change_s = 0;
  std::uint32_t downtime_s = 0;
  std::optional<std::uint32_t> throttle;  // percent, during slowstart only
  std::string_view tracked;               // "backend/server"; empty: none
  const CheckFacts* check = nullptr;      // null: no health check
  const CheckFacts* agent = nullptr;
  bool checked = false;   // its checks count, though maintenance may hide their results
  bool observed = false;  // observe layer4|layer7
  std::string_view address;
  std::string_view cookie;
  std::uint32_t idle = 0;  // idle connections, safe and unsafe
  std::uint32_t idle_unsafe = 0;
  std::uint32_t idle_safe = 0;
  std::uint32_t used = 0;                   // server connections in use
  std::uint32_t needed = 0;                 // estimate of those needed
  std::optional<std::uint32_t> idle_limit;  // pool-max-conn
};

// legends: addresses, cookies and algorithms are shown: at levels operator and admin of the socket, and on
// pages with `stats show-legends`.
Row frontend_row(const FrontendFacts& facts, const Totals& totals);
Row listener_row(const ListenerFacts& facts, const Totals& totals, bool legends);
Row backend_row(const BackendFacts& facts, const Totals& totals, bool legends);
Row server_row(const ServerFacts& facts, const Totals& totals, bool legends);

// The word of the field status: "UP", "UP 1/3", "DOWN 1/2", "NOLB", "DRAIN", "MAINT", "MAINT (via be/s1)",
// "no check".
struct ServerCondition {
  AdminState admin = AdminState::ready;
  std::string_view maintenance_via;     // the tracked server whose maintenance this one inherits
  bool maintenance_resolution = false;  // no address could be resolved
  bool checked = false;                 // by itself or by the server that it tracks
  bool has_agent = false;               // and it is enabled
  bool up = true;
  bool stopping = false;     // http-check disable-on-404 said so
  bool agent_down = false;   // the agent, not the check, took it down
  std::uint32_t health = 0;  // of the check; of the server that it tracks
  std::uint32_t rise = 2;
  std::uint32_t fall = 3;
};
std::string server_status(const ServerCondition& condition);

}  // namespace evenkeel::stats
