// From "this backend" to a connection that may be written to: choose, wait, reuse or connect, and try again.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "backends/backend.h"
#include "backends/idle_pool.h"
#include "core/error.h"
#include "core/socket_options.h"
#include "core/task.h"
#include "stats/session_record.h"

namespace evenkeel::backends {

// A server's slot and a connection to it. Gives both back when it goes.
class Lease {
 public:
  Lease() = default;
  Lease(Lease&& o) noexcept { *this = std::move(o); }
  Lease& operator=(Lease&& o) noexcept;
  ~Lease() { release(); }

  Server* server = nullptr;
  std::unique_ptr<ServerConnection> connection;
  bool reused = false;  // the connection has served somebody before

  [[nodiscard]] bool held() const noexcept { return server != nullptr; }
  // Closes the connection, frees the slot and wakes who waits for it.
  void release() noexcept;
  // Frees the slot, keeps the connection for later requests.
  void park(Worker& worker, std::optional<std::uint32_t> limit) noexcept;
  // Frees the slot, keeps the connection for the session that `own` belongs to.
  void keep(Worker& worker, IdlePool& own) noexcept;
};

// What a session asks for.
struct Demand {
  const BackendDef* def = nullptr;  // of the snapshot that the session began with
  balance::PickContext pick;
  Server* wanted = nullptr;  // by persistence
  bool insist = false;       // wanted even when it is down (option persist, force-persist)
  const Address* client = nullptr;
  const Address* local = nullptr;  // where the client connected to: port offsets, transparent
  std::string_view proxy_header;   // sent first on new connections; filled by the session
  bool allow_reuse = false;        // of connections that other sessions opened
  IdlePool* own = nullptr;         // connections that this very session keeps; they are taken first
  // The server of the session's last request, when it should rather stay there; it may be moved freely.
  Server* preferred = nullptr;
  std::uint32_t reuse_min_requests =
      0;                      // only connections that have served that many (http-reuse aggressive)
  bool may_redirect = false;  // a server with a `redir` prefix is chosen, not reached: no connection comes
  int send_buffer = 0;        // tune.sndbuf.server, tune.rcvbuf.server; 0: the kernel's choice
  int receive_buffer = 0;
  Millis connect_timeout = 0;  // 0: none
  Millis queue_timeout = 0;
  int retries = 3;
  // Of rules: place in queues, packets to the server. A connection with marks serves its own session only.
  int priority_class = 0;
  int priority_offset = 0;  // milliseconds
  PacketMarks marks;
};

struct ConnectOutcome {
  bool ok = false;
  Cause cause = Cause::none;
  Phase phase = Phase::none;
  int status = 503;  // what an HTTP client is told
};

// One session's way to a server. Lives in the session; run() may be called again for each request and for
// retries.
class Connector {
 public:
  Connector(Worker& worker, Backend& backend, stats::SessionRecord& record) noexcept
      : worker_(worker), backend_(backend), record_(record) {}

  Task<ConnectOutcome> run(const Demand& demand, Lease& lease);
  // The client left, or an operator ended the session. From a callback of the same worker.
  void abort(Cause why) noexcept;
  [[nodiscard]] Backend& backend() const noexcept { return backend_; }
  // Servers that failed this session; they are avoided while others can take it.
  void avoid(Server& server);
  void forget_failures() noexcept {
    avoided_.clear();
    last_tried_ = nullptr;
  }
  // The server of the latest attempt, reached or not; null before the first.
  [[nodiscard]] Server* last_tried() const noexcept { return last_tried_; }

 private:
  Task<ConnectOutcome> obtain_slot(const Demand& demand, Server*& server);
  Task<ConnectOutcome> connect(const Demand& demand, Lease& lease);
  bool reuse(const Demand& demand, Lease& lease) noexcept;
  bool hold(Lease& lease, Server* server, const ConnectOutcome& slot) noexcept;
  void note_attempt(Server& server);
  void note_outcome(Server& server, const ConnectOutcome& outcome);
  void count_failure(Server& server, bool for_good) noexcept;
  void count_move(Server& from) noexcept;
  [[nodiscard]] bool may_move(const Demand& demand, int attempt) const noexcept;
  [[nodiscard]] Address target(const Demand& demand, const Server& server) const;

  Worker& worker_;
  Backend& backend_;
  stats::SessionRecord& record_;
  struct Pause;
  QueueWait* waiting_ = nullptr;
  Pause* pausing_ = nullptr;
  FdStream* connecting_ = nullptr;
  Cause aborted_ = Cause::none;
  std::vector<balance::Member*> avoided_;
  Server* last_tried_ = nullptr;
};

}  // namespace evenkeel::backends
