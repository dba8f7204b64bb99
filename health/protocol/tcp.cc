#include "health/protocol/tcp.h"

#include <algorithm>
#include <utility>

namespace evenkeel::health {

std::vector<CheckStep> tcp_steps() { return with_connect({}); }

std::vector<CheckStep> with_connect(std::vector<CheckStep> rules) {
  const bool written = std::any_of(rules.begin(), rules.end(), [](const CheckStep& step) {
    return std::holds_alternative<ConnectStep>(step);
  });
  if (!written) {
    ConnectStep connect;
    connect.use_server_defaults = true;
    connect.implicit = true;
    rules.insert(rules.begin(), std::move(connect));
  }
  return rules;
}

}  // namespace evenkeel::health
