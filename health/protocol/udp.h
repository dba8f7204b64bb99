// option udp-check: a datagram, and the answer to it, if one is asked for.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "health/check_def.h"

namespace evenkeel::health {

struct UdpCheckDef {
  // A datagram has to have something in it, or some firewalls drop it.
  std::string send = std::string(1, '\0');
  bool require_reply = false;         // else only a "port unreachable" fails
  std::optional<std::string> expect;  // that the reply has in it
  std::size_t min_reply = 0;          // bytes
  std::optional<std::size_t> max_reply;
  [[nodiscard]] bool wants_reply() const noexcept {
    return require_reply || expect || min_reply > 0 || max_reply;
  }
};

// How long a refusal may take to come when nothing else is waited for: it comes from the server's own
// machine, so a second is long.
inline constexpr Millis kUdpRefusalWait = 1000;

CustomVerdict judge_udp_reply(std::string_view datagram, const UdpCheckDef& def);
std::vector<CheckStep> udp_steps(const UdpCheckDef& def);

}  // namespace evenkeel::health
