// The state files that a configuration names, each read once.
#pragma once

#include <map>
#include <string>

#include "backends/proxy_draft.h"
#include "backends/saved_state.h"
#include "conf/diagnostics.h"
#include "frontends/frontend_draft.h"

namespace evenkeel::app {

// A file that cannot be used is a warning: its servers start anew.
class StateFiles {
 public:
  StateFiles(const frontends::GlobalDraft& global, const backends::LoadServices& services,
             conf::Diagnostics& diagnostics)
      : global_(global), services_(services), diagnostics_(diagnostics) {}

  std::shared_ptr<const backends::SavedState> find(const backends::ProxyDraft& proxy,
                                                   const std::string& server);

 private:
  const backends::StateFile& load(const std::string& path);

  const frontends::GlobalDraft& global_;
  const backends::LoadServices& services_;
  conf::Diagnostics& diagnostics_;
  std::map<std::string, backends::StateFile> files_;
};

}  // namespace evenkeel::app
