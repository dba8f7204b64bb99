#include "frontends/content_switching.h"

#include "frontends/rule_context.h"

namespace evenkeel::frontends {

bool may_switch_to(ClientConnection& client, const backends::Backend& backend) {
  const bool open = backend.published.load(std::memory_order_relaxed) && !backend.def().disabled;
  if (open || backend.name() == client.frontend.name()) return true;
  const auto& sets = client.frontend.def().rules;
  if (!sets) return false;
  for (const rules::Condition& condition : sets->force_be_switch)
    if (condition.holds(client.rules())) return true;
  return false;
}

backends::Backend* default_backend_of(ClientConnection& client) {
  backends::Backend* const backend = client.frontend.default_backend;
  return backend != nullptr && may_switch_to(client, *backend) ? backend : nullptr;
}

}  // namespace evenkeel::frontends
