// A section on its way into text; what both importers have in common.
#pragma once

#include <string>
#include <vector>

#include "lvs/table.h"

namespace evenkeel::lvs {

struct ImportedServer {
  Endpoint endpoint;
  Destination definition;
  std::string options;  // behind the address
};

struct ImportedSection {
  std::string comment;  // a line above it
  std::vector<ServiceKey> keys;
  Service service;
  Forward forward = Forward::masq;
  Tunnel tunnel = Tunnel::ipip;
  std::uint16_t tunnel_port = 0;
  std::vector<std::string> lines;  // further ones, in front of the servers
  std::vector<ImportedServer> servers;
};

std::string config_head(std::string_view origin, const std::vector<std::string>& global);
std::string section_name(const ImportedSection& section);  // once it has a key
std::string section_text(const ImportedSection& section);

}  // namespace evenkeel::lvs
