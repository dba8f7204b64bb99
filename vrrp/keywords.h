// The word `vrrp` of `global`.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "conf/keyword_table.h"
#include "vrrp/def.h"

namespace evenkeel::vrrp {

struct GlobalDraft {
  Def def;
  std::vector<conf::Location> quorum_places;
};

std::span<const conf::Keyword<GlobalDraft>> global_keywords() noexcept;

// "web:2", or "web" for one. nullopt: malformed.
std::optional<Quorum> parse_quorum(std::string_view text);

// After all sections. servers_of: how many servers the backend has; nullopt: there is no such backend.
using ServersOf = std::function<std::optional<std::size_t>(std::string_view backend)>;
void check(const GlobalDraft& draft, const ServersOf& servers_of, conf::Diagnostics& diagnostics);

}  // namespace evenkeel::vrrp
