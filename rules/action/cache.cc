// cache-use, cache-store (manual 6.2.2). What they need, the session has: the verdict asks it to act and to
// go on with the next rule, unless the cache has an answer.
#include "rules/action/families.h"
#include "rules/action/parse.h"
#include "rules/compile_env.h"

namespace evenkeel::rules::action {
namespace {

class CacheAction final : public Action {
 public:
  CacheAction(std::string name, Verdict verdict) : name_(std::move(name)), verdict_(verdict) {}
  Verdict run(EvalContext& ctx) const override {
    ctx.cache = name_;
    return verdict_;
  }

 private:
  std::string name_;
  Verdict verdict_;
};

template <Verdict kVerdict>
ActionResult parse_cache(Words& words, ActionEnv& env, std::string_view) {
  auto name = read_word(words, "the name of a cache");
  if (!name) return name.error();
  env.env.caches_used.push_back(*name);
  return made<CacheAction>(std::move(*name), kVerdict);
}

constexpr ActionSpec kActions[] = {
    {"cache-use", kHttpRequest, parse_cache<Verdict::cache_use>},
    {"cache-store", kHttpResponse, parse_cache<Verdict::cache_store>},
};

}  // namespace

std::span<const ActionSpec> caching() noexcept { return kActions; }

}  // namespace evenkeel::rules::action
