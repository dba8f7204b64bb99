// Words of `ring` sections (manual 3.9).
#pragma once

#include <span>

#include "conf/address.h"
#include "conf/keyword_table.h"
#include "stats/log_ring.h"

namespace evenkeel::frontends {

struct RingDraft {
  stats::RingDef def;
  conf::Resolver resolver = conf::resolve_with_libc;
};

std::span<const conf::Keyword<RingDraft>> ring_keywords() noexcept;

}  // namespace evenkeel::frontends
