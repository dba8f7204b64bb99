// The service prometheus-exporter: the statistics as Prometheus reads them (text format 0.0.4). The metrics
// have the names and labels of HAProxy 2.6's exporter; their values are the fields of stats/row.h and
// stats/info.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stats/info.h"
#include "stats/page.h"

namespace evenkeel::stats {

// What the request's query asks for.
struct PrometheusQuery {
  bool global = true;
  bool frontends = true;
  bool listeners = true;
  bool backends = true;
  bool servers = true;
  bool no_maint = false;  // without servers in maintenance
};

// "scope=global&scope=server&no-maint": the first scope takes all others away, an empty one leaves nothing
// and '*' means all; parameters that it does not know are passed over. False: there is no such scope.
bool parse_prometheus_query(std::string_view query, PrometheusQuery& out);

void append_prometheus(std::string& out, const PrometheusQuery& query, const Info& info,
                       const std::vector<PageProxy>& proxies);

}  // namespace evenkeel::stats
