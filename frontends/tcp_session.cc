#include "frontends/tcp_session.h"

#include "backends/connector.h"
#include "backends/rdp_persistence.h"
#include "balance/rdp_cookie.h"
#include "core/proxy_protocol.h"
#include "core/relay.h"
#include "frontends/access_logs.h"
#include "frontends/connection_rules.h"
#include "frontends/debug_events.h"
#include "frontends/filters/stream_filters.h"
#include "frontends/http_session.h"
#include "frontends/http_transaction.h"
#include "frontends/rule_context.h"
#include "frontends/send_proxy.h"
#include "frontends/session_end.h"

namespace evenkeel::frontends {
namespace {

using backends::Connector;
using backends::Lease;

class TcpSession final : public backends::LiveSession {
 public:
  TcpSession(ClientConnection& client, backends::Backend& target)
      : client_(client),
        def_(client.frontend.shared_def()),
        target_(target),
        target_def_(target.shared_def()),
        connector_(client.context.worker, target, record_),
        client_deadline_(client.context.worker.timers(), &expire, &client.stream),
        server_deadline_(client.context.worker.timers(), &expire_server, this) {
    frontend = &client.frontend;
    backend = &target;
    begin_record(record_, client);
    number_record(record_, client);
    record_.backend = target.name();
    client.context.sessions.join(*this);
  }
  ~TcpSession() override = default;

  Task<void> run();

  void kill(Cause why) noexcept override {
    killed_ = why;
    watching_ = false;
    connector_.abort(why);
    client_.stream.cancel(IoStatus::cancelled);
    if (lease_.connection) lease_.connection->stream.cancel(IoStatus::cancelled);
  }
  void describe(backends::SessionFacts& facts) const override {
    client_.describe(facts);
    facts.http = false;
    facts.backend = target_.name();
    facts.backend_id = target_def_->id;
    if (lease_.connection) facts.server_fd = lease_.connection->stream.fd();
    facts.client_deadline = client_deadline_.at();
    facts.server_deadline = server_deadline_.at();
  }

 private:
  static void expire(void* stream) noexcept { static_cast<FdStream*>(stream)->interrupt(IoStatus::timeout); }
  static void expire_server(void* self) noexcept {
    auto& lease = static_cast<TcpSession*>(self)->lease_;
    if (lease.connection) lease.connection->stream.interrupt(IoStatus::timeout);
  }
  [[nodiscard]] backends::Server* token_server(std::string_view payload) const;
  Task<backends::ConnectOutcome> connect();
  Task<backends::ConnectOutcome> reach_server();
  Task<backends::ConnectOutcome> reach_silently();
  void client_moved() noexcept;
  Task<void> watch_client();
  StreamFilters* begin_filters();
  Task<bool> send_first_bytes(StreamFilters* filters);
  Task<void> serve();
  bool refused(rules::Verdict verdict);
  RuleContext& own_rules();
  std::string_view unique_id();
  void classify(const RelayResult& result);

  ClientConnection& client_;
  std::shared_ptr<const FrontendDef> def_;
  backends::Backend& target_;
  std::shared_ptr<const backends::BackendDef> target_def_;
  stats::SessionRecord record_;
  Connector connector_;
  Lease lease_;
  Deadline client_deadline_;
  Deadline server_deadline_;
  Cause killed_ = Cause::none;
  bool watching_ = false;  // option abortonclose: for the client's end, while no server has been reached
  Event watch_done_;
};

// persist rdp-cookie: the server that the client's token names.
backends::Server* TcpSession::token_server(std::string_view payload) const {
  if (target_def_->rdp_persist.empty()) return nullptr;
  const auto token = balance::rdp_cookie_key(payload, target_def_->rdp_persist);
  const auto address = token ? backends::rdp_token_address(*token) : std::nullopt;
  if (!address) return nullptr;
  for (backends::Server* server : target_.servers()) {
    if (server->address() == *address && (server->can_serve() || target_def_->persist)) return server;
  }
  return nullptr;
}

Task<backends::ConnectOutcome> TcpSession::connect() {
  backends::Demand demand;
  demand.def = target_def_.get();
  demand.pick.source = &client_.peer;
  demand.pick.payload = client_.in.held() ? client_.in.view() : std::string_view();
  demand.wanted = token_server(demand.pick.payload);
  demand.insist = demand.wanted != nullptr && target_def_->persist;
  if (target_def_->hash_sample) demand.pick.sample = client_.rules().bytes_of(*target_def_->hash_sample);
  demand.client = &client_.peer;
  demand.send_buffer = client_.context.engine.config().global.sndbuf_server;
  demand.receive_buffer = client_.context.engine.config().global.rcvbuf_server;
  if (needs_local_address(*target_def_)) demand.local = &client_.local();
  demand.connect_timeout = target_def_->timeouts.connect;
  demand.queue_timeout =
      target_def_->timeouts.queue > 0 ? target_def_->timeouts.queue : demand.connect_timeout;
  demand.retries = target_def_->retries;
  if (const RuleContext* const ctx = client_.rules_if_any()) {
    demand.retries = ctx->retries.value_or(demand.retries);
    demand.priority_class = ctx->priority_class.value_or(0);
    demand.priority_offset = ctx->priority_offset.value_or(0);
    demand.marks = ctx->server_marks();
  }
  co_return co_await connector_.run(demand, lease_);
}

// option abortonclose: reads on while the session waits for a server, because the client's end stands behind
// what it has sent.
Task<void> TcpSession::watch_client() {
  Buffer& in = client_.in;
  co_await client_.context.worker
      .yield();  // the connector has to be on its way before it can be told to stop
  while (watching_) {
    in.reserve();
    if (in.space().empty()) in.compact();
    if (in.space().empty()) break;
    const IoResult read = co_await client_.stream.read(in.space());
    if (read.ok()) {
      in.commit(read.bytes);
      continue;
    }
    if (read.status != IoStatus::cancelled) connector_.abort(Cause::client_abort);
    break;
  }
  if (in.held() && in.empty()) in.release();
  watch_done_.set();
}

// A client that leaves before it has said anything wants nothing any more, whatever `option abortonclose`
// says; what has been said will be delivered.
void TcpSession::client_moved() noexcept {
  char byte = 0;
  if (::recv(client_.stream.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
    connector_.abort(Cause::client_abort);
}

Task<backends::ConnectOutcome> TcpSession::reach_silently() {
  client_.stream.watch_idle([](void* self) noexcept { static_cast<TcpSession*>(self)->client_moved(); },
                            this);
  // It may have left already: no edge tells of that any more.
  if (client_.stream.disturbed_while_idle()) client_moved();
  const backends::ConnectOutcome outcome = co_await connect();
  client_.stream.unwatch_idle();
  client_.stream.expect_bytes();
  co_return outcome;
}

Task<backends::ConnectOutcome> TcpSession::reach_server() {
  if (!target_def_->abort_on_close) {
    if (client_.in.held()) co_return co_await connect();
    co_return co_await reach_silently();
  }
  watching_ = true;
  spawn(watch_client());
  const backends::ConnectOutcome outcome = co_await connect();
  watching_ = false;
  client_.stream.interrupt(IoStatus::cancelled);
  co_await watch_done_;
  co_return outcome;
}

// The context of the rules that have run, if any, with this session's record.
RuleContext& TcpSession::own_rules() {
  const bool fresh = client_.rules_if_any() == nullptr;
  RuleContext& ctx = client_.rules();
  ctx.use_record(record_);
  if (fresh) ctx.begin(nullptr, 1);
  ctx.backend = &target_;
  ctx.server = lease_.server;
  return ctx;
}

// For servers that want it in their PROXY header; empty for all others.
std::string_view TcpSession::unique_id() {
  if (!lease_.server->def().send_proxy.unique_id || !def_->unique_id) return {};
  RuleContext& ctx = own_rules();
  ctx.unique_id_format = def_->unique_id;
  record_.unique_id = ctx.unique_id();
  return record_.unique_id;
}

// What came along with the PROXY header, or was inspected, goes first.
// Null: the session has none that would limit or watch its bytes.
StreamFilters* TcpSession::begin_filters() {
  if (!def_->filters && !target_def_->filters) return nullptr;
  StreamFilters& filters = own_rules().stream_filters();
  filters.watch(def_->filters.get());
  filters.watch(target_def_->filters.get());
  return &filters;
}

Task<bool> TcpSession::send_first_bytes(StreamFilters* filters) {
  Worker& worker = client_.context.worker;
  FdStream& server_stream = lease_.connection->stream;
  const std::string header = proxy_header_for(lease_.server->def(), client_, unique_id());
  if (!header.empty()) {
    const IoResult sent =
        co_await write_all(worker, server_stream, header, &server_deadline_, target_def_->timeouts.server);
    if (!sent.ok()) co_return false;
  }
  while (!client_.in.empty()) {
    std::string_view piece = client_.in.view();
    if (filters != nullptr)
      piece = piece.substr(0, co_await filters->take(true, piece.size(), server_stream));
    const IoResult sent =
        co_await write_all(worker, server_stream, piece, &server_deadline_, target_def_->timeouts.server);
    record_.bytes_in += sent.bytes;
    record_.server_bytes_out += sent.bytes;
    if (!sent.ok()) co_return false;
    if (filters != nullptr) filters->passed(true, piece);
    client_.in.consume(piece.size());
  }
  client_.in.release();
  co_return true;
}

void TcpSession::classify(const RelayResult& result) {
  record_.bytes_in += result.to_server;
  record_.bytes_out += result.to_client;
  record_.server_bytes_out += result.to_server;
  record_.server_bytes_in += result.to_client;
  if (killed_ != Cause::none) {
    record_.cause = killed_;
    record_.phase = Phase::data;
  } else if (result.client != IoStatus::ok) {
    record_.cause = result.client == IoStatus::timeout ? Cause::client_timeout : Cause::client_abort;
    record_.phase = Phase::data;
  } else if (result.server != IoStatus::ok) {
    record_.cause = result.server == IoStatus::timeout ? Cause::server_timeout : Cause::server_abort;
    record_.phase = Phase::data;
  }
}

// tcp-response content has ended the session.
bool TcpSession::refused(rules::Verdict verdict) {
  const auto index = client_.context.index();
  auto& fe = client_.frontend.counters(index);
  if (verdict == rules::Verdict::reject) {
    ++fe.denied_resp;
    ++target_.counters(index).denied_resp;
    ++server->counters(index).denied_resp;
    record_.phase = Phase::data;
  } else if (verdict == rules::Verdict::silent_drop) {
    ++fe.denied_req;
    record_.phase = Phase::request;
    drop_silently(client_.stream.fd(), client_.rules().drop_ttl);
  } else {
    return false;
  }
  record_.cause = Cause::denied;
  return true;
}

// From the standing connection to the end of both sides.
Task<void> TcpSession::serve() {
  server = lease_.server;
  FdStream& server_stream = lease_.connection->stream;
  note_server_addresses(record_, client_, server_stream);
  server_stream.bill(client_.account.get());
  client_.context.engine.logs().step(stats::LogStep::connect, client_, record_, &target_, server);
  client_.context.engine.logs().early(client_, record_, &target_, server, 0);
  StreamFilters* const filters = begin_filters();
  const bool alive = co_await send_first_bytes(filters);
  RelayResult result;
  rules::Verdict verdict = rules::Verdict::proceed;
  if (alive) {
    const backends::Timeouts& fe = def_->timeouts;
    const backends::Timeouts& t = target_def_->timeouts;
    RelaySide a{&client_.stream, &client_deadline_, t.tunnel > 0 ? t.tunnel : fe.client, fe.client_fin};
    RelaySide b{&server_stream, &server_deadline_, t.tunnel > 0 ? t.tunnel : t.server, t.server_fin};
    RelayOptions options;
    options.independent = def_->independent_streams || target_def_->independent_streams;
    options.splice = !client_.context.engine.config().global.no_splice;
    options.throttle = filters;
    const rules::RuleSets* const sets = target_def_->rules.get();
    if (sets != nullptr && !sets->tcp_response_content.empty()) {
      own_rules();
      ResponseGate gate(client_, server_stream, *sets);
      co_await relay(client_.context.worker, a, b, options, result, nullptr, &gate);
      verdict = gate.verdict();
    } else {
      co_await relay(client_.context.worker, a, b, options, result);
    }
  } else {
    result.server = IoStatus::reset;
  }
  classify(result);
  if (killed_ == Cause::none) (void)refused(verdict);
  if (def_->nolinger) client_.stream.reset_on_close();
  if (target_def_->nolinger) server_stream.reset_on_close();
}

Task<void> TcpSession::run() {
  const auto index = client_.context.index();
  target_.session_began(index, client_.context.worker.now());
  const backends::ConnectOutcome outcome = co_await reach_server();
  if (!outcome.ok) {
    record_.cause = killed_ != Cause::none ? killed_ : outcome.cause;
    record_.phase = outcome.phase;
    // What the client has said to nobody counts all the same.
    record_.bytes_in += client_.in.size() + discard_unread(client_.stream);
  } else {
    co_await serve();
  }
  if (const RuleContext* const ctx = client_.rules_if_any(); ctx != nullptr && ctx->log_level >= 0)
    record_.level = ctx->log_level;
  backends::Server* const used = server;
  leave();
  server = nullptr;
  lease_.release();
  target_.session_ended();
  finish_record(record_, client_, &target_, used, connector_.last_tried());
}

}  // namespace

namespace {

// A client that never got to a server.
void end_without_server(ClientConnection& client, stats::SessionRecord& record, backends::Backend* target,
                        Cause cause, Phase phase) {
  record.cause = cause;
  record.phase = phase;
  record.bytes_in += client.in.size() + discard_unread(client.stream);
  auto& counters = client.frontend.counters(client.context.index());
  if (cause == Cause::denied) {
    ++counters.denied_req;
  } else {
    ++counters.failed_req;
  }
  finish_record(record, client, target, nullptr);
}

}  // namespace

Task<void> serve_tcp(ClientConnection& client) {
  stats::SessionRecord record;
  begin_record(record, client);
  if (debug_events::enabled) debug_events::begins(client, nullptr);
  const Inspection found = co_await inspect_client(client, record);
  if (found.refused) {
    end_without_server(client, record, nullptr, Cause::denied, Phase::request);
    co_return;
  }
  // An HTTP backend makes requests of what comes on the connection, as switch-mode does.
  const bool upgraded = found.backend != nullptr && found.backend->def().mode == backends::Mode::http;
  if (found.http || upgraded) {
    client.rules().become_http(!found.http);
    co_await serve_http(client);
    co_return;
  }
  if (found.backend == nullptr) {
    end_without_server(client, record, nullptr, Cause::server_abort, Phase::connect);
    co_return;
  }
  record.backend = found.backend->name();
  client.context.engine.logs().step(stats::LogStep::request, client, record, found.backend, nullptr);
  const bool wanted = co_await inspect_for_backend(client, found.backend->def(), record);
  if (!wanted) {
    end_without_server(client, record, found.backend, Cause::denied, Phase::request);
    co_return;
  }
  TcpSession session(client, *found.backend);
  co_await session.run();
}

}  // namespace evenkeel::frontends
