// How a line of the runtime socket falls into commands and words (management manual 9.3).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::control {

using Words = std::vector<std::string>;

// Splits at each ';' that has no backslash in front. There is always at least one command; empty ones count.
std::vector<std::string_view> split_commands(std::string_view line);

// Words are separated by blanks; a backslash makes the next byte a plain one. Quotes have no meaning, as in
// HAProxy. At most kMaxWords words are kept.
inline constexpr std::size_t kMaxWords = 64;
Words split_words(std::string_view command);

// True when the last word of the line is "<<": the following lines up to an empty one are its payload. `line`
// then loses that word.
bool take_payload_mark(std::string_view& line) noexcept;

}  // namespace evenkeel::control
