#include "backends/connector.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/relay.h"
#include "core/socket_options.h"

namespace evenkeel::backends {

// The time between two attempts, which abort() cuts short.
struct Connector::Pause {
  Pause(Worker& w, Millis until) noexcept
      : worker(w),
        deadline(
            w.timers(), [](void* self) noexcept { static_cast<Pause*>(self)->waiter.resume(); }, this) {
    deadline.set(until);
  }
  Worker& worker;
  Deadline deadline;
  std::coroutine_handle<> waiter;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) noexcept { waiter = h; }
  void await_resume() const noexcept {}
  void cut() noexcept {
    deadline.clear();
    worker.defer(waiter);
  }
};

Lease& Lease::operator=(Lease&& o) noexcept {
  if (this != &o) {
    release();
    server = std::exchange(o.server, nullptr);
    connection = std::move(o.connection);
    reused = o.reused;
  }
  return *this;
}

void Lease::release() noexcept {
  if (connection) {
    connection.reset();
    server->pool_used.fetch_sub(1, std::memory_order_relaxed);
  }
  if (server == nullptr) return;
  Server& s = *std::exchange(server, nullptr);
  s.current_sessions.fetch_sub(1, std::memory_order_relaxed);
  s.release_slot();
}

void Lease::park(Worker& worker, std::optional<std::uint32_t> limit) noexcept {
  // Never more than were busy at one time: a crowd of clients that come once each would else leave thousands
  // behind.
  const std::uint64_t needed = server->counters(static_cast<unsigned>(worker.index())).sess_max.get();
  if (connection && server->idle_connections() < needed && (!limit || server->idle_connections() < *limit)) {
    ++connection->requests;
    connection->stream.bill(nullptr);
    server->pool(static_cast<unsigned>(worker.index())).put(std::move(connection), worker.now());
    server->pool_used.fetch_sub(1, std::memory_order_relaxed);
  }
  if (connection) connection->stream.skip_time_wait();
  release();
}

void Lease::keep(Worker& worker, IdlePool& own) noexcept {
  // As many as HAProxy keeps for a session; beyond that the oldest ones go.
  constexpr std::uint32_t kMost = 5;
  if (connection) {
    ++connection->requests;
    connection->stream.bill(nullptr);
    own.put(std::move(connection), worker.now());
    own.purge(std::numeric_limits<Millis>::max(), kMost);
    server->pool_used.fetch_sub(1, std::memory_order_relaxed);
  }
  release();
}

void Connector::abort(Cause why) noexcept {
  if (aborted_ != Cause::none) return;
  aborted_ = why;
  if (pausing_ != nullptr) std::exchange(pausing_, nullptr)->cut();
  if (waiting_ != nullptr) waiting_->give_up(IoStatus::cancelled);
  if (connecting_ != nullptr) connecting_->cancel(IoStatus::cancelled);
}

void Connector::avoid(Server& server) {
  if (std::find(avoided_.begin(), avoided_.end(), &server) == avoided_.end()) avoided_.push_back(&server);
}

// Whether the next attempt may go to another server (manual 4.2, redispatch). A session that no cookie or
// rule binds to its server always may: HAProxy would knock three times at a dead server before it gives up;
// our users should not see a failure that another server could have prevented.
bool Connector::may_move(const Demand& demand, int attempt) const noexcept {
  if (demand.wanted == nullptr) return true;
  if (!demand.def->redispatch || demand.insist) return false;
  const int interval = demand.def->redispatch_interval;
  if (interval > 0) return attempt % interval == 0;
  if (interval < -1) return (demand.retries + 1 - attempt) % -interval == 0;
  return attempt == demand.retries;  // the last one
}

Address Connector::target(const Demand& demand, const Server& server) const {
  Address to = server.address();
  const ServerDef& def = server.def();
  if (to.is_unspecified_ip() && demand.local != nullptr && demand.local->is_ip()) {
    const std::uint16_t port = to.port();
    to = *demand.local;  // a server without an address: where the client wanted to go
    if (port != 0) to.set_port(port);
  }
  if (def.port_mode == PortMode::offset && demand.local != nullptr) {
    to.set_port(static_cast<std::uint16_t>(demand.local->port() + def.port_offset));
  }
  return to;
}

Task<ConnectOutcome> Connector::obtain_slot(const Demand& demand, Server*& server) {
  Server* wanted = demand.wanted != nullptr ? demand.wanted : demand.preferred;
  for (;;) {
    if (wanted != nullptr && !wanted->can_serve() && !demand.insist) wanted = nullptr;
    if (wanted != nullptr && std::find(avoided_.begin(), avoided_.end(), wanted) != avoided_.end()) {
      wanted = nullptr;  // redispatched away from it
    }
    Server* full = nullptr;
    if (wanted != nullptr) {
      if (wanted->queued.load(std::memory_order_relaxed) == 0 && wanted->try_take()) {
        backend_.policy().on_assign(*wanted);
        server = wanted;
        co_return ConnectOutcome{true};
      }
    } else {
      balance::PickContext pick = demand.pick;
      pick.avoid = avoided_;
      server = backend_.pick(pick, &full);
      if (server != nullptr) {
        // Coming back to the one that has just failed is the same choice once more.
        if (server != last_tried_ || record_.retries == 0) {
          ++server->counters(static_cast<unsigned>(worker_.index())).cum_lbconn;
          ++backend_.counters(static_cast<unsigned>(worker_.index())).cum_lbconn;
        }
        co_return ConnectOutcome{true};
      }
      if (full == nullptr && !backend_.policy().any_usable()) {
        co_return ConnectOutcome{false, Cause::server_abort, Phase::connect, 503};
      }
    }
    Server* const queue_on = wanted != nullptr ? wanted : full;
    if (queue_on != nullptr && queue_on->queue_full()) {
      if (queue_on == wanted && demand.def->redispatch) {
        wanted = nullptr;
        continue;
      }
      co_return ConnectOutcome{false, Cause::server_abort, Phase::queue, 503};
    }
    QueueWait wait(worker_, backend_, queue_on,
                   demand.queue_timeout > 0 ? worker_.now() + demand.queue_timeout : kNever,
                   {demand.priority_class, worker_.now() + demand.priority_offset});
    waiting_ = &wait;
    co_await wait;
    waiting_ = nullptr;
    // The wait is over, also for those who got nothing out of it.
    if (wait.granted == nullptr && wait.status != IoStatus::failed) record_.at.dequeued = worker_.now_us();
    (queue_on != nullptr ? record_.srv_queue : record_.backend_queue) += wait.position;
    if (aborted_ != Cause::none && wait.granted == nullptr)
      co_return ConnectOutcome{false, aborted_, Phase::queue, 503};
    if (wait.granted != nullptr) {
      server = wait.granted;
      co_return ConnectOutcome{true};
    }
    if (wait.status == IoStatus::timeout)
      co_return ConnectOutcome{false, Cause::server_timeout, Phase::queue, 503};
    wanted = nullptr;  // the one that we waited for went down: whoever is left
  }
}

namespace {

// Whether the connection's source tells whom it was opened for; nobody else may then use it.
bool names_client(const SourceDef& source) noexcept {
  return source.use == SourceDef::Use::client || source.use == SourceDef::Use::client_ip ||
         source.use == SourceDef::Use::header;
}

}  // namespace

Task<ConnectOutcome> Connector::connect(const Demand& demand, Lease& lease) {
  // The end came while a slot was on its way to us.
  if (aborted_ != Cause::none) co_return ConnectOutcome{false, aborted_, Phase::connect, 503};
  Server& server = *lease.server;
  const Address to = target(demand, server);
  ConnectOptions options;
  options.keep_alive = demand.def->server_keep_alive;
  options.source = server.def().source.is_set() ? &server.def().source : &demand.def->source;
  options.client = demand.client;
  options.user_timeout_ms = server.def().tcp_user_timeout;
  // A request is ready to be sent and carries the acknowledgement that ends the handshake.
  const bool request_ready = demand.def->mode == Mode::http;
  options.quick_ack_off = demand.def->smart_connect || request_ready;
  options.no_delay = !request_ready;
  options.send_buffer = demand.send_buffer;
  options.receive_buffer = demand.receive_buffer;
  options.fast_open = server.def().tfo;
  options.marks = demand.marks;
  const ConnectAttempt attempt = begin_connect(to, options);
  if (attempt.fd < 0) {
    co_return ConnectOutcome{
        false, attempt.error.status == IoStatus::no_resource ? Cause::resource : Cause::server_abort,
        Phase::connect, 503};
  }
  lease.connection = std::make_unique<ServerConnection>(worker_, attempt.fd);
  lease.connection->server = &server;
  lease.connection->marks = demand.marks;
  lease.connection->is_private = names_client(*options.source) || demand.marks.any();
  server.pool_used.fetch_add(1, std::memory_order_relaxed);
  FdStream& stream = lease.connection->stream;
  if (!options.no_delay) stream.no_delay_later();
  Deadline deadline(
      worker_.timers(), [](void* s) noexcept { static_cast<FdStream*>(s)->interrupt(IoStatus::timeout); },
      &stream);
  if (demand.connect_timeout > 0) deadline.set(worker_.now() + demand.connect_timeout);
  connecting_ = &stream;
  IoStatus status = IoStatus::ok;
  if (!attempt.established) {
    stream.exhausted_write();
    const IoResult ready = co_await stream.writable();
    status = ready.ok() ? io_status_of(connect_error(stream.fd())) : ready.status;
  }
  connecting_ = nullptr;
  if (status == IoStatus::ok) {
    ++server.counters(static_cast<unsigned>(worker_.index())).connect;
    ++backend_.counters(static_cast<unsigned>(worker_.index())).connect;
    co_return ConnectOutcome{true};
  }
  lease.connection.reset();
  server.pool_used.fetch_sub(1, std::memory_order_relaxed);
  if (aborted_ != Cause::none) co_return ConnectOutcome{false, aborted_, Phase::connect, 503};
  co_return ConnectOutcome{false, status == IoStatus::timeout ? Cause::server_timeout : Cause::server_abort,
                           Phase::connect, 503};
}

bool Connector::reuse(const Demand& demand, Lease& lease) noexcept {
  const auto index = static_cast<unsigned>(worker_.index());
  Server& server = *lease.server;
  if (demand.own != nullptr) lease.connection = demand.own->take_for(server);
  if (!lease.connection && demand.allow_reuse)
    lease.connection = server.pool(index).take(demand.reuse_min_requests);
  if (!lease.connection) return false;
  if (lease.connection->marks != demand.marks) [[unlikely]] {
    // 0 is what packets carry by default.
    apply_packet_marks(lease.connection->stream.fd(),
                       {demand.marks.mark.value_or(0), demand.marks.tos.value_or(0)});
    lease.connection->marks = demand.marks;
    lease.connection->is_private = true;
  }
  lease.reused = true;
  server.pool_used.fetch_add(1, std::memory_order_relaxed);
  ++server.counters(index).reuse;
  ++backend_.counters(index).reuse;
  record_.at.connected = worker_.now_us();
  return true;
}

// Takes over the slot that obtain_slot() has found; false: there is none.
bool Connector::hold(Lease& lease, Server* server, const ConnectOutcome& slot) noexcept {
  const auto index = static_cast<unsigned>(worker_.index());
  if (!slot.ok) {
    if (slot.cause != Cause::client_abort) ++backend_.counters(index).failed_conns;
    return false;
  }
  lease.server = server;
  server->counters(index).sess_max.note(server->current_sessions.fetch_add(1, std::memory_order_relaxed) + 1);
  return true;
}

void Connector::note_attempt(Server& server) {
  record_.server = server.name;
  last_tried_ = &server;
  // Every attempt counts as a session, as in HAProxy.
  auto& tried = server.counters(static_cast<unsigned>(worker_.index()));
  ++tried.cum_sess;
  tried.rate(stats::RateId::sess_rate, worker_.now());
  if (record_.at.dequeued == stats::kUnset) record_.at.dequeued = worker_.now_us();
}

void Connector::note_outcome(Server& server, const ConnectOutcome& outcome) {
  if (outcome.ok) {
    server.note_traffic(health::Observe::layer4, nullptr);
    record_.at.connected = worker_.now_us();
  } else if (outcome.cause == Cause::server_abort || outcome.cause == Cause::server_timeout) {
    const auto error = health::TrafficError::connect;
    server.note_traffic(health::Observe::layer4, &error);
  }
}

// A connection has failed for good, or the same server is tried once more.
void Connector::count_failure(Server& server, bool for_good) noexcept {
  const auto index = static_cast<unsigned>(worker_.index());
  auto& be = backend_.counters(index);
  auto& srv = server.counters(index);
  ++(for_good ? be.failed_conns : be.retries);
  ++(for_good ? srv.failed_conns : srv.retries);
}

void Connector::count_move(Server& from) noexcept {
  const auto index = static_cast<unsigned>(worker_.index());
  ++backend_.counters(index).redispatches;
  ++from.counters(index).redispatches;
  record_.redispatched = true;
}

Task<ConnectOutcome> Connector::run(const Demand& demand, Lease& lease) {
  aborted_ = Cause::none;
  for (int attempt = 0;; ++attempt) {
    Server* next = nullptr;
    if (!lease.held()) {
      const ConnectOutcome slot = co_await obtain_slot(demand, next);
      if (!hold(lease, next, slot)) co_return slot;
    }
    Server& server = *lease.server;
    note_attempt(server);
    if (demand.may_redirect && !server.def().redir.empty()) co_return ConnectOutcome{true};
    if (attempt == 0 && reuse(demand, lease)) co_return ConnectOutcome{true};
    lease.reused = false;
    const ConnectOutcome outcome = co_await connect(demand, lease);
    note_outcome(server, outcome);
    if (outcome.ok) co_return outcome;
    const int retries = demand.def->retry_on.conn_failure ? demand.retries : 0;
    const bool for_good = attempt >= retries || aborted_ != Cause::none;
    if (for_good) {
      count_failure(server, true);
      lease.release();
      co_return outcome;
    }
    ++record_.retries;
    if (may_move(demand, attempt + 1)) {
      // Somebody else may be there to take it; when the same server comes out again, it is given time to
      // restart.
      avoid(server);
      lease.release();
      const ConnectOutcome slot = co_await obtain_slot(demand, next);
      if (!hold(lease, next, slot)) co_return slot;
      if (next != &server) {
        count_move(server);
        continue;
      }
    }
    count_failure(server, false);
    // Turn-around time before the same server is tried again (manual 4.2, retries).
    const Millis pause = demand.connect_timeout > 0 ? std::min<Millis>(1000, demand.connect_timeout) : 1000;
    Pause turn_around(worker_, worker_.now() + pause);
    pausing_ = &turn_around;
    co_await turn_around;
    pausing_ = nullptr;
    if (aborted_ == Cause::none && (server.can_serve() || demand.insist)) continue;
    lease.release();
    if (aborted_ != Cause::none) co_return ConnectOutcome{false, aborted_, Phase::connect, 503};
  }
}

}  // namespace evenkeel::backends
