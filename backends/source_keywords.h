// `source`, as backends and servers take it: where outgoing connections come from.
#pragma once

#include <optional>

#include "backends/proxy_draft.h"
#include "conf/args.h"

namespace evenkeel::backends {

// "<addr>[:<port>[-<port>]] [usesrc <addr>|client|clientip|hdr_ip(<header>[,<occurrence>])] [interface
// <name>]", in either order behind the address. nullopt: an error was reported. ranges: several source ports
// are permitted.
std::optional<SourceDef> read_source(const LoadServices& services, bool ranges, conf::Args& args);

}  // namespace evenkeel::backends
