#include "health/exchange.h"

#include <memory>
#include <system_error>

#include "core/buffer.h"
#include "core/datagram.h"
#include "core/fd_stream.h"
#include "health/vip_path.h"

namespace evenkeel::health {
namespace {

using ProxyHeader = ServerLink::ProxyHeader;

struct Opened {
  std::unique_ptr<FdStream> stream;  // null: failed
  Failure::Kind kind = Failure::Kind::connect_error;
  std::string reason;
};

Opened failed(Failure::Kind kind, int sys) {
  return {nullptr, kind, sys == 0 ? std::string() : std::generic_category().message(sys)};
}

// Whose fault is a connect() that failed?
Failure::Kind blame(IoStatus status) noexcept {
  switch (status) {
    case IoStatus::no_resource:
    case IoStatus::failed:
      return Failure::Kind::socket_error;
    case IoStatus::timeout:
      return Failure::Kind::connect_timeout;
    default:
      return Failure::Kind::connect_error;
  }
}

ConnectAttempt begin(const ConnectPlan& plan, bool datagram, std::string& why) {
  if (plan.via != nullptr) return plan.via->connect(plan.address.port(), datagram, why);
  ConnectOptions options;
  options.source = &plan.source;
  return datagram ? connect_datagrams(plan.address, options) : begin_connect(plan.address, options);
}

Task<Opened> open(Worker& worker, const ConnectPlan& plan, bool datagram, ExchangeGuard& guard) {
  if (plan.address.family() == AF_UNSPEC || (plan.address.is_ip() && plan.address.port() == 0)) {
    co_return Opened{
        nullptr, Failure::Kind::socket_error,
        datagram ? "No port available for the datagram" : "No port available for the TCP connection"};
  }
  std::string why;
  const ConnectAttempt attempt = begin(plan, datagram, why);
  if (attempt.fd < 0 && !why.empty()) co_return Opened{nullptr, Failure::Kind::socket_error, std::move(why)};
  if (attempt.fd < 0) co_return failed(blame(attempt.error.status), attempt.error.sys);
  auto stream = std::make_unique<FdStream>(worker, attempt.fd);
  if (attempt.established) co_return Opened{std::move(stream)};
  guard.stream = stream.get();
  stream->exhausted_write();
  const IoResult waited = co_await stream->writable();
  guard.stream = nullptr;
  if (!waited.ok()) co_return failed(Failure::Kind::connect_timeout, 0);
  const int error = connect_error(attempt.fd);
  if (error != 0) co_return failed(blame(io_status_of(error)), error);
  co_return Opened{std::move(stream)};
}

// A check speaks for us, not for a client: v2 says LOCAL, v1 has no such word and names the connection
// itself.
std::string proxy_header(ProxyHeader version, const Stream& stream) {
  if (version == ProxyHeader::none) return {};
  if (version == ProxyHeader::v2) return {"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16};
  const Address from = stream.local_address();
  const Address to = stream.peer_address();
  if (!from.is_ip() || from.family() != to.family()) return "PROXY UNKNOWN\r\n";
  return std::string("PROXY ") + (from.family() == AF_INET ? "TCP4 " : "TCP6 ") + from.ip_string() + ' ' +
         to.ip_string() + ' ' + std::to_string(from.port()) + ' ' + std::to_string(to.port()) + "\r\n";
}

// The plan with what a connect step says on top.
ConnectPlan with_step(const ConnectPlan& base, const Step& step) {
  ConnectPlan plan = base;
  const ConnectStep& said = *step.connect;
  if (said.addr) {
    const std::uint16_t port = base.address.port();
    plan.address = *said.addr;
    plan.via = nullptr;
    if (plan.address.port() == 0) plan.address.set_port(port);
  }
  if (step.port != 0) plan.address.set_port(step.port);
  if (!said.use_server_defaults) plan.proxy_header = ProxyHeader::none;
  if (said.send_proxy) plan.proxy_header = ProxyHeader::v1;
  return plan;
}

Task<IoResult> write_all(Stream& stream, std::string_view bytes) {
  while (!bytes.empty()) {
    const IoResult wrote = co_await stream.write(bytes);
    if (!wrote.ok()) co_return wrote;
    bytes.remove_prefix(wrote.bytes);
  }
  co_return IoResult{};
}

Failure::Kind broken(IoStatus status) noexcept {
  if (status == IoStatus::timeout) return Failure::Kind::timeout;
  // Of a datagram that was sent: nobody listens there, as with a connection that is refused.
  const bool unheard = status == IoStatus::refused || status == IoStatus::unreachable;
  return unheard ? Failure::Kind::connect_error : Failure::Kind::reset;
}

std::string words(const IoResult& result) {
  return result.sys == 0 ? std::string() : std::generic_category().message(result.sys);
}

// The connection of one exchange, with what has been received on it.
class Line {
 public:
  Line(Worker& worker, ExchangeGuard& guard, const ConnectPlan& plan, CheckTimeouts timeouts)
      : worker_(worker), guard_(guard), plan_(plan), timeouts_(timeouts), received_(worker.buffers()) {
    guard_.deadline.set(worker_.now() + timeouts_.connect);
  }
  ~Line() {
    guard_.stream = nullptr;
    guard_.deadline.clear();
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  [[nodiscard]] std::string_view received() const noexcept {
    return received_.held() ? received_.view() : std::string_view();
  }
  [[nodiscard]] bool eof() const noexcept { return eof_; }
  [[nodiscard]] Failure failure() const noexcept { return {kind_, reason_}; }

  void hang_up(bool linger) noexcept {
    guard_.stream = nullptr;
    if (stream_ && !linger) stream_->reset_on_close();
    stream_.reset();
    forget();
  }

  Task<bool> connect(const Step& step) {
    if (timeouts_.data > 0) guard_.deadline.set(worker_.now() + timeouts_.connect);
    const ConnectPlan plan = with_step(plan_, step);
    datagram_ = step.connect->datagram;
    Opened opened = co_await open(worker_, plan, datagram_, guard_);
    if (!opened.stream) co_return lose(opened.kind, std::move(opened.reason));
    stream_ = std::move(opened.stream);
    guard_.stream = stream_.get();
    if (timeouts_.data > 0) guard_.deadline.set(worker_.now() + timeouts_.data);
    const std::string header = proxy_header(plan.proxy_header, *stream_);
    if (header.empty() || datagram_) co_return true;
    co_return co_await send(header);
  }

  Task<bool> send(std::string_view bytes) {
    forget();
    const IoResult wrote = co_await write_all(*stream_, bytes);
    if (wrote.ok()) co_return true;
    co_return lose(broken(wrote.status), words(wrote));
  }

  Task<bool> receive(Millis patience) {
    received_.reserve();
    const Millis limit = guard_.deadline.at();
    const bool sooner = patience > 0 && worker_.now() + patience < limit;
    if (sooner) guard_.deadline.set(worker_.now() + patience);
    const IoResult got = co_await stream_->read(received_.space());
    if (sooner) guard_.deadline.set(limit);
    if (got.status == IoStatus::eof || (patience > 0 && got.status == IoStatus::timeout)) {
      eof_ = true;
      co_return true;
    }
    if (!got.ok()) co_return lose(broken(got.status), words(got));
    received_.commit(got.bytes);
    if (received_.space().empty()) eof_ = true;  // as much as a check may read
    co_return true;
  }

 private:
  void forget() noexcept {
    received_.release();
    eof_ = false;
  }
  bool lose(Failure::Kind kind, std::string reason) {
    kind_ = kind;
    reason_ = std::move(reason);
    return false;
  }

  Worker& worker_;
  ExchangeGuard& guard_;
  const ConnectPlan& plan_;
  CheckTimeouts timeouts_;
  std::unique_ptr<FdStream> stream_;
  bool datagram_ = false;
  Buffer received_;
  bool eof_ = false;
  Failure::Kind kind_ = Failure::Kind::socket_error;
  std::string reason_;
};

}  // namespace

void ExchangeGuard::end(IoStatus why) noexcept {
  if (stream != nullptr) stream->cancel(why);
}

ConnectPlan plan_for(const CheckDef& def, const Address& server, const ServerLink& link) {
  ConnectPlan plan;
  if (def.via && !def.addr) plan.via = def.via.get();
  plan.address = def.addr ? *def.addr : plan.via != nullptr ? plan.via->to() : server;
  if (def.addr && plan.address.port() == 0) plan.address.set_port(server.port());
  if (def.port != 0) plan.address.set_port(def.port);
  if (checks_service_port(def)) plan.proxy_header = link.proxy_header;
  if (def.send_proxy) {
    plan.proxy_header = link.proxy_header == ProxyHeader::v2 ? ProxyHeader::v2 : ProxyHeader::v1;
  }
  plan.source = link.source;
  return plan;
}

Task<Verdict> exchange(Worker& worker, Protocol& protocol, const ConnectPlan& plan, CheckTimeouts timeouts,
                       ExchangeGuard& guard) {
  Line line(worker, guard, plan, timeouts);
  for (;;) {
    Step step = protocol.next(line.received(), line.eof());
    bool ok = true;
    switch (step.kind) {
      case Step::Kind::connect:
        line.hang_up(protocol.linger());
        ok = co_await line.connect(step);
        break;
      case Step::Kind::send:
        ok = co_await line.send(step.bytes);
        break;
      case Step::Kind::receive:
        ok = co_await line.receive(step.patience);
        break;
      case Step::Kind::done:
        line.hang_up(protocol.linger());
        co_return std::move(step.verdict);
    }
    if (guard.aborted) co_return Verdict{};
    if (!ok) {
      Verdict verdict = protocol.fail(line.failure());
      line.hang_up(protocol.linger());
      co_return verdict;
    }
  }
}

}  // namespace evenkeel::health
