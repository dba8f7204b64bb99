// Words of `log-forward` sections (manual 3.10).
#pragma once

#include <span>
#include <vector>

#include "backends/proxy_draft.h"
#include "conf/keyword_table.h"
#include "frontends/log_forward.h"
#include "frontends/log_keywords.h"

namespace evenkeel::frontends {

struct LogForwardDraft {
  LogForwardDef def;
  LogDraft log;
  const backends::LoadServices* services = nullptr;
  std::vector<conf::Location> places;  // of bind lines
};

std::span<const conf::Keyword<LogForwardDraft>> log_forward_keywords() noexcept;

}  // namespace evenkeel::frontends
