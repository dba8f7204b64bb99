// "did you mean ...?": the nearest word of a list.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace evenkeel::conf {

// Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours cost 1
// each.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to word, or an empty view when none is near enough to be meant: at most one edit per
// three letters of the longer word (and at least one, for words of two letters or more). The first of equals
// wins.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace evenkeel::conf
