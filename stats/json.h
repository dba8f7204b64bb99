// `show stat json`, `show info json`, `show schema json` and the page's ;json form.
#pragma once

#include <string>
#include <string_view>

#include "stats/row.h"

namespace evenkeel::stats {

// One entity: an array of field objects. The caller writes the outer "[", the commas between rows and "]".
void append_json_row(std::string& out, const Row& row);

// Text as a JSON string with its quotes (RFC 8259 section 7). Bytes that are not UTF-8 become U+FFFD.
void append_json_text(std::string& out, std::string_view text);

// {"field":{...},"processNum":1,"tags":{...},"value":{...}} without the leading brace: shared by rows and
// info.
void append_json_item(std::string& out, std::size_t position, std::string_view name, std::uint32_t process,
                      std::string_view tags, const Value& value);

// What the two outputs look like, as a JSON schema (draft 4).
std::string_view json_schema() noexcept;

}  // namespace evenkeel::stats
