// The keywords of `cache` sections.
#pragma once

#include <span>

#include "conf/keyword_table.h"
#include "frontends/cache/cache_def.h"

namespace evenkeel::frontends {

struct CacheDraft {
  CacheDef def;
  conf::Location where;  // the name
  conf::Location max_object_at;
};

std::span<const conf::Keyword<CacheDraft>> cache_keywords() noexcept;
// What can be judged only when the section is complete.
void finish_cache(const CacheDraft& draft, conf::Diagnostics& diagnostics);

}  // namespace evenkeel::frontends
