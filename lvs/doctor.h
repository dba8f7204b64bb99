// `evenkeel lvs doctor`: the usual mistakes around a director, in words that a beginner understands. What is
// known of the machine is a value, what follows from it is arithmetic.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "lvs/def.h"
#include "lvs/host.h"
#include "lvs/kernel.h"

namespace evenkeel::lvs {

struct DoctorServer {
  std::string name;  // of the configuration; empty: known from the kernel only
  Endpoint endpoint;
  Forward forward = Forward::masq;
  Tunnel tunnel = Tunnel::ipip;
  bool in_kernel = false;
  DestinationEntry entry;  // as the kernel has it
};
struct DoctorService {
  std::string section;  // empty: known from the kernel only
  ServiceKey key;
  Service definition;
  bool in_kernel = false;
  bool checks_via_vip = false;  // check-via vip
  std::vector<DoctorServer> servers;
};

// A section of the configuration with the addresses of its servers.
struct WantedSection {
  SectionDef section;
  std::vector<std::pair<std::string, Endpoint>> servers;
};

// Who answered when the network was asked for an address.
struct ArpAnswer {
  Endpoint address;
  int link = 0;
  std::string mac;  // six bytes; never this machine's own
};

// What a server of `nat` did when it was asked for an echo in two names.
struct GatewayAnswer {
  Endpoint server;
  Endpoint elsewhere;  // an address in no network of this machine
  bool near = false;   // it answers this machine
  bool far = false;    // its answer to the address elsewhere came to this machine
};

struct DoctorFacts {
  HostState host;
  std::map<std::string, std::string> settings;  // those that can be read, by sysctl(8) name
  std::string kernel_error;                     // why IPVS cannot be read; empty: it can
  std::vector<DoctorService> services;
  std::set<ServiceKey> owned;  // by the state file of Evenkeel
  bool owner_alive = false;
  std::vector<ArpAnswer> arp;
  std::vector<GatewayAnswer> gateways;
  std::string arp_error;  // why nobody was asked; empty: somebody was, or there was nothing to ask
};

struct Finding {
  enum class Kind : std::uint8_t {
    problem,  // it cannot work, or somebody loses traffic
    hint,     // worth knowing; may be as it is meant
  } kind = Kind::problem;
  std::string text;  // one sentence
  std::string mend;  // a command, or what to do
};

// What the configuration wants and what the kernel has, as one list: first the configuration's services.
std::vector<DoctorService> merge_services(const std::vector<WantedSection>& wanted, const Table& table);

// Problems first.
std::vector<Finding> diagnose(const DoctorFacts& facts);

// Looks at this machine. Asks its networks for the addresses (ARP, half a second at most) where the process
// may (CAP_NET_RAW).
// `state_file`: of Evenkeel; empty: the default place.
DoctorFacts gather_facts(const std::vector<WantedSection>& wanted, const std::string& state_file);

// Writes the findings; 0: none is a problem, 1: some are.
int report(const DoctorFacts& facts, const std::vector<Finding>& findings, std::ostream& out);

}  // namespace evenkeel::lvs
