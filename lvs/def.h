// What the configuration wants of the kernel.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lvs/table.h"

namespace evenkeel::health {
class VipPath;
}

namespace evenkeel::lvs {

// The packet marks of `check-via vip`, which no `fwmark` can be. Many bits are set, so that they do not look
// like the small numbers and single bits that firewalls and policy routes use.
inline constexpr std::uint32_t kFirstCheckMark = 0x454b0000;
inline constexpr std::uint32_t kCheckMarks = 0x10000;
inline bool is_check_mark(const ServiceKey& key) noexcept {
  return key.fwmark >= kFirstCheckMark && key.fwmark - kFirstCheckMark < kCheckMarks;
}

// A server whose checks go to the virtual address through it.
struct CheckedServer {
  std::string name;
  std::shared_ptr<health::VipPath> path;
};
// The kernel's service that leads such checks to that server.
ServiceKey check_key(const CheckedServer& server) noexcept;

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
  std::vector<CheckedServer> checked;  // check-via vip
  bool slow_starts = false;            // some server has `slowstart`: weights count in sixteenths
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
