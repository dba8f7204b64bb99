// What compression and the cache have done to a response (manual 7.3.6).
#include "rules/fetch/families.h"
#include "stats/session_record.h"

namespace evenkeel::rules::fetch {
namespace {

using Field = std::string_view stats::SessionRecord::*;

template <Field kField>
bool is_set(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  if (ctx.record == nullptr) return false;
  out = Sample::of_bool(!(ctx.record->*kField).empty());
  return true;
}
template <Field kField>
bool name_of(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  if (ctx.record == nullptr || (ctx.record->*kField).empty()) return false;
  out = Sample::of_text(ctx.record->*kField);
  return true;
}

constexpr Field kAlgorithm = &stats::SessionRecord::compressed_with;
constexpr Field kCache = &stats::SessionRecord::cache_hit;

constexpr FetchSpec kFetches[] = {
    {"res.comp", "", SampleType::boolean, scope::kServerSide, is_set<kAlgorithm>},
    {"res.comp_algo", "", SampleType::str, scope::kServerSide, name_of<kAlgorithm>},
    {"res.cache_hit", "", SampleType::boolean, scope::kServer, is_set<kCache>},
    {"res.cache_name", "", SampleType::str, scope::kServer, name_of<kCache>},
};

}  // namespace

std::span<const FetchSpec> filters() noexcept { return kFetches; }

}  // namespace evenkeel::rules::fetch
