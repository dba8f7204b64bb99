// Keywords that frontends and backends share: mode, timeouts, identity, error answers.
#pragma once

#include <span>

#include "backends/proxy_draft.h"
#include "conf/keyword_table.h"

namespace evenkeel::backends {

std::span<const conf::Keyword<ProxyDraft>> proxy_keywords() noexcept;

// The statuses that errorfile and its relatives accept (manual 4.2, errorfile).
bool is_error_status(std::int64_t status) noexcept;
// Reads `errorfile <code> <file>` behind the keyword, for proxies and http-errors sections alike.
void read_error_file(std::vector<ErrorEntry>& errors, const LoadServices& services, conf::Args& args);

}  // namespace evenkeel::backends
