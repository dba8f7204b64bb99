#include "vrrp/keywords.h"

#include <net/if.h>

#include <algorithm>
#include <array>

#include "conf/units.h"

namespace evenkeel::vrrp {
namespace {

using conf::Args;
using conf::Keyword;

constexpr int kLargestWeight = 253;

std::optional<std::string> path(Args& args) {
  const auto text = args.required("the path of a file");
  if (!text) return std::nullopt;
  // Who reads or writes the other end has another working directory.
  if (!text->starts_with('/') || text->ends_with('/')) {
    args.error("'" + std::string(*text) + "' must be the absolute path of a file: keepalived runs elsewhere");
    return std::nullopt;
  }
  return std::string(*text);
}

// vrrp track-file <path> weight <n> [quorum <backend>:<n>]...
void track_file(GlobalDraft& draft, Args& args) {
  const auto file = path(args);
  if (!file || !args.expect_word("weight")) return;
  const auto weight = args.integer(kFault, kLargestWeight);
  if (!weight) return;
  if (*weight == 0) {
    args.error("a weight of 0 would never move the address");
    return;
  }
  std::vector<Quorum> quorum;
  std::vector<conf::Location> places;
  while (!args.at_end()) {
    if (!args.expect_word("quorum")) return;
    const auto text = args.required("<backend>:<servers>");
    if (!text) return;
    const auto one = parse_quorum(*text);
    if (!one) {
      args.error("'" + std::string(*text) + "' is not <backend>:<servers> with a number from 1 to 100000");
      return;
    }
    quorum.push_back(*one);
    places.push_back(args.location());
  }
  draft.def.track_file = *file;
  draft.def.weight = static_cast<int>(*weight);
  draft.def.quorum = std::move(quorum);
  draft.quorum_places = std::move(places);
}

// vrrp watch <interface>
void watch(GlobalDraft& draft, Args& args) {
  const auto name = args.required("the name of an interface");
  if (!name) return;
  if (name->size() >= IFNAMSIZ || name->find_first_of("/ ") != std::string_view::npos) {
    args.error("'" + std::string(*name) + "' is not the name of an interface");
    return;
  }
  auto& all = draft.def.watch;
  if (std::find(all.begin(), all.end(), *name) == all.end()) all.emplace_back(*name);
}

void vrrp(GlobalDraft& draft, Args& args) {
  const auto which = args.one_of({"track-file", "notify-fifo", "watch"});
  if (!which) return;
  if (*which == 0) return track_file(draft, args);
  if (*which == 2) return watch(draft, args);
  if (auto file = path(args)) draft.def.notify_fifo = std::move(*file);
}

constexpr std::array kGlobalKeywords = {
    Keyword<GlobalDraft>{"vrrp", conf::mask_of(conf::SectionKind::global), false, vrrp},
};

}  // namespace

std::span<const Keyword<GlobalDraft>> global_keywords() noexcept { return kGlobalKeywords; }

std::optional<Quorum> parse_quorum(std::string_view text) {
  Quorum quorum;
  const std::size_t colon = text.rfind(':');
  quorum.backend = text.substr(0, colon);
  if (quorum.backend.empty()) return std::nullopt;
  if (colon == std::string_view::npos) return quorum;
  const auto servers = conf::parse_integer(text.substr(colon + 1), 1, 100'000);
  if (!servers) return std::nullopt;
  quorum.servers = static_cast<std::uint32_t>(servers.value);
  return quorum;
}

void check(const GlobalDraft& draft, const ServersOf& servers_of, conf::Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < draft.def.quorum.size(); ++i) {
    const Quorum& quorum = draft.def.quorum[i];
    const auto servers = servers_of(quorum.backend);
    if (!servers)
      diagnostics.error(draft.quorum_places[i], "'quorum': there is no backend '" + quorum.backend + "'");
    else if (*servers < quorum.servers)
      diagnostics.error(draft.quorum_places[i], "'quorum': backend '" + quorum.backend + "' has " +
                                                    std::to_string(*servers) + " servers, so " +
                                                    std::to_string(quorum.servers) + " can never be usable");
  }
}

}  // namespace evenkeel::vrrp
