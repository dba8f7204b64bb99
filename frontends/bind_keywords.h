// `bind` lines and their options (manual 5.1); `stats socket` shares them.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "conf/keyword_table.h"
#include "frontends/frontend_draft.h"

namespace evenkeel::frontends {

// The options of one line count for all of its addresses.
struct BindLine {
  BindDef options;
  bool stats_socket = false;
  bool named = false;
};

std::span<const conf::Keyword<BindLine>> bind_options() noexcept;

// Reads "<address>[,<address>...] <options>" from the cursor on and appends a BindDef for every single
// address and port.
void read_bind(std::vector<BindDef>& binds, std::vector<conf::Location>& places,
               const backends::LoadServices& services, bool stats_socket, conf::Args& args);

}  // namespace evenkeel::frontends
