#include "frontends/cache/cache_keywords.h"

#include <array>
#include <string>

namespace evenkeel::frontends {
namespace {

using conf::Args;
using conf::Keyword;

void total_max_size(CacheDraft& draft, Args& args) {
  if (const auto megabytes = args.integer(1, 4095))
    draft.def.total = static_cast<std::uint64_t>(*megabytes) << 20;
}

void max_object_size(CacheDraft& draft, Args& args) {
  const auto bytes = args.integer(1, INT64_MAX);
  if (!bytes) return;
  draft.def.max_object = static_cast<std::uint64_t>(*bytes);
  draft.max_object_at = args.location();
}

void max_age(CacheDraft& draft, Args& args) {
  if (const auto ms = args.duration_ms(conf::TimeUnit::s)) draft.def.max_age = (*ms + 999) / 1000;
}

void process_vary(CacheDraft& draft, Args& args) {
  if (const auto word = args.one_of({"off", "on"})) draft.def.process_vary = *word == 1;
}

void max_secondary_entries(CacheDraft& draft, Args& args) {
  if (const auto count = args.integer(1, INT32_MAX))
    draft.def.max_secondary = static_cast<std::uint32_t>(*count);
}

constexpr unsigned kCache = conf::mask_of(conf::SectionKind::cache);

constexpr std::array kKeywords = {
    Keyword<CacheDraft>{"max-age", kCache, false, max_age},
    Keyword<CacheDraft>{"max-object-size", kCache, false, max_object_size},
    Keyword<CacheDraft>{"max-secondary-entries", kCache, false, max_secondary_entries},
    Keyword<CacheDraft>{"process-vary", kCache, false, process_vary},
    Keyword<CacheDraft>{"total-max-size", kCache, false, total_max_size},
};

}  // namespace

std::span<const Keyword<CacheDraft>> cache_keywords() noexcept { return kKeywords; }

void finish_cache(const CacheDraft& draft, conf::Diagnostics& diagnostics) {
  const CacheDef& def = draft.def;
  if (def.total == 0) {
    diagnostics.error(draft.where, "cache '" + def.name + "' needs a size")
        .modern("total-max-size <megabytes>");
    return;
  }
  if (def.max_object > def.total / 2) {
    diagnostics.error(draft.max_object_at,
                      "'max-object-size' is limited to half of 'total-max-size', which is " +
                          std::to_string(def.total / 2) + " bytes");
  }
}

}  // namespace evenkeel::frontends
