// What a process before us has left behind about its servers: the state files of
// `load-server-state-from-file` (configuration manual 4.2; the format is that of `show servers state`,
// management guide 9.3).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/address.h"
#include "core/clock.h"
#include "health/status.h"

namespace evenkeel::backends {

// One server's row, as far as it is taken up again.
struct SavedState {
  enum class Operation : std::uint8_t { stopped, starting, running, stopping };
  Operation operation = Operation::running;
  std::uint32_t admin = 0;  // AdminFlag and HAProxy's 0x40 (a name set at run time)
  std::uint32_t user_weight = 1;
  std::uint32_t initial_weight = 1;
  std::int64_t seconds_since_change = 0;
  health::CheckStatus check_status = health::CheckStatus::unknown;
  bool checks_enabled = true;
  bool agent_enabled = true;
  Address address;  // AF_UNSPEC: none that could be used; without port
  std::uint16_t port = 0;
  std::string fqdn;  // empty: the server has no name
  std::optional<Address> check_address;
  std::uint16_t check_port = 0;
  std::optional<Address> agent_address;
  std::uint16_t agent_port = 0;
};

// By the names of backend and server: numbers change when lines are added.
struct StateFile {
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const SavedState>, std::less<>> servers;
  std::vector<std::string> complaints;  // about rows that were left out
  std::string error;                    // not empty: nothing of it could be used
};

StateFile parse_state_file(std::string_view text);

}  // namespace evenkeel::backends
