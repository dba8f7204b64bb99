// A live backend: its servers, the algorithm that chooses among them, and who waits for them.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "backends/backend_def.h"
#include "backends/captured_error.h"
#include "backends/queue.h"
#include "backends/server.h"
#include "balance/policy.h"
#include "stats/counters.h"

namespace evenkeel::backends {

// Keyed by its name; outlives snapshots.
class Backend {
 public:
  // workers: how many threads there will be.
  Backend(std::shared_ptr<const BackendDef> def, unsigned workers);
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  ~Backend();

  [[nodiscard]] const std::string& name() const noexcept { return def_->name; }
  [[nodiscard]] const BackendDef& def() const noexcept { return *def_; }
  [[nodiscard]] std::shared_ptr<const BackendDef> shared_def() const noexcept { return def_; }

  // Safe from any thread: servers are added and removed under a lock, and a removed server stays allocated
  // until the backend goes.
  [[nodiscard]] std::vector<Server*> servers() const;
  [[nodiscard]] Server* find_server(std::string_view name) const;
  [[nodiscard]] Server* find_by_cookie(std::string_view value) const;
  // Null with `why` when the name exists.
  Server* add_server(std::shared_ptr<const ServerDef> def, std::string& why);
  // The caller has made sure that it is in maintenance, idle and untracked.
  void remove_server(Server& server);

  [[nodiscard]] balance::Policy& policy() noexcept { return *policy_; }
  stats::Counters& counters(unsigned worker) noexcept { return totals.at(worker); }

  // Chooses a server with a free slot and takes the slot. Null: nobody is usable (any_usable false) or all
  // are full; when the algorithm insists on one that is full (hashes), `full` names it.
  Server* pick(const balance::PickContext& context, Server** full = nullptr);
  // Counts a session in and out. Limits between minconn and maxconn follow the number.
  void session_began(unsigned worker, Millis now);
  void session_ended();
  // After a slot became free on this server, or it became usable: grants slots to those who wait; tells to
  // how many.
  std::uint32_t dispatch(Server& server);
  // After servers came up or limits grew.
  void dispatch_all();
  // The server went down: those who wait for it alone choose again; tells how many they are.
  std::uint32_t evict_queue(Server& server);
  // UP while at least one server can take traffic (or when there is no server at all: then it has nothing to
  // do).
  [[nodiscard]] bool is_up();

  std::atomic<std::uint32_t> current_sessions{0};
  std::atomic<std::uint32_t> queued{0};       // in the backend's own queue and in all servers' queues
  std::atomic<std::uint32_t> queued_here{0};  // in the backend's own queue
  std::atomic<Millis> last_change{0};
  std::atomic<Millis> down_time{0};
  std::atomic<bool> up{true};
  std::atomic<bool> published{true};  // use_backend and default_backend may name it
  std::uint32_t fullconn = 0;         // effective
  stats::EntityCounters totals;

  ErrorCapture last_response_error;

  // Weight, health or the operator's will of a server changed; set before there are threads, called by any.
  std::function<void()> on_server_change;
  // Ends sessions on that server in all workers; set by the engine.
  std::function<void(Server&, Cause)> kill_sessions;
  // Traffic met as many errors in a row as `error-limit` allows; set by the engine.
  std::function<void(Server&, health::TrafficError last)> on_traffic_errors;

 private:
  friend class QueueWait;
  bool enqueue(QueueWait& wait);
  bool dequeue(QueueWait& wait);
  void link(QueueWait& wait);
  void unlink(QueueWait& wait);
  QueueWait* next_for(Server& server);

  void load_changed();

  std::shared_ptr<const BackendDef> def_;
  unsigned workers_;
  std::atomic<bool> has_minconn_{false};  // some server's limit follows the load
  mutable std::mutex servers_mutex_;
  std::vector<std::unique_ptr<Server>> servers_;
  std::vector<std::unique_ptr<Server>> removed_;
  std::unique_ptr<balance::Policy> policy_;
  std::mutex queue_mutex_;  // guards the list and the counts above
  QueueWait* queue_head_ = nullptr;
  QueueWait* queue_tail_ = nullptr;
};

}  // namespace evenkeel::backends
