#include "backends/filter_keywords.h"

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "backends/filter_def.h"

namespace evenkeel::backends {
namespace {

using conf::Args;
using conf::Keyword;

// A copy, because what a draft points to may be shared with another one.
std::shared_ptr<FilterDefs> changed(const ProxyDraft& draft) {
  return draft.common.filters ? std::make_shared<FilterDefs>(*draft.common.filters)
                              : std::make_shared<FilterDefs>();
}

void compression(ProxyDraft& draft, Args& args) {
  draft.places.try_emplace("filter compression", args.location());
}

void cache(ProxyDraft& draft, Args& args) {
  const auto name = args.required("the name of a cache");
  if (!name) return;
  const std::string key = "filter cache " + std::string(*name);
  if (!draft.places.try_emplace(key, args.location()).second) {
    args.error("the filter of cache '" + std::string(*name) + "' is declared twice");
    return;
  }
  draft.services->rules->caches_used.emplace_back(*name);
  const auto compressed = draft.places.find("filter compression");
  if (compressed != draft.places.end())
    args.error("the compression filter cannot stand before a cache, which keeps what the server said");
}

// One option of a bwlim line; false: an error has been reported.
bool bandwidth_option(BandwidthDef& def, bool& has_limit, bool& has_period, Args& args) {
  if (args.accept("default-limit")) {
    const auto limit = args.size(UINT32_MAX);
    if (!limit) return false;
    def.limit = *limit;
    has_limit = true;
  } else if (args.accept("default-period")) {
    const auto period = args.duration_ms();
    if (!period) return false;
    def.period = *period;
    has_period = true;
  } else if (args.accept("min-size")) {
    const auto size = args.size(UINT32_MAX);
    if (!size) return false;
    def.min_size = static_cast<std::uint32_t>(*size);
  } else if (args.peek() == "limit" || args.peek() == "key" || args.peek() == "table") {
    args.error_here(
        "a limit that several streams share needs a stick table, which is not supported by Evenkeel yet: "
        "'default-limit' and 'default-period' limit each stream");
    return false;
  } else {
    args.error_here("'default-limit', 'default-period' or 'min-size' is expected here");
    return false;
  }
  return true;
}

template <bool kToServer>
void bandwidth(ProxyDraft& draft, Args& args) {
  const auto name = args.required("the name of the filter");
  if (!name) return;
  BandwidthDef def;
  def.name = *name;
  def.to_server = kToServer;
  bool has_limit = false;
  bool has_period = false;
  while (!args.at_end())
    if (!bandwidth_option(def, has_limit, has_period, args)) return (void)args.rest();
  if (!has_limit || !has_period) {
    args.error("a bandwidth limit needs both 'default-limit' and 'default-period'");
    return;
  }
  if (def.limit == 0 || def.period <= 0) {
    args.error("a limit and its period are greater than 0");
    return;
  }
  auto filters = changed(draft);
  if (filters->limit_named(def.name) != nullptr) {
    args.error("there is a bandwidth limit called '" + def.name + "' already");
    return;
  }
  filters->bandwidth.push_back(std::move(def));
  draft.common.filters = std::move(filters);
}

void trace(ProxyDraft& draft, Args& args) {
  TraceDef def;
  def.proxy = draft.common.name;
  while (!args.at_end()) {
    if (args.accept("name")) {
      const auto name = args.required("a name");
      if (!name) return;
      def.name = *name;
    } else if (args.accept("quiet")) {
      def.quiet = true;
    } else if (args.accept("random-forwarding") || args.accept("random-parsing")) {
      def.random_forwarding = true;
    } else if (args.accept("max-fwd")) {
      const auto most = args.integer(0, INT32_MAX);
      if (!most) return;
      def.max_forward = static_cast<std::uint64_t>(*most);
    } else if (args.accept("hexdump")) {
      def.hexdump = true;
    } else {
      args.error_here("'name', 'quiet', 'random-forwarding', 'max-fwd' or 'hexdump' is expected here");
      return;
    }
  }
  auto filters = changed(draft);
  filters->traces.push_back(std::move(def));
  draft.common.filters = std::move(filters);
}

struct FilterWord {
  std::string_view name;
  void (*read)(ProxyDraft& draft, Args& args);
};
// Which filters of compression and caches exist follows from `compression` and from the cache rules; the line
// only fixes their order, and there is but one that makes sense (manual 9.2 and 9.4).
constexpr std::array<FilterWord, 7> kFilters = {{
    {"bwlim-in", bandwidth<true>},
    {"bwlim-out", bandwidth<false>},
    {"cache", cache},
    {"comp-req", compression},
    {"comp-res", compression},
    {"compression", compression},
    {"trace", trace},
}};

void filter(ProxyDraft& draft, Args& args) {
  const auto name = args.required("the name of a filter");
  if (!name) return;
  std::string names;
  for (const FilterWord& word : kFilters) {
    if (word.name == *name) return word.read(draft, args);
    names.append(names.empty() ? "'" : ", '").append(word.name).append("'");
  }
  const std::array words = {*name};
  const bool known = !conf::known_keyword(conf::KnownKind::filter, words).empty();
  args.error(known
                 ? "known HAProxy keyword, not supported by Evenkeel yet: 'filter " + std::string(*name) + "'"
                 : "unknown filter '" + std::string(*name) + "', there are " + names);
}

constexpr std::array kKeywords = {
    Keyword<ProxyDraft>{"filter", conf::kProxies, false, filter},
};

}  // namespace

std::span<const Keyword<ProxyDraft>> filter_keywords() noexcept { return kKeywords; }

}  // namespace evenkeel::backends
