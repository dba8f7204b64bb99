// `show stat typed`: one line per field, "F.2.0.4.scur.1:MGP:u32:0".
#pragma once

#include <string>

#include "stats/row.h"

namespace evenkeel::stats {

// Absent fields are left out. with_desc: appends the meaning in quotes (`show stat typed desc`).
void append_typed_row(std::string& out, const Row& row, bool with_desc = false);

}  // namespace evenkeel::stats
