// `show cache` (management manual 9.3).
#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "control/commands/commands.h"
#include "core/clock.h"
#include "frontends/cache/cache.h"
#include "frontends/engine.h"

namespace evenkeel::control {
namespace {

// What tells variants of one address apart, in a form like HAProxy's: who only compares will not see the
// difference.
std::uint64_t variant_of(const frontends::CachedObject& object) {
  if (!object.vary.any()) return 0;
  std::uint64_t variant = static_cast<std::uint64_t>(object.coding) + 1;
  for (const std::string* part : {&object.referer, &object.origin})
    for (const char c : *part) variant = variant * 131 + static_cast<unsigned char>(c);
  return variant;
}

}  // namespace

Task<void> show_cache(Call& call, Output& out) {
  char line[256];
  for (const auto& cache : call.engine.caches->all()) {
    const std::uint64_t free = cache->total_blocks() - std::min(cache->used_blocks(), cache->total_blocks());
    std::snprintf(line, sizeof line, "%p: %.120s (shctx:%p, available blocks:%" PRIu64 ")\n",
                  static_cast<const void*>(cache.get()), cache->def().name.c_str(),
                  static_cast<const void*>(&cache->def()), free);
    out.text += line;
    const Millis now = SystemClock().now_ms();
    for (const frontends::CachedPtr& object : cache->objects()) {
      std::snprintf(line, sizeof line,
                    "%p hash:%" PRIu32 " vary:0x%016" PRIx64 " size:%zu (%" PRIu64
                    " blocks), refcount:%ld, expire:%" PRId64 "\n",
                    static_cast<const void*>(object.get()), static_cast<std::uint32_t>(object->hash),
                    variant_of(*object), object->head.size() + object->body.size(), object->blocks,
                    object.use_count() - 2, static_cast<std::int64_t>((object->expires - now) / 1000));
      out.text += line;
      if (out.full() && !co_await out.flush()) co_return;
    }
  }
}

}  // namespace evenkeel::control
