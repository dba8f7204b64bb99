// The running proxy: workers, frontends, backends, and the life of each client connection from accept to log.
//
// Configuration comes in as a snapshot; live objects are made from it once and keyed by name.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "backends/backend.h"
#include "backends/live_session.h"
#include "core/task.h"
#include "core/worker.h"
#include "frontends/config.h"
#include "frontends/frontend.h"
#include "rules/variables.h"
#include "stats/counters.h"

namespace evenkeel {
class FdStream;
}

namespace evenkeel::stats {
class PageService;
}

namespace evenkeel::frontends {

class Engine;
class Resident;
class HealthChecks;
class AccessLogs;
class Caches;
class EncoderPool;

// A loop that accepts on one socket of this worker.
struct Acceptor {
  const Frontend* frontend;
  FdStream* stream;
};

// What a session needs of the thread that it runs on.
struct WorkerContext {
  WorkerContext(Engine& e, int index, std::size_t buffer_size) : engine(e), worker(index, buffer_size) {}
  Engine& engine;
  Worker worker;
  backends::SessionList sessions;
  std::vector<Event*> paused_acceptors;
  Event tick;                             // housekeeping waits for it
  std::shared_ptr<EncoderPool> encoders;  // made at the first use (see EncoderPool::of)
  Resident* residents = nullptr;          // what must have gone before the worker may go
  std::vector<Acceptor> acceptors;
  std::uint32_t warm_sessions = 0;  // that wait for a request with everything in place
  struct Start {
    Listener* listener;
    int fd;
  };
  std::vector<Start> to_accept;  // owned, until the worker starts
  [[nodiscard]] unsigned index() const noexcept { return static_cast<unsigned>(worker.index()); }
};

// Marks a task that runs on a worker on its own (a client connection, an acceptor, a runtime socket): the
// worker ends only when all of them have gone. One that waits for events of one stream for ever names it; its
// wait is cancelled at the end. Lives in the task's frame, after the stream.
class Resident {
 public:
  explicit Resident(WorkerContext& context, FdStream* waits_on = nullptr) noexcept;
  Resident(const Resident&) = delete;
  Resident& operator=(const Resident&) = delete;
  ~Resident();

 private:
  friend class Engine;
  FdStream* stream_;
  Resident* next_;
  Resident** link_;
};

class Engine {
 public:
  // Makes all live objects; opens nothing yet.
  Engine(std::shared_ptr<const Config> config, unsigned workers);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  // Opens (or takes over, see adopt_socket) the listening sockets of all frontends. False: `errors` has one
  // line per address that could not be had; a further call tries those again.
  bool open_listeners(std::vector<std::string>& errors);
  // A listening socket of a previous process for that address (seamless reload); taken if a listener wants
  // it.
  void adopt_socket(int fd);

  // Starts all threads; the caller's thread becomes worker 0 and returns after stop().
  void run();
  // Stops accepting; run() returns when the last session has ended, or when hard_stop_after has passed. Any
  // thread.
  void soft_stop();
  // Ends all sessions; run() returns when the last of them has let go, which takes no longer than two
  // seconds. Any thread.
  void stop();
  [[nodiscard]] bool stopping() const noexcept { return stopping_.load(std::memory_order_relaxed); }

  // Of a soft stop and close-spread-time (manual 3.1). Whether the answer that is being made is the last one
  // of its connection: always at once, never with "infinite", else more and more often.
  [[nodiscard]] bool ends_keep_alive() const noexcept;
  [[nodiscard]] bool ends_idle_at_once() const noexcept {
    return stopping() && config_->global.close_spread == 0;
  }
  // When an idle connection has to go, on the workers' clock; kNever: for no such reason.
  [[nodiscard]] Millis idle_limit() const noexcept;

  [[nodiscard]] const Config& config() const noexcept { return *config_; }
  [[nodiscard]] unsigned worker_count() const noexcept { return static_cast<unsigned>(contexts_.size()); }
  [[nodiscard]] WorkerContext& context(unsigned index) noexcept { return *contexts_[index]; }
  [[nodiscard]] const std::vector<std::unique_ptr<Frontend>>& frontends() const noexcept {
    return frontends_;
  }
  [[nodiscard]] const std::vector<std::unique_ptr<backends::Backend>>& backends() const noexcept {
    return backends_;
  }
  [[nodiscard]] Frontend* find_frontend(std::string_view name) const noexcept;
  [[nodiscard]] backends::Backend* find_backend(std::string_view name) const noexcept;

  // Runs the function on every worker's thread and returns at once.
  void on_all_workers(const std::function<void(WorkerContext&)>& function);
  void kill_sessions(const backends::Server& server, Cause why);
  void stop_frontend(Frontend& frontend);
  void pause_frontend(Frontend& frontend);
  // False when a socket could not listen again; the others do.
  bool resume_frontend(Frontend& frontend);
  // A connection ended or a limit was raised: acceptors that wait for room look again.
  void room_made() noexcept;

  // rate-limit sessions, maxconnrate and maxsessrate: whether the next connection has to wait.
  [[nodiscard]] bool over_rate(const Frontend& frontend, Millis now) const noexcept;
  // Admission of one connection: takes a place in process and frontend, or says no. release() gives it back.
  bool admit(Frontend& frontend, Listener& listener) noexcept;
  void release(Frontend& frontend, Listener& listener) noexcept;

  [[nodiscard]] HealthChecks& checks() noexcept { return *checks_; }
  [[nodiscard]] AccessLogs& logs() noexcept { return *logs_; }
  [[nodiscard]] stats::PageService& pages() noexcept { return *pages_; }

  // Called once when the engine begins to stop softly, on the thread of soft_stop(). Set before run().
  std::function<void()> on_soft_stop;

  std::atomic<std::uint32_t> current_connections{0};
  std::atomic<std::uint32_t> maxconn{0};
  std::uint32_t initial_maxconn = 0;  // as configured or computed; operators go no higher
  // maxconnrate and maxsessrate, per second over all frontends; 0: none.
  std::atomic<std::uint32_t> connection_rate_limit{0};
  std::atomic<std::uint32_t> session_rate_limit{0};
  std::atomic<std::uint32_t> compression_rate_limit{0};  // maxcomprate, kB per second
  std::shared_ptr<Caches> caches;                        // never null
  std::atomic<std::uint64_t> cumulated_connections{0};
  std::atomic<std::uint64_t> cumulated_requests{0};
  // %rt; one for all threads, and so counted only where an id or a log line shows it.
  std::atomic<std::uint64_t> numbered_requests{0};
  std::atomic<std::uint32_t> waiting_acceptors{0};
  std::atomic<std::uint32_t> captured_errors{0};  // malformed messages so far
  stats::EntityCounters totals;                   // of the process
  rules::VariableStore process_vars;              // scope proc; rules lock it themselves
  std::atomic<Millis> stopping_since{0};
  const std::int64_t started_wall_us;
  const Millis started;

 private:
  Task<void> accept_loop(WorkerContext& context, Listener& listener, int fd);
  Task<void> datagram_loop(WorkerContext& context, Listener& listener, int fd);
  Task<void> housekeeping(WorkerContext& context);
  void start_worker(WorkerContext& context);
  static bool listen_again(const Listener& listener, int fd) noexcept;
  void drained() noexcept;
  void wind_down(WorkerContext& context) noexcept;
  bool may_accept(Frontend& frontend, Listener& listener) noexcept;
  void link_tracking();
  int adopted_for(const BindDef& def);
  int bind_socket(const Listener& listener, std::string& why);
  void open_listener_of(Listener& listener, std::vector<std::string>& errors);
  void place_adopted_rest();
  void prepare_acceptors();
  void take_client(WorkerContext& context, Listener& listener, int client, const Address& peer);
  void accept_rest(WorkerContext& context, Listener& listener, int fd);
  static void close_sockets(Frontend& frontend) noexcept;

  std::shared_ptr<const Config> config_;
  std::vector<std::unique_ptr<WorkerContext>> contexts_;  // outlive the idle connections of the servers
  std::vector<std::unique_ptr<backends::Backend>> backends_;
  // For rules that route by name; a configuration may have thousands of backends.
  std::unordered_map<std::string_view, backends::Backend*> backends_by_name_;
  std::vector<std::unique_ptr<Frontend>> frontends_;
  std::unique_ptr<HealthChecks> checks_;
  std::unique_ptr<AccessLogs> logs_;
  std::unique_ptr<stats::PageService> pages_;
  std::atomic<int> accepting_{0};  // accept loops that have not ended
  std::vector<int> adopted_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> stopped_{false};
  Millis draining_since_ = 0;  // worker 0's
};

}  // namespace evenkeel::frontends
