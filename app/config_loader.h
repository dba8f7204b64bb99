// From files to the immutable snapshot that the process runs on.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/proxy_draft.h"
#include "conf/diagnostics.h"
#include "conf/document.h"
#include "conf/environment.h"
#include "frontends/config.h"
#include "lvs/def.h"
#include "vrrp/def.h"

namespace evenkeel::app {

struct LoadOptions {
  std::vector<std::string> paths;              // -f, in order: files and directories
  std::vector<conf::SourcePtr> sources;        // texts that are read after the files (tests, standard input)
  conf::Facts facts;                           // what .if asks about
  conf::Environment environment;               // before the configuration changes it
  backends::LoadServices services;             // read_file: the disk where not set
  std::optional<std::uint32_t> maxconn;        // -n: counts instead of the global section's
  std::optional<std::uint32_t> proxy_maxconn;  // -N: of frontends without a maxconn of their own
  // Where neither says anything: what the descriptor limit permits. Frontends and fullconn are computed from
  // it.
  std::uint32_t maxconn_default = 100'000;
};

struct LoadResult {
  std::shared_ptr<const frontends::Config> config;  // null: refused, the diagnostics say why
  std::shared_ptr<const lvs::Def> lvs;              // null: nothing is for the kernel
  vrrp::Def vrrp;                                   // empty: no keepalived
  conf::Environment environment;                    // as the configuration left it: for children
  bool maxconn_given = false;                       // -n or the global section set it
  explicit operator bool() const noexcept { return config != nullptr; }
};

// Reads everything in one pass and reports all that is wrong, not only the first thing. Blocks while names
// are resolved.
LoadResult load_config(const LoadOptions& options, conf::Diagnostics& diagnostics);

}  // namespace evenkeel::app
