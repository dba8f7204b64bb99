// `show stat` and the page's ;csv form.
#pragma once

#include <string>
#include <string_view>

#include "stats/row.h"

namespace evenkeel::stats {

// "# pxname,svname,...\n". As HAProxy's, it ends with a comma and has a column "-" before the module fields.
void append_csv_header(std::string& out);
void append_csv_row(std::string& out, const Row& row);

// Text as one CSV value: quoted when it contains a comma, a quote or a line break (RFC 4180 section 2).
void append_csv_text(std::string& out, std::string_view text);

}  // namespace evenkeel::stats
