// keepalived.conf for a pair of machines, from our configuration.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vrrp/def.h"

namespace evenkeel::vrrp {

struct Pair {
  Def def;
  std::string socket;   // runtime socket; empty: the pair has no script
  std::string program;  // absolute path of evenkeel
  std::string interface = "eth0";
  std::uint32_t router_id = 51;        // 1..255
  std::vector<std::string> addresses;  // with or without /length
};

// For keepalived 2.2. master: the machine that has the address while both are well. Without a quorum of the
// configuration's own, the script asks only whether the process serves.
std::string keepalived_conf(const Pair& pair, bool master);

}  // namespace evenkeel::vrrp
