// -dK: what this program understands, in the form of HAProxy's list, so that the two can be compared line by
// line.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace evenkeel::app {

// classes: "all" or a comma separated list of acl, cfg, cli, cnv, flt, smp, svc and help. cli: the commands
// of the runtime socket, which belong to a higher room. nullopt-like: an unknown class yields the help text.
std::string keyword_list(std::string_view classes, std::span<const std::string_view> cli);

}  // namespace evenkeel::app
