#include "frontends/client_session.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/netscaler_cip.h"
#include "core/proxy_protocol.h"
#include "frontends/access_logs.h"
#include "frontends/connection_rules.h"
#include "frontends/http_session.h"
#include "frontends/rule_context.h"
#include "frontends/session_end.h"
#include "frontends/tcp_session.h"

namespace evenkeel::frontends {
namespace {

// Gives the place back when the session is over, however it ends.
struct Admission {
  Engine& engine;
  Listener& listener;
  ~Admission() { engine.release(listener.frontend, listener); }
};

// A connection that has not even said who it is can be ended like any other.
class HeaderWait final : public backends::LiveSession {
 public:
  explicit HeaderWait(ClientConnection& client) : client_(client) {
    frontend = &client.frontend;
    client.context.sessions.join(*this);
  }
  void kill(Cause) noexcept override { client_.stream.cancel(IoStatus::cancelled); }
  void describe(backends::SessionFacts& facts) const override { client_.describe(facts); }

 private:
  ClientConnection& client_;
};

void prepare_socket(int fd, const FrontendDef& def, const GlobalDef& global) noexcept {
  apply_keep_alive(fd, def.client_keep_alive);
  const int send = global.sndbuf_client;
  const int receive = global.rcvbuf_client;
  if (send > 0) ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send, sizeof send);
  if (receive > 0) ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof receive);
  // option tcp-smart-accept: the kernel's acknowledgement waits for the answer.
  const int off = 0;
  if (def.smart_accept) ::setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof off);
}

void count_connection(ClientConnection& client) {
  auto& context = client.context;
  const Millis now = context.worker.now();
  auto& counters = client.frontend.counters(context.index());
  ++counters.cum_conn;
  ++counters.cum_sess;
  counters.rate(stats::RateId::conn_rate, now);
  counters.rate(stats::RateId::sess_rate, now);
  counters.sess_max.note(client.frontend.current.load(std::memory_order_relaxed));
  auto& listener = client.listener.totals.at(context.index());
  ++listener.cum_conn;
  ++listener.cum_sess;
  context.engine.totals.at(context.index()).rate(stats::RateId::sess_rate, now);
}

bool refuse_header(ClientConnection& client, IoStatus status) {
  constexpr std::string_view kHeader = "PROXY protocol header";
  // Too short for a header of version 2, or not one at all: HAProxy tells them apart by the length alone.
  constexpr std::size_t kShortest = 16;
  std::string text = client.in.size() < kShortest
                         ? "Truncated " + std::string(kHeader) + " received"
                         : "Received something which does not look like a " + std::string(kHeader);
  if (status == IoStatus::timeout) text = "Timeout while waiting for " + std::string(kHeader);
  if (status == IoStatus::eof && client.in.empty())
    text = "Connection closed while waiting for " + std::string(kHeader);
  client.context.engine.logs().connection_error(client, text);
  return false;
}

void log_accept(ClientConnection& client) {
  if (client.frontend.def().log.steps == 0) return;
  stats::SessionRecord record;
  begin_record(record, client);
  client.context.engine.logs().step(stats::LogStep::accept, client, record, nullptr, nullptr);
}

// Reads the PROXY header; false: refuse the connection.
Task<bool> receive_proxy_header(ClientConnection& client) {
  Worker& worker = client.context.worker;
  const HeaderWait wait(client);
  Deadline deadline(
      worker.timers(), [](void* s) noexcept { static_cast<FdStream*>(s)->interrupt(IoStatus::timeout); },
      &client.stream);
  const backends::Timeouts& timeouts = client.frontend.def().timeouts;
  const Millis limit = timeouts.http_request > 0 ? timeouts.http_request : timeouts.client;
  if (limit > 0) deadline.set(worker.now() + limit);
  client.in.reserve();
  for (;;) {
    if (client.in.space().empty()) co_return refuse_header(client, IoStatus::ok);
    const IoResult in = co_await client.stream.read(client.in.space());
    if (!in.ok()) co_return refuse_header(client, in.status);
    client.in.commit(in.bytes);
    ProxyHeader header;
    const ProxyParseResult parsed = parse_proxy_header(client.in.view(), header);
    if (parsed.status == ProxyParse::bad) co_return refuse_header(client, IoStatus::ok);
    if (parsed.status == ProxyParse::need_more) continue;
    if (header.has_addresses) {
      client.peer = header.source;
      client.set_local(header.destination);
    }
    client.proxy_fields = std::string(header.tlvs);
    client.in.consume(parsed.length);
    if (client.in.empty()) client.in.release();
    co_return true;
  }
}

bool refuse_cip(ClientConnection& client, CipParse parsed, IoStatus status) {
  std::string_view text = "Received an unhandled protocol in the NetScaler Client IP header";
  if (parsed == CipParse::bad_magic) text = "Received an invalid NetScaler Client IP magic number";
  if (parsed == CipParse::need_more) text = "Truncated NetScaler Client IP header received";
  if (status == IoStatus::timeout) text = "Timeout while waiting for a NetScaler Client IP header";
  if (status == IoStatus::eof && client.in.empty())
    text = "Connection closed while waiting for NetScaler Client IP header";
  if (status != IoStatus::ok && status != IoStatus::eof && status != IoStatus::timeout)
    text = "Connection error while waiting for NetScaler Client IP header";
  client.context.engine.logs().connection_error(client, std::string(text));
  return false;
}

// Reads NetScaler's client IP header, which may follow a PROXY header; false: refuse the connection.
Task<bool> receive_netscaler_cip(ClientConnection& client, std::uint32_t magic) {
  Worker& worker = client.context.worker;
  const HeaderWait wait(client);
  Deadline deadline(
      worker.timers(), [](void* s) noexcept { static_cast<FdStream*>(s)->interrupt(IoStatus::timeout); },
      &client.stream);
  const backends::Timeouts& timeouts = client.frontend.def().timeouts;
  const Millis limit = timeouts.http_request > 0 ? timeouts.http_request : timeouts.client;
  if (limit > 0) deadline.set(worker.now() + limit);
  client.in.reserve();
  for (;;) {
    const CipHeader header = parse_netscaler_cip(client.in.view(), magic);
    if (header.status == CipParse::complete) {
      client.peer = header.source;
      client.set_local(header.destination);
      client.in.consume(header.length);
      if (client.in.empty()) client.in.release();
      co_return true;
    }
    if (header.status != CipParse::need_more) co_return refuse_cip(client, header.status, IoStatus::ok);
    if (client.in.space().empty()) client.in.compact();
    if (client.in.space().empty()) co_return refuse_cip(client, header.status, IoStatus::ok);
    const IoResult in = co_await client.stream.read(client.in.space());
    if (!in.ok()) co_return refuse_cip(client, header.status, in.status);
    client.in.commit(in.bytes);
  }
}

}  // namespace

std::size_t discard_unread(const FdStream& stream) noexcept {
  constexpr std::size_t kStep = 65536;
  std::size_t total = 0;
  for (int i = 0; i < 16; ++i) {
    // Not recv(): ThreadSanitizer believes that it writes to the buffer, which is none.
    const long n =
        ::syscall(SYS_recvfrom, stream.fd(), nullptr, kStep, MSG_TRUNC | MSG_DONTWAIT, nullptr, nullptr);
    if (n <= 0) break;
    total += static_cast<std::size_t>(n);
  }
  return total;
}

ClientConnection::ClientConnection(WorkerContext& c, Listener& l, int fd)
    : context(c), listener(l), frontend(l.frontend), stream(c.worker, fd), in(c.worker.buffers()) {}
void ClientConnection::describe(backends::SessionFacts& facts) const {
  facts.http = frontend.def().mode == backends::Mode::http;
  facts.client = peer;
  facts.frontend = frontend.name();
  facts.frontend_id = frontend.def().id;
  facts.listener_id = listener.id;
  facts.client_fd = stream.fd();
  facts.began_wall_us = accepted_wall_us;
}

ClientConnection::~ClientConnection() = default;

RuleContext& ClientConnection::make_rules() {
  rules_ = std::make_unique<RuleContext>(*this);
  return *rules_;
}

bool ClientConnection::expects_proxy() const noexcept { return rules_ && rules_->expect_proxy; }

bool ClientConnection::expects_netscaler_cip() const noexcept {
  return rules_ && rules_->expect_netscaler_cip;
}

const Address& ClientConnection::local() {
  if (!local_) set_local(stream.local_address());
  return *local_;
}

Task<void> serve_client(WorkerContext& context, Listener& listener, int fd, const Address& peer) {
  const Resident resident(context);
  const Admission admission{context.engine, listener};
  ClientConnection client(context, listener, fd);
  client.peer = peer;
  client.accepted_us = context.worker.now_us();
  if (context.worker.profiler().on) [[unlikely]] {
    client.account = std::make_unique<CallAccount>(context.worker.profiler());
    client.stream.bill(client.account.get());
    context.worker.profiler().begin(*client.account);
  }
  client.accepted_wall_us = SystemClock().wall_us();
  if (peer.family() != AF_UNIX) prepare_socket(fd, client.frontend.def(), context.engine.config().global);
  count_connection(client);
  if (!admit_connection(client)) co_return;
  if (listener.def.accept_proxy || client.expects_proxy()) {
    const bool known = co_await receive_proxy_header(client);
    if (!known) {
      ++client.frontend.counters(context.index()).failed_req;
      co_return;
    }
  }
  if (listener.def.netscaler_magic != 0 || client.expects_netscaler_cip()) {
    const bool known = co_await receive_netscaler_cip(client, listener.def.netscaler_magic);
    if (!known) {
      ++client.frontend.counters(context.index()).failed_req;
      co_return;
    }
  }
  client.handshaken_us = context.worker.now_us();
  if (!admit_session(client)) co_return;
  log_accept(client);
  if (client.frontend.def().mode == backends::Mode::http) {
    co_await serve_http(client);
  } else {
    co_await serve_tcp(client);
  }
}

}  // namespace evenkeel::frontends
