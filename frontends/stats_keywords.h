// `stats ...` of a proxy: its statistics page (manual chapter 4.2).
#pragma once

#include <optional>
#include <span>

#include "conf/keyword_table.h"
#include "stats/page_def.h"

namespace evenkeel::frontends {

struct StatsDraft {
  stats::StatsPageDef def;
  // The last `stats auth` or `stats realm`, which exclude `stats http-request`.
  std::optional<conf::Location> login_at;
};

std::span<const conf::Keyword<StatsDraft>> stats_keywords() noexcept;

}  // namespace evenkeel::frontends
