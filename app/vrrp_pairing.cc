#include "app/vrrp_pairing.h"

#include <algorithm>

namespace evenkeel::app {
namespace {

std::vector<vrrp::BackendState> look_at(const frontends::Engine& engine) {
  std::vector<vrrp::BackendState> states;
  for (const auto& backend : engine.backends()) {
    const auto servers = backend->servers();
    const auto usable = std::count_if(servers.begin(), servers.end(), [](const backends::Server* server) {
      return server->can_serve() && !server->stopping() && (server->admin() & backends::kAnyDrain) == 0;
    });
    states.push_back({backend->name(), servers.size(), static_cast<std::size_t>(usable)});
  }
  return states;
}

}  // namespace

bool VrrpPairing::start(const vrrp::Def& def, frontends::Engine& engine, vrrp::Keeper::OnRoles on_roles,
                        std::string& error) {
  if (def.empty()) return true;
  if (def.notify_fifo.empty()) on_roles = {};
  auto keeper = std::make_unique<vrrp::Keeper>(
      def, [&engine] { return look_at(engine); }, std::move(on_roles));
  if (!keeper->open(error)) return false;
  keeper_ = std::move(keeper);
  for (const auto& backend : engine.backends()) {
    backend->on_server_change = [keeper = keeper_.get(), before = std::move(backend->on_server_change)] {
      if (before) before();
      keeper->nudge();
    };
  }
  keeper_->start();
  return true;
}

void check_vrrp(const ConfigDraft& draft, conf::Diagnostics& diagnostics) {
  const auto servers_of = [&](std::string_view name) -> std::optional<std::size_t> {
    for (const ProxySection& section : draft.proxies)
      if (section.proxy.has_backend() && section.proxy.common.name == name)
        return section.proxy.servers.size();
    return std::nullopt;
  };
  vrrp::check(draft.vrrp, servers_of, diagnostics);
}

}  // namespace evenkeel::app
