// -S: the address of the master's own socket, with options of a bind line behind commas.
#pragma once

#include <string>
#include <vector>

#include "backends/proxy_draft.h"
#include "conf/diagnostics.h"
#include "frontends/frontend_def.h"

namespace evenkeel::app {

// Its level is admin where it does not say otherwise. What is wrong is reported with the place "-S".
std::vector<frontends::BindDef> read_master_sockets(const std::vector<std::string>& words,
                                                    const backends::LoadServices& services,
                                                    conf::Diagnostics& diagnostics);

}  // namespace evenkeel::app
