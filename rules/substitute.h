// Replacement texts with \0 to \9 for the parentheses of a regular expression.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/regex.h"
#include "rules/scratch.h"

namespace evenkeel::rules {

// Appends the replacement with its references filled in. "\\" is a backslash; a backslash before anything
// else stands for that character.
void expand(std::string_view replacement, std::span<const std::string_view> groups, std::string& out);

// The text with its first match replaced, or every match with `global`; unchanged where nothing matches.
// False: the result is longer than a scratch text may be.
bool substitute(const Regex& regex, std::string_view text, std::string_view replacement, bool global,
                Scratch& scratch, std::string_view& out);

}  // namespace evenkeel::rules
