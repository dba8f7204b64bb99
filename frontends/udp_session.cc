#include "frontends/udp_session.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <random>
#include <utility>
#include <vector>

#include "core/hash.h"
#include "frontends/access_logs.h"
#include "frontends/connection_rules.h"
#include "frontends/content_switching.h"
#include "frontends/rule_context.h"
#include "frontends/session_end.h"

namespace evenkeel::frontends {
namespace {

constexpr int kTurns = 16;  // batches of one socket before others have their turn

// One for all sockets of the thread: what it has read is passed on before it reads again.
DatagramReader& reader() {
  static thread_local DatagramReader own;
  return own;
}

Address with_port(const Address& address, const Address& bound) noexcept {
  Address full = address.family() == AF_UNSPEC ? bound : address;
  full.set_port(bound.port());
  return full;
}

// What an error on a socket says about the peer; some only say something about us or the path.
bool is_peers_fault(int error) noexcept {
  return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH || error == ECONNRESET ||
         error == EHOSTDOWN || error == EPROTO || error == ENOPROTOOPT || error == EACCES;
}

}  // namespace

UdpKey udp_key(const Address& client, const Address& local) noexcept {
  UdpKey key;
  char* at = key.bytes.data();
  const auto put = [&at](const void* bytes, std::size_t size) {
    std::memcpy(at, bytes, size);
    at += size;
  };
  const std::uint16_t family = static_cast<std::uint16_t>(client.family());
  const std::uint16_t port = client.port();
  put(&family, sizeof family);
  put(&port, sizeof port);
  if (client.family() == AF_INET6) {
    const auto* const sin = reinterpret_cast<const sockaddr_in6*>(client.data());
    put(&sin->sin6_scope_id, sizeof sin->sin6_scope_id);
  }
  put(client.ip_bytes().data(), client.ip_bytes().size());
  put(local.ip_bytes().data(), local.ip_bytes().size());
  return key;
}

UdpSession::UdpSession(UdpPort& port, const UdpKey& key, const Datagram& first)
    : port_(port),
      key_(key),
      client_(first.from),
      local_(with_port(first.local, port.bound_)),
      began_wall_us_(SystemClock().wall_us()),
      def_(port.listener_.frontend.shared_def()),
      deadline_(
          port.context_.worker.timers(),
          [](void* self) noexcept { static_cast<UdpSession*>(self)->silent(); }, this) {
  frontend = &port.listener_.frontend;
}

UdpSession::~UdpSession() {
  if (self_) *self_ = nullptr;
  unwatch(server_wire_);
  unwatch(client_wire_);
}

bool UdpSession::watch(Wire& wire, int fd, Watch::Callback callback) noexcept {
  Poller& poller = port_.context_.worker.poller();
  wire.fd = fd;
  wire.watch = poller.make(callback, this, fd);
  return poller.want_read(*wire.watch);
}

void UdpSession::unwatch(Wire& wire) noexcept {
  if (wire.watch != nullptr) port_.context_.worker.poller().drop(std::exchange(wire.watch, nullptr));
  if (wire.fd >= 0) ::close(std::exchange(wire.fd, -1));
}

// Rules, logs and counters know clients by their connection. A datagram has none: what stands in for it has
// addresses and no descriptor.
std::unique_ptr<ClientConnection> UdpSession::make_client() const {
  auto client = std::make_unique<ClientConnection>(port_.context_, port_.listener_, -1);
  client->peer = client_;
  client->set_local(local_);
  client->accepted_us = client->handshaken_us =
      record_.at.accepted != stats::kUnset ? record_.at.accepted : port_.context_.worker.now_us();
  client->accepted_wall_us = began_wall_us_;
  return client;
}

// tcp-request content and use_backend, on the first datagram, which is all that they can see.
bool UdpSession::admit_content(const rules::RuleSets& sets, std::string_view payload) {
  RuleContext& ctx = rules_->rules();
  if (ctx.record != &record_) {
    ctx.use_record(record_);
    ctx.begin(nullptr, 1);
  }
  ctx.inspection_ended = true;
  ctx.inspect(payload, true);
  std::size_t next = 0;
  rules::Verdict verdict = sets.tcp_request_content.run(ctx, next);
  // A rule that waits for more would wait for ever: it does not hold.
  while (verdict == rules::Verdict::wait) verdict = sets.tcp_request_content.run(ctx, ++next);
  return verdict == rules::Verdict::proceed || verdict == rules::Verdict::allow;
}

bool UdpSession::admit(std::string_view payload) {
  Engine& engine = port_.context_.engine;
  if (const auto& sets = def_->rules; sets) {
    if (!admit_content(*sets, payload)) return false;
    if (!sets->use_backend.empty()) {
      const std::string_view name = sets->use_backend.pick(rules_->rules(), [&](std::string_view n) {
        const backends::Backend* const found = engine.find_backend(n);
        return found != nullptr && may_switch_to(*rules_, *found);
      });
      if (!name.empty()) target_ = engine.find_backend(name);
    }
  }
  if (target_ == nullptr) target_ = default_backend_of(*rules_);
  if (target_ == nullptr) return true;
  record_.backend = target_->name();
  target_def_ = target_->shared_def();
  if (!target_def_->rules || target_def_->rules == def_->rules) return true;
  return admit_content(*target_def_->rules, payload);
}

bool UdpSession::start(const Datagram& first) {
  rules_ = make_client();
  if (!admit_connection(*rules_) || !admit_session(*rules_)) {
    settle();
    return false;
  }
  begin_record(record_, *rules_);
  number_record(record_, *rules_);
  port_.context_.sessions.join(*this);
  const std::string_view payload =
      first.bytes.substr(0, first.segment == 0 ? first.bytes.size() : first.segment);
  auto& counters = port_.listener_.frontend.counters(port_.context_.index());
  bool served = false;
  if (!admit(payload)) {
    ++counters.denied_req;
    record_.cause = Cause::denied;
    record_.phase = Phase::request;
  } else if (target_ == nullptr) {
    ++counters.failed_req;
    record_.cause = Cause::server_abort;
    record_.phase = Phase::connect;
  } else {
    served = reach_server(payload);
  }
  if (const RuleContext* const ctx = rules_->rules_if_any()) {
    rules_->rules().inspect({}, true);  // the datagram goes
    if (ctx->log_level >= 0) record_.level = ctx->log_level;
  }
  if (served) {
    port_.context_.engine.logs().early(*rules_, record_, target_, server, 0);
    if (rules_->rules_if_any() == nullptr) rules_.reset();
    return true;
  }
  record_.bytes_in += first.bytes.size();
  settle();
  return false;
}

backends::Server* UdpSession::choose(std::string_view payload, std::span<balance::Member* const> avoided) {
  const unsigned index = port_.context_.index();
  balance::PickContext pick;
  pick.avoid = avoided;
  pick.source = &rules_->peer;
  pick.payload = payload;
  if (target_def_->hash_sample) pick.sample = rules_->rules().bytes_of(*target_def_->hash_sample);
  backends::Server* full = nullptr;
  backends::Server* const found = target_->pick(pick, &full);
  if (found == nullptr) {
    // Nobody waits for a place: by then the client would have sent its datagram again.
    const bool busy = full != nullptr || target_->policy().any_usable();
    record_.cause = Cause::server_abort;
    record_.phase = busy ? Phase::queue : Phase::connect;
    ++target_->counters(index).failed_conns;
    return nullptr;
  }
  ++found->counters(index).cum_lbconn;
  ++target_->counters(index).cum_lbconn;
  auto& own = found->counters(index);
  own.sess_max.note(found->current_sessions.fetch_add(1, std::memory_order_relaxed) + 1);
  ++own.cum_sess;
  own.rate(stats::RateId::sess_rate, port_.context_.worker.now());
  lease_.server = found;
  tried_ = found;
  record_.server = found->name;
  return found;
}

bool UdpSession::connect(backends::Server& to) {
  Address address = to.address();
  const backends::ServerDef& def = to.def();
  if (address.is_unspecified_ip()) {
    const std::uint16_t port = address.port();
    address = local_;  // a server without an address: where the client wanted to go
    if (port != 0) address.set_port(port);
  }
  if (def.port_mode == backends::PortMode::offset)
    address.set_port(static_cast<std::uint16_t>(local_.port() + def.port_offset));
  const GlobalDef& global = port_.context_.engine.config().global;
  ConnectOptions options;
  options.source = def.source.is_set() ? &def.source : &target_def_->source;
  options.client = &client_;
  options.send_buffer = global.sndbuf_server;
  options.receive_buffer = global.rcvbuf_server;
  if (RuleContext* const ctx = rules_->rules_if_any()) options.marks = ctx->server_marks();
  const ConnectAttempt attempt = connect_datagrams(address, options);
  if (attempt.fd < 0) {
    record_.cause = attempt.error.status == IoStatus::no_resource ? Cause::resource : Cause::server_abort;
    record_.phase = Phase::connect;
    return false;
  }
  const auto ready = [](void* self, bool, bool, bool) noexcept {
    static_cast<UdpSession*>(self)->server_ready();
  };
  if (watch(server_wire_, attempt.fd, ready)) return true;
  unwatch(server_wire_);
  record_.cause = Cause::resource;
  record_.phase = Phase::connect;
  return false;
}

// A socket cannot tell whether somebody listens there; what fails here fails on this machine (no route, no
// descriptor), and another server may be reached all the same.
bool UdpSession::reach_server(std::string_view payload) {
  const unsigned index = port_.context_.index();
  Worker& worker = port_.context_.worker;
  backend = target_;
  target_->session_began(index, worker.now());
  target_counted_ = true;
  std::vector<balance::Member*> avoided;
  for (int attempt = 0;; ++attempt) {
    backends::Server* const chosen = choose(payload, avoided);
    if (chosen == nullptr) return false;
    record_.at.dequeued = worker.now_us();
    if (connect(*chosen)) {
      record_.cause = Cause::none;
      record_.phase = Phase::none;
      record_.at.connected = worker.now_us();
      ++chosen->counters(index).connect;
      ++target_->counters(index).connect;
      server = chosen;
      deadline_.set(worker.now() + patience(target_def_->timeouts.server));
      return true;
    }
    const auto error = health::TrafficError::connect;
    chosen->note_traffic(health::Observe::layer4, &error);
    lease_.release();
    if (attempt >= target_def_->retries || record_.cause == Cause::resource) {
      ++target_->counters(index).failed_conns;
      ++chosen->counters(index).failed_conns;
      return false;
    }
    ++record_.retries;
    ++target_->counters(index).redispatches;
    ++chosen->counters(index).redispatches;
    record_.redispatched = true;
    avoided.push_back(chosen);
  }
}

Millis UdpSession::patience(Millis timeout) const noexcept {
  if (target_def_->timeouts.tunnel > 0) return target_def_->timeouts.tunnel;
  return timeout > 0 ? timeout : kUdpSilence;
}

void UdpSession::forward(std::span<const Datagram> run) {
  for (const Datagram& one : run) record_.bytes_in += one.bytes.size();
  const DatagramsSent sent = send_datagrams(server_wire_.fd, nullptr, nullptr, run);
  if (sent.error != 0 && is_peers_fault(sent.error)) return failed(sent.error);
  record_.server_bytes_out += sent.bytes;
  waits_for_server_ = true;
  deadline_.set(port_.context_.worker.now() + patience(target_def_->timeouts.server));
}

void UdpSession::to_client(std::span<const Datagram> run) {
  DatagramsSent sent;
  if (client_wire_.fd >= 0) {
    sent = send_datagrams(client_wire_.fd, nullptr, nullptr, run);
  } else {
    sent = send_datagrams(port_.fd_, &client_, port_.bound_.is_unspecified_ip() ? &local_ : nullptr, run);
  }
  record_.bytes_out += sent.bytes;
  record_.server_bytes_in += sent.bytes;
  server->note_traffic(health::Observe::layer4, nullptr);
  waits_for_server_ = false;
  deadline_.set(port_.context_.worker.now() + patience(def_->timeouts.client));
}

void UdpSession::server_ready() {
  for (int turn = 0; turn < kTurns; ++turn) {
    int error = 0;
    const unsigned count = reader().receive(server_wire_.fd, error);
    if (count == 0 && is_peers_fault(error)) return failed(error);
    if (count == 0 && (error == EAGAIN || error == EWOULDBLOCK)) return;
    if (count == 0) continue;  // the path has complained about the length of a datagram, or the like
    to_client(reader().batch(count));
    if (count < DatagramReader::kBatch) return;  // what comes now is a new event
  }
  if (!self_) self_ = std::make_shared<UdpSession*>(this);
  port_.context_.worker.post([self = self_] {
    if (*self != nullptr) (*self)->server_ready();
  });
}

void UdpSession::client_ready() {
  for (int turn = 0; turn < kTurns; ++turn) {
    int error = 0;
    const unsigned count = reader().receive(client_wire_.fd, error);
    if (count == 0 && is_peers_fault(error)) return end(Cause::client_abort, Phase::data);
    if (count == 0 && (error == EAGAIN || error == EWOULDBLOCK)) return;
    const auto batch = reader().batch(count);
    for (std::size_t i = 0; i < batch.size();) {
      // Between its bind() and its connect() the socket was open to everybody.
      std::size_t behind = i;
      while (behind < batch.size() && batch[behind].from == client_) ++behind;
      const bool more = behind < batch.size();
      if (behind > i) {
        if (!self_) self_ = std::make_shared<UdpSession*>(this);
        const auto self = self_;
        forward(batch.subspan(i, behind - i));
        if (*self == nullptr) return;
      }
      i = behind + (more ? 1 : 0);
    }
    if (count != 0 && count < DatagramReader::kBatch) return;
  }
  if (!self_) self_ = std::make_shared<UdpSession*>(this);
  port_.context_.worker.post([self = self_] {
    if (*self != nullptr) (*self)->client_ready();
  });
}

// The server's machine has said that nobody is there, or the network that the machine is not.
void UdpSession::failed(int) {
  const unsigned index = port_.context_.index();
  ++target_->counters(index).failed_resp;
  ++server->counters(index).failed_resp;
  const auto error = health::TrafficError::connect;
  server->note_traffic(health::Observe::layer4, &error);
  end(Cause::server_abort, Phase::data);
}

// Silence is how sessions of datagrams end: in good order after the server's last word, else the server owes
// one.
void UdpSession::silent() {
  if (waits_for_server_) {
    end(Cause::server_timeout, Phase::data);
  } else {
    end(Cause::none, Phase::none);
  }
}

// A socket bound like the one that closes, but connected to this client: the kernel prefers it for the
// client's datagrams, whoever else is bound to the address by then.
bool UdpSession::stand_alone() {
  ListenOptions options = port_.listener_.def.listen;
  options.reuse_port = true;
  std::string why;
  const int fd = open_datagram_socket(local_, options, why);
  if (fd < 0) return false;
  if (::connect(fd, client_.data(), client_.size()) != 0) {
    ::close(fd);
    return false;
  }
  const auto ready = [](void* self, bool, bool, bool) noexcept {
    static_cast<UdpSession*>(self)->client_ready();
  };
  if (watch(client_wire_, fd, ready)) return true;
  unwatch(client_wire_);
  return false;
}

// Gives back everything that the session held, counts and logs it.
void UdpSession::settle() {
  WorkerContext& context = port_.context_;
  leave();
  if (target_counted_) {
    server = nullptr;
    backends::Server* const used = lease_.server;
    lease_.release();
    target_->session_ended();
    if (!rules_) rules_ = make_client();
    finish_record(record_, *rules_, target_, used, tried_);
  } else if (record_.at.accepted != stats::kUnset) {
    finish_record(record_, *rules_, target_, nullptr);
  }
  context.engine.release(port_.listener_.frontend, port_.listener_);
}

void UdpSession::end(Cause cause, Phase phase) noexcept {
  record_.cause = cause;
  record_.phase = phase;
  settle();
  const UdpKey key = key_;
  port_.erase(key);  // and with it this session
}

void UdpSession::describe(backends::SessionFacts& facts) const {
  facts.datagram = true;
  facts.client = client_;
  facts.frontend = port_.listener_.frontend.name();
  facts.frontend_id = def_->id;
  facts.listener_id = port_.listener_.id;
  if (target_ != nullptr) {
    facts.backend = target_->name();
    facts.backend_id = target_def_->id;
  }
  facts.client_fd = client_wire_.fd >= 0 ? client_wire_.fd : port_.fd_;
  facts.server_fd = server_wire_.fd;
  facts.began_wall_us = began_wall_us_;
  facts.number = record_.request_counter;
  facts.retries = record_.retries;
  (waits_for_server_ ? facts.server_deadline : facts.client_deadline) = deadline_.at();
}

// ---- the socket

// Clients choose their addresses and ports, and could choose such that meet in one place of the table; with a
// secret they cannot know which.
std::size_t UdpPort::Hash::operator()(const UdpKey& key) const noexcept {
  static const std::uint64_t secret = [] {
    std::random_device random;
    return (static_cast<std::uint64_t>(random()) << 32U) | random();
  }();
  return hash_xxh3({key.bytes.data(), key.bytes.size()}, secret);
}

UdpPort::UdpPort(WorkerContext& context, Listener& listener, int fd)
    : context_(context), listener_(listener), fd_(fd), bound_(Address::local_of(fd)) {}
UdpPort::~UdpPort() = default;

unsigned UdpPort::turn() {
  int error = 0;
  const unsigned count = reader().receive(fd_, error);
  const auto batch = reader().batch(count);
  for (std::size_t i = 0; i < batch.size();) {
    const UdpKey key = udp_key(batch[i].from, batch[i].local);
    std::size_t behind = i + 1;
    while (behind < batch.size() && udp_key(batch[behind].from, batch[behind].local) == key) ++behind;
    const auto known = sessions_.find(key);
    UdpSession* const session = known != sessions_.end() ? known->second.get() : begin(key, batch[i]);
    if (session != nullptr) session->forward(batch.subspan(i, behind - i));
    i = behind;
  }
  return count;
}

UdpSession* UdpPort::begin(const UdpKey& key, const Datagram& first) {
  Frontend& frontend = listener_.frontend;
  Engine& engine = context_.engine;
  const Millis now = context_.worker.now();
  auto& counters = frontend.counters(context_.index());
  if (frontend.state.load(std::memory_order_relaxed) != FrontendState::running) return nullptr;
  if (first.from.port() == 0 || engine.over_rate(frontend, now) || !engine.admit(frontend, listener_)) {
    ++counters.failed_req;  // the limit is reached, or nobody could be answered
    return nullptr;
  }
  engine.cumulated_connections.fetch_add(1, std::memory_order_relaxed);
  for (stats::Counters* const own : {&counters, &listener_.totals.at(context_.index())}) {
    ++own->cum_conn;
    ++own->cum_sess;
  }
  counters.rate(stats::RateId::conn_rate, now);
  counters.rate(stats::RateId::sess_rate, now);
  counters.sess_max.note(frontend.current.load(std::memory_order_relaxed));
  auto& totals = engine.totals.at(context_.index());
  totals.rate(stats::RateId::conn_rate, now);
  totals.rate(stats::RateId::sess_rate, now);
  auto session = std::make_unique<UdpSession>(*this, key, first);
  if (!session->start(first)) return nullptr;
  return sessions_.emplace(key, std::move(session)).first->second.get();
}

void UdpPort::erase(const UdpKey& key) noexcept {
  sessions_.erase(key);
  if (closed_ && sessions_.empty()) emptied_.set();
}

void UdpPort::close() {
  // Those that end here leave the table meanwhile.
  std::vector<UdpKey> keys;
  for (const auto& [key, session] : sessions_) keys.push_back(key);
  for (const UdpKey& key : keys) {
    const auto found = sessions_.find(key);
    if (found != sessions_.end() && !found->second->stand_alone()) found->second->kill(Cause::killed_admin);
  }
  fd_ = -1;
  closed_ = true;
  if (sessions_.empty()) emptied_.set();
}

}  // namespace evenkeel::frontends
