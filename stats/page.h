// The stats page: a pure function from rows to HTML. It needs no script and no other resource.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stats/page_def.h"
#include "stats/page_request.h"
#include "stats/role_board.h"
#include "stats/row.h"

namespace evenkeel::stats {

struct PageProcess {
  std::string product = "Evenkeel";
  std::string version;
  std::string node;         // shown with show-node
  std::string description;  // shown with show-desc
  int pid = 0;
  std::uint64_t uptime_s = 0;
  std::uint32_t threads = 1;
  std::uint32_t maxconn = 0;
  std::uint32_t maxsock = 0;
  std::uint32_t ulimit_n = 0;
  std::uint32_t current_connections = 0;
  std::uint64_t connection_rate = 0;
  std::uint64_t session_rate = 0;
  std::uint64_t request_rate = 0;
  std::optional<std::uint64_t> bits_per_second;  // sent; not shown when nobody measures it, nor is the next
  std::optional<std::uint32_t> idle_percent;
  std::uint64_t dropped_logs = 0;
  std::vector<VrrpRole> roles;               // as keepalived has told
  std::vector<VrrpSighting> vrrp_sightings;  // other machines that say that they are masters
  std::string vrrp_weight;                   // of the track file, in words; empty: none
  bool stopping = false;
};

// One proxy: its rows in the order frontend, listeners, servers, backend.
struct PageProxy {
  std::string name;
  std::string description;
  std::uint32_t id = 0;
  std::vector<Row> rows;
};

struct PageInput {
  const StatsPageDef& def;
  const PageRequest& request;
  const PageProcess& process;
  const std::vector<PageProxy>& proxies;
  bool admin = false;      // `stats admin if` holds for this request: show forms
  std::string_view token;  // for the forms, see PageTokens
};

// UTF-8. Large configurations: the page is built in memory, about 2.5 KB per row.
std::string render_page(const PageInput& input);

// Rows that the reader asked to see (";up", ";no-maint").
bool row_wanted(const PageRequest& request, const Row& row);

// Header fields that go with a response of the page in that form: Content-Type, Cache-Control, and for HTML a
// Content-Security-Policy that allows nothing but the page's own style sheet (by its hash) and its own forms.
using PageHeader = std::pair<std::string_view, std::string>;
std::vector<PageHeader> page_headers(const StatsPageDef& def, const PageRequest& request);

}  // namespace evenkeel::stats
