// Backends and their servers, shown.
#include "control/commands/commands.h"
#include "control/lookup.h"
#include "control/on_worker.h"
#include "control/proxies.h"
#include "control/server_state.h"

namespace evenkeel::control {
namespace {

using backends::Backend;
using backends::Server;

// The backends that the command is about; false when it names one that does not exist.
bool select_backends(Call& call, Output& out, std::vector<Backend*>& selected) {
  if (call.arg(0).empty()) {
    selected = backends_in_order(call.engine);
    return true;
  }
  Backend* const backend = find_backend(call.engine, call.arg(0));
  if (backend == nullptr) {
    out.refuse("Can't find backend.\n");
    return false;
  }
  selected.push_back(backend);
  return true;
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

// How many idle connections each worker keeps; a pool is its worker's own, so each is asked.
Task<std::vector<std::vector<std::uint32_t>>> idle_by_worker(frontends::Engine& engine,
                                                             const std::vector<Server*>& servers) {
  std::vector<std::vector<std::uint32_t>> counts(servers.size());
  for (unsigned w = 0; w < engine.worker_count(); ++w) {
    co_await on_worker(engine.context(w).worker, [&] {
      for (std::size_t i = 0; i < servers.size(); ++i) counts[i].push_back(servers[i]->pool(w).size());
    });
  }
  co_return counts;
}

void append_connections(std::string& text, const Server& server, const std::vector<std::uint32_t>& idle) {
  const Backend& backend = server.backend();
  const Address address = server.address();
  const std::uint32_t used = server.pool_used.load();
  const auto number = [&](auto value) { text += ' ' + std::to_string(value); };
  text += backend.name() + '/' + server.name + ' ' + std::to_string(backend.def().id) + '/' +
          std::to_string(server.id) + ' ' + or_dash(address.ip_string());
  number(address.port());
  text += " -";
  number(server.def().pool_purge_delay);
  number(used);  // now, at most, and as many are thought to be needed
  number(used);
  number(used);
  number(0);  // all our idle connections are safe to reuse
  number(server.idle_connections());
  number(server.def().pool_max_conn);
  number(server.idle_connections());
  for (const std::uint32_t count : idle) number(count);
  text += '\n';
}

}  // namespace

Answer show_backend(Call& call) {
  Answer answer{"# name\n"};
  for (const Backend* backend : backends_in_order(call.engine)) answer.text += backend->name() + "\n";
  return answer;
}

Task<void> show_servers_state(Call& call, Output& out) {
  std::vector<Backend*> selected;
  if (!select_backends(call, out, selected)) co_return;
  out.text += server_state_header();
  for (Backend* backend : selected) {
    for (const Server* server : backend->servers()) {
      append_server_state(out.text, *server, SystemClock().now_ms());
      if (out.full() && !co_await out.flush()) co_return;
    }
  }
}

Task<void> show_servers_conn(Call& call, Output& out) {
  std::vector<Backend*> selected;
  if (!select_backends(call, out, selected)) co_return;
  out.text +=
      "# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est unsafe_nb safe_nb "
      "idle_lim idle_cur idle_per_thr[" +
      std::to_string(call.engine.worker_count()) + "]\n";
  for (Backend* backend : selected) {
    const std::vector<Server*> servers = backend->servers();
    const auto idle = co_await idle_by_worker(call.engine, servers);
    for (std::size_t i = 0; i < servers.size(); ++i) {
      append_connections(out.text, *servers[i], idle[i]);
      if (out.full() && !co_await out.flush()) co_return;
    }
  }
}

}  // namespace evenkeel::control
