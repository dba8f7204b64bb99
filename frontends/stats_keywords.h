// `stats ...` of a proxy: its statistics page (manual chapter 4.2).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "conf/keyword_table.h"
#include "stats/page_def.h"

namespace evenkeel::frontends {

// A line whose condition the rule engine compiles once all ACLs are known.
struct StatsRuleDraft {
  enum class Kind : std::uint8_t { admin, allow, deny, auth };
  Kind kind = Kind::admin;
  std::string realm;  // of `stats http-request auth realm`
  conf::Statement statement;
  std::size_t condition_at =
      0;  // index of "if" or "unless" in the statement's words; their number when there is none
};

struct StatsDraft {
  stats::StatsPageDef def;
  std::vector<StatsRuleDraft> rules;  // `stats admin` and `stats http-request`, in their order
};

std::span<const conf::Keyword<StatsDraft>> stats_keywords() noexcept;

// Fills def.admin from the rules: TRUE, FALSE and LOCALHOST are understood without the rule engine; any other
// condition, and `stats http-request`, are refused by name.
void resolve_stats_rules(StatsDraft& draft, conf::Diagnostics& diagnostics);

}  // namespace evenkeel::frontends
