// The proxies in the order in which listings show them.
#pragma once

#include <vector>

#include "frontends/engine.h"

namespace evenkeel::control {

// A frontend, a backend, or both of one name (`listen`).
struct Proxy {
  std::uint32_t id = 0;
  frontends::Frontend* frontend = nullptr;
  backends::Backend* backend = nullptr;
};

// In the order of the configuration.
std::vector<Proxy> proxies_in_order(frontends::Engine& engine);

// Only the backends, in that order.
std::vector<backends::Backend*> backends_in_order(frontends::Engine& engine);

}  // namespace evenkeel::control
