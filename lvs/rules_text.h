// Rules as ipvsadm(8) writes and reads them: the lines of `ipvsadm -S` and `-R`.
#pragma once

#include <string>
#include <string_view>

#include "lvs/table.h"

namespace evenkeel::lvs {

struct ParsedRule {
  Operation operation;
  bool empty = false;  // a blank line or a comment
  std::string error;   // not empty: why the line cannot be obeyed
};

// One line; a leading word "ipvsadm" (a path too) is skipped, so that shell scripts of plain calls can be
// read. Addresses have to be numeric (`ipvsadm -Sn`).
ParsedRule parse_rule(std::string_view line);

// All of the table in the form that parse_rule and `ipvsadm -R` read.
std::string save_rules(const Table& table);

}  // namespace evenkeel::lvs
