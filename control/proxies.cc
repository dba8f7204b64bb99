#include "control/proxies.h"

#include <algorithm>

namespace evenkeel::control {

// Ids are given in the order of the sections unless `id` says otherwise, over all files; that is the only
// order which frontends and backends have in common.
std::vector<Proxy> proxies_in_order(frontends::Engine& engine) {
  std::vector<Proxy> proxies;
  for (const auto& frontend : engine.frontends()) {
    proxies.push_back({frontend->def().id, frontend.get(), nullptr});
  }
  const std::size_t frontends = proxies.size();
  for (const auto& backend : engine.backends()) {
    const auto listen =
        std::find_if(proxies.begin(), proxies.begin() + static_cast<long>(frontends), [&](const Proxy& p) {
          return p.backend == nullptr && p.id == backend->def().id && p.frontend->name() == backend->name();
        });
    if (listen != proxies.begin() + static_cast<long>(frontends)) {
      listen->backend = backend.get();
    } else {
      proxies.push_back({backend->def().id, nullptr, backend.get()});
    }
  }
  std::stable_sort(proxies.begin(), proxies.end(),
                   [](const Proxy& a, const Proxy& b) { return a.id < b.id; });
  return proxies;
}

std::vector<backends::Backend*> backends_in_order(frontends::Engine& engine) {
  std::vector<backends::Backend*> all;
  for (const Proxy& proxy : proxies_in_order(engine)) {
    if (proxy.backend != nullptr) all.push_back(proxy.backend);
  }
  return all;
}

}  // namespace evenkeel::control
