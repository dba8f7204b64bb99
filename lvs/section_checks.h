// Whether the kernel can do what a section asks for, found out while the configuration is read.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "backends/proxy_draft.h"
#include "conf/diagnostics.h"
#include "lvs/keywords.h"

namespace evenkeel::lvs {

// An address of the section, from its `bind` lines.
struct VirtualAddress {
  Address address;
  conf::Location where;
  std::string text;
  bool accept_proxy = false;
};

// Facts about the machine; tests put their own in its place.
struct Network {
  Endpoint address;  // of an interface
  int prefix = 0;
};
std::vector<Network> connected_networks();
bool is_connected(const std::vector<Network>& networks, const Endpoint& endpoint) noexcept;

// Judges all sections of one configuration, in their order.
class SectionChecks {
 public:
  SectionChecks(conf::Diagnostics& diagnostics, std::vector<Network> networks)
      : diagnostics_(diagnostics), networks_(std::move(networks)) {}

  // Completes the draft's definition: keys, scheduler, mask. `protocol`: IPPROTO_TCP or IPPROTO_UDP.
  void check(Draft& draft, backends::ProxyDraft& proxy, const std::vector<VirtualAddress>& addresses,
             std::uint8_t protocol);

 private:
  void schedule(Draft& draft, const backends::ProxyDraft& proxy);
  void mask(Draft& draft);
  void find_keys(Draft& draft, const backends::ProxyDraft& proxy,
                 const std::vector<VirtualAddress>& addresses, std::uint8_t protocol);
  void take_key(Draft& draft, const ServiceKey& key, const conf::Location& where);
  void check_server(const Draft& draft, const backends::ProxyDraft& proxy,
                    const backends::ServerDraft& server);
  void check_thresholds(const backends::ServerDraft& server);

  conf::Diagnostics& diagnostics_;
  std::vector<Network> networks_;
  std::map<ServiceKey, conf::Location> taken_;
};

}  // namespace evenkeel::lvs
