// The table as `ipvsadm -Ln` prints it, column for column.
#pragma once

#include <string>
#include <string_view>

#include "lvs/table.h"

namespace evenkeel::lvs {

enum class View : std::uint8_t { services, stats, rate, thresholds, persistent };

std::string list_table(const Table& table, const Info& info, View view);
// One service with its servers and the column headers, as `ipvsadm -Ln -t ...`.
std::string list_service(const ServiceKey& key, const ServiceEntry& service, View view);
std::string list_timeouts(const Timeouts& timeouts);
std::string list_daemons(const std::vector<Daemon>& daemons);
// proc: the text of /proc/net/ip_vs_conn.
std::string list_connections(std::string_view proc);

}  // namespace evenkeel::lvs
