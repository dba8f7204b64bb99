// Words about logs, of proxies and of `global`: log, log-tag, log-send-hostname and the options of log lines
// (manual chapters 3.1, 4.2 and 8).
#pragma once

#include <span>
#include <string>

#include "conf/address.h"
#include "conf/keyword_table.h"
#include "stats/log_target.h"

namespace evenkeel::frontends {

// The log words of one section while it is being read. A proxy starts with a copy of its defaults' draft.
struct LogDraft {
  stats::ProxyLogDef def;
  conf::Resolver resolver = conf::resolve_with_libc;
  conf::Location format_at;    // of `option httplog` and its like: they need a `log` line
  bool send_hostname = false;  // global: log-send-hostname
  std::string hostname;        // of it; empty: the system's
};

std::span<const conf::Keyword<LogDraft>> log_keywords() noexcept;

}  // namespace evenkeel::frontends
