// The `filter` lines of proxies (manual 9).
#pragma once

#include <span>

#include "backends/proxy_draft.h"
#include "conf/keyword_table.h"

namespace evenkeel::backends {

std::span<const conf::Keyword<ProxyDraft>> filter_keywords() noexcept;

}  // namespace evenkeel::backends
