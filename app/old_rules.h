// The rules on message lines of HAProxy 1.x (reqadd, reqrep, rspidel, block and their relatives), turned into
// rules of today.
#pragma once

#include <string_view>

#include "app/old_dialect.h"
#include "rules/keywords.h"

namespace evenkeel::app {

// reqadd, reqrep, reqidel, rspirep, reqisetbe...; appsession, which is refused.
bool is_old_rule(std::string_view keyword) noexcept;

// Rewrites such a statement. What says the same about one header or about the target becomes a rule on that;
// everything else a rule on lines (`replace-lines`, `deny-lines`...). Errors drop the statement.
Dialect old_rule(conf::Statement& statement, conf::Diagnostics& diagnostics);

// Which place among the rules the keyword had; Slot::own for all other words.
rules::RuleDraft::Slot slot_of_old_rule(std::string_view keyword) noexcept;

}  // namespace evenkeel::app
