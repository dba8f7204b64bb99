// From the state of servers to the table that the kernel should have: arithmetic, without sockets.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lvs/def.h"

namespace evenkeel::lvs {

// One server as it is now.
struct ServerState {
  std::string name;
  Endpoint endpoint;        // family AF_UNSPEC: it has no address yet
  bool port_given = false;  // else: the service's port plus port_offset
  int port_offset = 0;
  bool running = true;    // by its checks
  bool stopping = false;  // passes its checks conditionally: no new connections
  bool leaving = false;   // maintenance or drain
  bool backup = false;
  std::uint32_t weight = 16;  // in sixteenths, slow start applied
  std::uint32_t upper = 0;    // maxconn
  std::uint32_t lower = 0;    // minconn
};

// The kernel's weights are whole numbers: sixteenths only where slow starts need steps to climb.
std::uint32_t kernel_weight(std::uint32_t sixteenths, bool slow_starts) noexcept;

// The endpoint of a server in the service of that key.
Endpoint destination_of(const ServerState& server, const SectionDef& section, const ServiceKey& key) noexcept;

// The service that leads the checks of one server to it (`check-via vip`). Without a destination while the
// server has no address.
ServiceEntry check_service(const SectionDef& section, const ServerState& server);

// One service of the section. A server that is leaving gets weight 0 first and goes only when a reading of
// the kernel (`actual`, null: there is no service yet) has shown it with weight 0 and without active
// connections. Backups get their weights when nobody else can take a connection: the first of them, or all
// (option allbackups).
ServiceEntry wanted_service(const SectionDef& section, const ServiceKey& key,
                            const std::vector<ServerState>& servers, const ServiceEntry* actual);

}  // namespace evenkeel::lvs
