// Reads the rules of tcp-check and http-check, one line each. The cursor stands behind "tcp-check" or
// "http-check".
#pragma once

#include "conf/args.h"
#include "health/keywords.h"

namespace evenkeel::health {

enum class Ruleset : std::uint8_t { tcp, http };

// Appends a step to the section's rules, or reports why not.
void parse_rule(CheckSection& section, Ruleset set, conf::Args& args);

// "GET / HTTP/1.1\r\nHost:\ www": splits the headers and the body off that old configurations hide behind the
// version.
void split_version(HttpSendStep& request);

}  // namespace evenkeel::health
