#include "vrrp/keepalived_conf.h"

#include <algorithm>
#include <cstdlib>

namespace evenkeel::vrrp {
namespace {

// Both priorities, with the bonus of those that are well, stay within 1..254; their difference is smaller
// than the weight, or the weight could move nothing.
struct Priorities {
  int master = 100;
  int backup = 50;
};

Priorities priorities(int weight) {
  // FAULT needs no distance; and the backup waits (256 - priority) / 256 s when it is told of it, so it
  // stands high.
  if (weight == kFault) return {254, 253};
  const int size = std::abs(weight);
  Priorities chosen;
  if (weight > 154) chosen.master = 254 - weight;
  if (weight < -99) chosen.master = 254;
  int difference = std::min(50, chosen.master - 1);
  if (size > 0) difference = std::min(difference, size - 1);
  chosen.backup = chosen.master - difference;
  return chosen;
}

}  // namespace

std::string keepalived_conf(const Pair& pair, bool master) {
  const Def& def = pair.def;
  const int weight = def.track_file.empty() ? 0 : def.weight;
  const auto [highest, lower] = priorities(weight);
  std::string text = "# Made by 'evenkeel generate keepalived', for the ";
  text += master ? "machine that has the address while both are well.\n" : "machine that stands by.\n";
  text += "global_defs {\n    router_id ";
  text += master ? "evenkeel_1\n" : "evenkeel_2\n";
  text += "    enable_script_security\n    script_user root\n";
  if (!def.notify_fifo.empty()) text += "    vrrp_notify_fifo " + def.notify_fifo + "\n";
  text += "}\n";
  std::string tracked;
  if (!pair.socket.empty()) {
    text += "\nvrrp_script evenkeel {\n    script \"" + pair.program + " health --socket " + pair.socket;
    for (const Quorum& quorum : def.quorum)
      text += " --quorum " + quorum.backend + ":" + std::to_string(quorum.servers);
    text += "\"\n    interval 1\n    timeout 1\n    fall 1\n    rise 2\n}\n";
    tracked += "    track_script {\n        evenkeel\n    }\n";
  }
  if (!def.track_file.empty()) {
    text += "\ntrack_file evenkeel_weight {\n    file \"" + def.track_file + "\"\n    weight 1\n}\n";
    tracked += "    track_file {\n        evenkeel_weight\n    }\n";
  }
  text += "\nvrrp_instance VI_1 {\n    state ";
  text += master ? "MASTER" : "BACKUP";
  text += "\n    interface " + pair.interface + "\n    virtual_router_id " + std::to_string(pair.router_id) +
          "\n    priority " + std::to_string(master ? highest : lower) +
          "\n    advert_int 1\n    virtual_ipaddress {\n";
  for (const std::string& address : pair.addresses) text += "        " + address + "\n";
  return text + "    }\n" + tracked + "}\n";
}

}  // namespace evenkeel::vrrp
