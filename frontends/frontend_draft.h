// What the lines of one frontend say so far, beside what it shares with backends.
#pragma once

#include <vector>

#include "backends/proxy_draft.h"
#include "frontends/config.h"

namespace evenkeel::frontends {

struct FrontendDraft {
  const backends::LoadServices* services = nullptr;
  backends::ProxyDraft* proxy = nullptr;    // the same section's other half
  FrontendDef def;                          // its ProxyDef base is filled at the end
  std::vector<conf::Location> bind_places;  // one for each of def.binds
  conf::Location default_backend_at;
};

// The `global` section while it is being read.
struct GlobalDraft {
  const backends::LoadServices* services = nullptr;
  GlobalDef def;
  // `unix-bind`: what unix listeners start from.
  std::string unix_prefix;
  ListenOptions unix_options;
  std::vector<conf::Location> socket_places;
  std::string state_base;  // server-state-base
  std::string state_file;  // server-state-file
};

}  // namespace evenkeel::frontends
