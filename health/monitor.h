// Runs the checks of a set of servers on one worker: when, how often, how many at a time; and keeps their
// counters.
//
// One monitor owns the health counters of its targets, and only its worker's thread touches them. Other
// threads reach it through Worker::post(). A waiting check costs one entry in the timer wheel: no coroutine,
// no buffer, no descriptor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/worker.h"
#include "health/check_def.h"
#include "health/exchange.h"
#include "health/protocol/agent.h"
#include "health/protocol/external.h"
#include "health/report.h"

namespace evenkeel::health {

// One server to watch. The definitions are those of a snapshot; keep_alive holds it for as long as they are
// in use.
struct MonitorTarget {
  std::string backend;
  std::string server;
  const CheckDef* def = nullptr;
  const BackendCheck* check = nullptr;
  std::shared_ptr<const void> keep_alive;
  Address address;  // where the server's traffic goes, with its port
  ServerLink link;
  int initial_health = -1;  // a counter to put back after a reload; -1: def->init_state decides
  std::function<std::string()> server_state;  // for http-check send-state; on the monitor's thread
  std::function<ExternalTarget()> external;   // for external-check; on the monitor's thread
  void* owner = nullptr;                      // the listener's own
};

// What one check, or an event that counts as one, has yielded.
struct CheckOutcome {
  CheckKind kind = CheckKind::health;
  Verdict verdict;
  Millis duration_ms = 0;  // -1: no check has run (observe, commands)
  HealthChange change = HealthChange::none;
  const HealthCounter* health = nullptr;  // after the outcome; valid during the call
  bool up = true;           // what health check and agent say together: either of them keeps the server down
  bool nolb = false;        // the server passes conditionally: no new load
  bool noteworthy = false;  // status or counter differ from before: what `option log-health-checks` logs
  const AgentReply* agent = nullptr;  // for an agent that answered
};

class CheckListener {
 public:
  virtual ~CheckListener() = default;
  // On the monitor's thread. May call the monitor, remove() included.
  virtual void on_outcome(const MonitorTarget& target, const CheckOutcome& outcome) = 0;
  // A check begins: the statistics show "* L7OK" until its outcome.
  virtual void on_start(const MonitorTarget&, CheckKind) {}
};

struct MonitorOptions {
  int spread_percent = 0;          // global spread-checks, 0..50
  Millis max_spread = 0;           // global max-spread-checks; 0: no bound
  std::size_t max_running = 1000;  // tune.max-checks-per-thread; further checks wait for their turn
  std::function<double()> random;  // uniform in [0, 1); default: a generator of the thread
};

using CheckId = std::uint32_t;

class Monitor {
 public:
  Monitor(Worker& worker, CheckListener& listener, MonitorOptions options);
  // Ends what runs; nothing is reported afterwards. The worker has to turn once more for the last frames to
  // go.
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  // A target without an enabled check and agent is kept, so that it can be enabled at run time. After start()
  // its first check begins at once.
  CheckId add(MonitorTarget target);
  void remove(CheckId id);
  // Begins checking all targets, their first checks spread as start_offset() says.
  void start();

  // `enable|disable health|agent`, and maintenance: without checks the counter stands still.
  void set_enabled(CheckId id, CheckKind kind, bool enabled);
  // Leaving maintenance: the counter begins anew as init-state says, and a check follows at once.
  void restart(CheckId id);
  // `set server ... health up|stopping|down`, `... agent up|down`. Reported as an outcome with the status
  // left as it was.
  void force(CheckId id, CheckKind kind, bool up, bool nolb = false);
  // `set server ... addr|port|check-addr|check-port|agent-addr|agent-port`. Checks under way finish where
  // they went.
  void set_address(CheckId id, const Address& server);
  void set_check_address(CheckId id, std::optional<Address> address, std::uint16_t port);
  void set_agent_address(CheckId id, std::optional<Address> address, std::uint16_t port);
  void set_agent_send(CheckId id, std::string send);
  // `observe`: traffic met error-limit errors in a row; text: traffic_errors_text().
  void on_traffic_errors(CheckId id, std::string text);

  [[nodiscard]] const HealthCounter* counter(CheckId id,
                                             CheckKind kind) const noexcept;  // null: no such target
  [[nodiscard]] std::size_t running() const noexcept;
  [[nodiscard]] std::size_t size() const noexcept;

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace evenkeel::health
