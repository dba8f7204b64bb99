#include "lvs/live_servers.h"

#include "backends/backend.h"

namespace evenkeel::lvs {

std::vector<ServerState> server_states(const backends::Backend& backend) {
  std::vector<ServerState> states;
  for (const backends::Server* server : backend.servers()) {
    ServerState state;
    state.name = server->name;
    state.endpoint = endpoint_of(server->address());
    state.port_given = server->def().port_mode == backends::PortMode::fixed;
    state.port_offset = server->def().port_offset;
    state.running = server->running();
    state.stopping = server->stopping();
    state.leaving = (server->admin() & (backends::kAnyMaint | backends::kAnyDrain)) != 0;
    state.backup = server->backup;
    state.weight = server->weight.load(std::memory_order_relaxed);
    state.upper = server->maxconn_setting.load(std::memory_order_relaxed);
    state.lower = server->minconn_setting.load(std::memory_order_relaxed);
    // Without a minconn the definition repeats maxconn.
    if (state.lower >= state.upper) state.lower = 0;
    states.push_back(std::move(state));
  }
  return states;
}

}  // namespace evenkeel::lvs
