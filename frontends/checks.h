// Health checks at work: monitors on the workers, and what their findings do to the live servers.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backends/backend.h"
#include "health/monitor.h"

namespace evenkeel::frontends {

class Engine;

// Servers are spread over the workers, so that thousands of checks do not burden one of them. All methods may
// be called from any thread; effects happen on the monitor's own.
class HealthChecks final : public health::CheckListener {
 public:
  explicit HealthChecks(Engine& engine);
  ~HealthChecks() override;

  // Adds every server that is checked or may be at run time. To be called on each worker's own thread.
  void start_on(unsigned worker);
  // Before the worker's loop goes.
  void stop_on(unsigned worker);
  // Servers added at run time.
  void add(backends::Server& server);
  void remove(backends::Server& server);

  void set_enabled(backends::Server& server, health::CheckKind kind, bool enabled);
  // `set server ... health up|stopping|down`, `... agent up|down`.
  void force(backends::Server& server, health::CheckKind kind, bool up, bool stopping = false);
  // Entering and leaving maintenance. Whether checks are enabled is another matter and stays as it is; with
  // disabled checks restart() does nothing.
  void pause(backends::Server& server);
  void restart(backends::Server& server);
  void address_changed(backends::Server& server);
  void set_check_address(backends::Server& server, std::optional<Address> address, std::uint16_t port);
  void set_agent_address(backends::Server& server, std::optional<Address> address, std::uint16_t port);
  void set_agent_send(backends::Server& server, std::string send);
  // Traffic met error-limit errors in a row on this server (`observe`).
  void on_traffic_errors(backends::Server& server, health::TrafficError last);

  void on_outcome(const health::MonitorTarget& target, const health::CheckOutcome& outcome) override;
  void on_start(const health::MonitorTarget& target, health::CheckKind kind) override;

 private:
  struct Place {
    unsigned worker = 0;
    health::CheckId id = 0;
  };
  void with_monitor(backends::Server& server, std::function<void(health::Monitor&, health::CheckId)> action);
  [[nodiscard]] health::MonitorTarget target_of(backends::Server& server) const;
  [[nodiscard]] bool wants_monitor(const backends::Server& server) const;
  void apply_agent(backends::Server& server, const health::AgentReply& reply);

  Engine& engine_;
  std::vector<std::unique_ptr<health::Monitor>> monitors_;  // one per worker; each touched by its worker only
  mutable std::mutex mutex_;                                // guards places_
  std::unordered_map<const backends::Server*, Place> places_;
  unsigned next_worker_ = 0;
};

}  // namespace evenkeel::frontends
