// `evenkeel health`: does the process behind a runtime socket serve? For keepalived's vrrp_script.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vrrp/def.h"

namespace evenkeel::vrrp {

// args: behind the word "health". 0: it serves; 1: it does not; 2: wrong usage. Says why in one line on
// standard error (1, 2), or what it saw on standard output (0).
int run_health(std::span<const std::string_view> args);

struct Verdict {
  bool good = false;
  std::string reason;
};
// answer: of "show info;show stat".
Verdict judge(std::string_view answer, const std::vector<Quorum>& quorum);

}  // namespace evenkeel::vrrp
