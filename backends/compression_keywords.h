// The keywords `compression ...` and `filter`.
#pragma once

#include <span>

#include "backends/proxy_draft.h"
#include "conf/keyword_table.h"

namespace evenkeel::backends {

std::span<const conf::Keyword<ProxyDraft>> compression_keywords() noexcept;

}  // namespace evenkeel::backends
