// A live server: what its definition cannot say, because it changes while the process runs.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "backends/idle_pool.h"
#include "backends/server_def.h"
#include "balance/member.h"
#include "health/report.h"
#include "health/rise_fall.h"
#include "health/status.h"
#include "stats/counters.h"

namespace evenkeel::backends {

class Backend;

// Why an operator's will, or the lack of an address, keeps a server out (management manual, srv_admin_state).
enum AdminFlag : std::uint32_t {
  kForcedMaint = 0x01,
  kInheritedMaint = 0x02,  // from the server that it tracks
  kConfigMaint = 0x04,     // `disabled` in the configuration; for reports, it comes with kForcedMaint
  kForcedDrain = 0x08,
  kInheritedDrain = 0x10,
  kNoAddress = 0x20,  // its name did not resolve
};
inline constexpr std::uint32_t kAnyMaint = kForcedMaint | kInheritedMaint | kNoAddress;
inline constexpr std::uint32_t kAnyDrain = kForcedDrain | kInheritedDrain;

// The last finished check, for reports.
struct LastCheck {
  health::CheckStatus status = health::CheckStatus::unknown;
  int code = 0;
  Millis duration = -1;
  std::string description;
};

// Where the checks of a server go, as it is now; operators may change it.
struct CheckTarget {
  std::optional<Address> address;  // not set: the server's
  std::uint16_t port = 0;          // 0: not set
};

// Identity is the pair of backend and server name. As a balance::Member it is read and counted by all
// workers.
class Server : public balance::Member {
 public:
  Server(Backend& backend, std::shared_ptr<const ServerDef> def, std::uint32_t index, unsigned workers);

  [[nodiscard]] Backend& backend() const noexcept { return backend_; }
  [[nodiscard]] const ServerDef& def() const noexcept { return *def_; }

  // Runtime changes of the address (`set server ... addr`) count from the next connection on.
  [[nodiscard]] Address address() const;
  void set_address(const Address& address);

  IdlePool& pool(unsigned worker) noexcept { return *pools_[worker]; }
  stats::Counters& counters(unsigned worker) noexcept { return totals.at(worker); }
  [[nodiscard]] std::uint32_t idle_connections() const noexcept {
    return idle_.load(std::memory_order_relaxed);
  }

  // Takes the admin flags, health and weights together and tells the backend's policy. Any thread.
  void refresh();
  // Adds and removes flags; true when something changed.
  bool change_admin(std::uint32_t add, std::uint32_t remove);
  [[nodiscard]] std::uint32_t admin() const noexcept { return admin_.load(std::memory_order_acquire); }
  [[nodiscard]] bool in_maintenance() const noexcept { return (admin() & kAnyMaint) != 0; }
  [[nodiscard]] bool draining() const noexcept {
    return (admin() & kAnyDrain) != 0 || user_weight.load(std::memory_order_relaxed) == 0;
  }
  // A connection may be opened to it: running, not in maintenance. Draining servers still take persistent
  // sessions.
  [[nodiscard]] bool can_serve() const noexcept { return running() && !in_maintenance(); }
  // What checks say; true without checks.
  [[nodiscard]] bool running() const noexcept { return running_.load(std::memory_order_acquire); }
  // Up or down by checks or agent. Ends sessions and drains queues as the definition says. `now`: monotonic
  // ms.
  void set_running(bool up, Millis now);
  // disable-on-404: keeps persistent sessions only.
  void set_stopping(bool stopping);
  [[nodiscard]] bool stopping() const noexcept { return stopping_.load(std::memory_order_relaxed); }

  // What traffic met there, for `observe`; null: nothing to complain of. layer tells what has been seen to go
  // well: a connection or a response. A failed connection counts in both modes. Any worker.
  void note_traffic(health::Observe layer, const health::TrafficError* error);

  // The backend's load has changed: with minconn, so does the limit (manual 5.2, minconn).
  void follow_load();
  // Servers that follow this one (`track`): they share its health and its maintenance.
  void add_follower(Server& follower);
  void remove_follower(const Server& follower);
  [[nodiscard]] std::vector<Server*> followers() const;

  // A slot for one more session has been released: wakes who waits.
  void release_slot();

  std::atomic<std::uint32_t> user_weight;  // 0..256, as set by configuration, operator or agent
  std::uint32_t initial_weight;
  // The limits as set by configuration or operator; Member::maxconn is what follows from them now.
  std::atomic<std::uint32_t> maxconn_setting;
  std::atomic<std::uint32_t> minconn_setting;
  std::atomic<std::uint32_t> current_sessions{0};
  std::atomic<std::uint32_t> pool_used{0};  // connections in use
  // Sessions that the last change of side moved: out of its queue when it went, out of the backend's when it
  // came.
  std::atomic<std::uint32_t> requeued{0};
  std::atomic<bool> checks_enabled;
  std::atomic<bool> agent_enabled;
  stats::EntityCounters totals;
  health::ErrorObserver observer;

  // Guards the fields below; they change at the pace of checks and operators.
  mutable std::mutex mutex;
  LastCheck last_check;
  LastCheck last_agent;
  std::string status_text;  // "UP 1/3" as the check sees it; empty: no checks
  int health_value = 0;
  Millis last_change = 0;  // monotonic ms of the last change of side
  Millis down_time = 0;    // sum of finished periods of being down
  std::string fqdn;
  CheckTarget check_target;
  CheckTarget agent_target;
  int agent_value = 1;        // the agent's counter, 0 or 1
  Server* tracked = nullptr;  // fixed from its birth on
  bool dynamic = false;       // made by `add server`

 private:
  void apply_limits();
  bool recompute();

  Backend& backend_;
  std::shared_ptr<const ServerDef> def_;
  Address address_;                 // guarded by mutex
  std::vector<Server*> followers_;  // guarded by mutex
  std::mutex refresh_mutex_;
  std::atomic<std::uint32_t> admin_{0};
  std::atomic<bool> running_{true};
  std::atomic<bool> stopping_{false};
  std::atomic<Millis> up_since_{0};  // for slowstart; 0: not climbing
  std::atomic<std::uint32_t> idle_{0};
  std::vector<std::unique_ptr<IdlePool>> pools_;
};

}  // namespace evenkeel::backends
