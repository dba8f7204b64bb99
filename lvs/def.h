// What the configuration wants of the kernel.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lvs/table.h"

namespace evenkeel::lvs {

// One section with an `lvs` line. Its servers are those of the backend of the same name.
struct SectionDef {
  std::string name;
  std::string frontend;  // whose addresses the services have; of a `listen` section its own name
  Forward forward = Forward::masq;
  Tunnel tunnel = Tunnel::ipip;
  std::uint16_t tunnel_port = 0;
  Service service;  // the netmask is full_mask() of each key's family unless mask_given
  bool mask_given = false;
  std::vector<ServiceKey> keys;   // one for each address, or one mark
  bool fallback_proxy = false;    // without IPVS: serve in user space; else refuse to start
  bool remove_when_down = false;  // lvs-down remove
  bool all_backups = false;
  bool slow_starts = false;  // some server has `slowstart`: weights count in sixteenths
};

// What becomes of the table at a clean exit.
enum class Exit : std::uint8_t { keep, drain, clear };

struct Def {
  std::vector<SectionDef> sections;
  Exit exit = Exit::keep;
  std::vector<Daemon> daemons;  // at most one master and one backup
  std::string state_file;       // empty: the default place of this network namespace
};

}  // namespace evenkeel::lvs
