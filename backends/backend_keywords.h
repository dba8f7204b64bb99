// Keywords of backends: how servers are reached, retried and reused.
#pragma once

#include <span>

#include "backends/proxy_draft.h"
#include "conf/keyword_table.h"

namespace evenkeel::backends {

std::span<const conf::Keyword<ProxyDraft>> backend_keywords() noexcept;

}  // namespace evenkeel::backends
