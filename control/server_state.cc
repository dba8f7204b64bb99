#include "control/server_state.h"

#include "health/status_number.h"

namespace evenkeel::control {
namespace {

using backends::Server;
using health::CheckStatus;

// srv_op_state
enum class Operation { stopped = 0, starting = 1, running = 2, stopping = 3 };

Operation operation_of(const Server& server) noexcept {
  if (!server.can_serve()) return Operation::stopped;
  if (server.stopping()) return Operation::stopping;
  const std::uint32_t full = server.user_weight.load() * balance::kWeightScale;
  return server.weight.load() < full ? Operation::starting : Operation::running;
}

// srv_check_result
int result_number(CheckStatus status) noexcept {
  if (status == CheckStatus::unknown || status == CheckStatus::init) return 0;
  switch (health::result(status)) {
    case health::CheckResult::neutral:
      return 1;
    case health::CheckResult::failed:
      return 2;
    case health::CheckResult::passed:
      return 3;
    case health::CheckResult::conditional:
      return 4;
  }
  return 0;
}

// srv_check_state and srv_agent_state
int check_state(bool configured, bool enabled, bool paused, bool agent) noexcept {
  return (configured ? 2 | (enabled ? 4 : 0) | (agent ? 16 : 0) : 0) | (paused ? 8 : 0);
}

}  // namespace

std::string_view server_state_header() noexcept {
  return "1\n"
         "# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight "
         "srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state "
         "srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl "
         "srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n";
}

void append_server_state(std::string& out, const Server& server, Millis now) {
  const backends::BackendDef& backend = server.backend().def();
  const health::CheckDef& check = server.def().check;
  const Address address = server.address();
  const std::uint32_t admin = server.admin();
  // As HAProxy has it: without a check, `disabled` in the configuration shows here for ever.
  const bool paused = check.enabled ? server.in_maintenance() && server.checks_enabled.load()
                                    : (admin & backends::kConfigMaint) != 0;
  const std::lock_guard lock(server.mutex);
  const auto text = [&](const std::string& word) { out += word.empty() ? "- " : word + ' '; };
  const auto number = [&](auto value) { out += std::to_string(value) + ' '; };
  const auto place = [](const std::optional<Address>& a) { return a ? a->ip_string() : std::string(); };
  number(backend.id);
  text(backend.name);
  number(server.id);
  text(server.name);
  text(address.ip_string());
  number(static_cast<int>(operation_of(server)));
  number(admin);
  number(server.user_weight.load());
  number(server.initial_weight);
  number((now - server.last_change) / 1000);
  number(health::status_number(server.last_check.status));
  number(result_number(server.last_check.status));
  number(server.health_value);
  number(check_state(check.enabled, server.checks_enabled.load(), paused, false));
  number(check_state(check.agent.enabled, server.agent_enabled.load(), false, true));
  number(backend.forced_id ? 1 : 0);
  number(server.def().forced_id ? 1 : 0);
  text(server.fqdn);
  number(address.port());
  out += "- 0 ";  // no SRV record, no TLS
  number(server.check_target.port);
  text(place(server.check_target.address));
  text(place(server.agent_target.address));
  number(server.agent_target.port);
  out.back() = '\n';
}

}  // namespace evenkeel::control
