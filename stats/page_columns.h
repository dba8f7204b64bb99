// The columns of the stats page, in one list: group, heading, what the heading means, and the cell. They are
// HAProxy's; the state stands first, where HAProxy has it at the far end, because that is what people look
// for.
#pragma once

#include <string_view>
#include <vector>

#include "stats/html.h"
#include "stats/row.h"

namespace evenkeel::stats {

struct PageColumn {
  std::string_view group;  // columns of one group stand together
  std::string_view heading;
  std::string_view meaning;         // tooltip of the heading
  void (*cell)(Html&, const Row&);  // the whole <td>
};

const std::vector<PageColumn>& page_columns();

// Class of a status word: "up", "up-falling", "down-rising", "down", "maint", "drain", "nolb", "nocheck",
// "open", "stopped". The page colours by it; the word itself is always shown too.
std::string_view status_class(std::string_view status) noexcept;

}  // namespace evenkeel::stats
