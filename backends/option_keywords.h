// The `option` words of frontends and backends that are neither about checks nor about logs.
#pragma once

#include <span>

#include "backends/proxy_draft.h"
#include "conf/keyword_table.h"

namespace evenkeel::backends {

std::span<const conf::Keyword<ProxyDraft>> option_keywords() noexcept;

}  // namespace evenkeel::backends
