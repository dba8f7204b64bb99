#include "frontends/log_forward.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/fd_stream.h"
#include "frontends/engine.h"
#include "stats/syslog_message.h"

namespace evenkeel::frontends {
namespace {

constexpr std::size_t kLargest = 65536;  // bytes of a message
constexpr unsigned kTurn = 64;           // messages before others have their turn
constexpr int kNoLevel = 0;              // of messages without a priority: HAProxy takes them for emergencies

int open_datagram(const BindDef& bind, std::string& why) {
  const int fd = socket(bind.address.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (fd >= 0 && ::bind(fd, bind.address.data(), bind.address.size()) == 0) return fd;
  why = std::string("cannot bind UDP socket (") + std::strerror(errno) + ")";
  if (fd >= 0) ::close(fd);
  return -1;
}

}  // namespace

bool next_stream_message(std::string_view bytes, std::string_view& message, std::size_t& taken) noexcept {
  taken = 0;
  if (bytes.empty()) return true;
  if (bytes.front() < '1' || bytes.front() > '9') {
    const std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos) return bytes.size() < kLargest;
    message = bytes.substr(0, end);
    taken = end + 1;
    return true;
  }
  std::size_t length = 0;
  std::size_t at = 0;
  for (; at < bytes.size() && bytes[at] >= '0' && bytes[at] <= '9'; ++at) {
    length = length * 10 + static_cast<std::size_t>(bytes[at] - '0');
    if (length > kLargest) return false;
  }
  if (at == bytes.size()) return true;
  if (bytes[at] != ' ') return false;
  if (bytes.size() - at - 1 < length) return true;
  message = bytes.substr(at + 1, length);
  taken = at + 1 + length;
  return true;
}

LogForwarder::LogForwarder(std::shared_ptr<const LogForwardDef> def, std::vector<ForwardTarget> targets,
                           const stats::SyslogIdentity& identity)
    : def_(std::move(def)), targets_(std::move(targets)), identity_(identity), line_(kLargest) {}

LogForwarder::~LogForwarder() {
  for (const int fd : datagram_fds_) ::close(fd);
  for (const int fd : stream_fds_) ::close(fd);
}

bool LogForwarder::open(std::vector<std::string>& errors) {
  const std::size_t before = errors.size();
  for (const int fd : std::exchange(datagram_fds_, {})) ::close(fd);
  for (const int fd : std::exchange(stream_fds_, {})) ::close(fd);
  const auto place = [&](int fd, std::vector<int>& fds, const BindDef& bind, const std::string& why) {
    if (fd >= 0) {
      fds.push_back(fd);
    } else {
      errors.push_back("Starting log-forward " + def_->name + ": " + why + " [" + bind.text + "]");
    }
  };
  for (const BindDef& bind : def_->datagrams) {
    std::string why;
    place(open_datagram(bind, why), datagram_fds_, bind, why);
  }
  for (const BindDef& bind : def_->binds) {
    std::string why;
    place(open_listener(bind.address, bind.listen, why), stream_fds_, bind, why);
  }
  return errors.size() == before;
}

void LogForwarder::start(WorkerContext& context, stats::LogSender& sender) {
  context_ = &context;
  sender_ = &sender;
  for (const int fd : std::exchange(datagram_fds_, {})) spawn(receive_datagrams(fd));
  for (const int fd : std::exchange(stream_fds_, {})) spawn(accept_streams(fd));
}

void LogForwarder::forward(std::string_view bytes) {
  const stats::SyslogMessage message = stats::parse_syslog(bytes);
  const int level = message.level >= 0 ? message.level : kNoLevel;
  for (const ForwardTarget& to : targets_) {
    const stats::LogTargetDef& def = to.target.front()->def();
    stats::LineWriter line(line_.data(), std::min<std::size_t>(def.max_length, line_.size()));
    stats::put_syslog_message(line, message, to.format, def.facility, std::max(level, def.min_level),
                              identity_, SystemClock().wall_us(), sender_->date());
    const std::size_t header = line.size() - std::min(line.size(), message.text.size());
    sender_->send(to.target, level, {}, std::string_view(line_.data(), line.size()), {}, header);
  }
}

Task<void> LogForwarder::receive_datagrams(int fd) {
  FdStream stream(context_->worker, fd);
  const Resident resident(*context_, &stream);
  std::vector<char> bytes(kLargest);
  for (unsigned turn = 0;; ++turn) {
    const ssize_t n = ::recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (n >= 0) {
      forward({bytes.data(), static_cast<std::size_t>(n)});
      if (turn % kTurn == kTurn - 1) co_await context_->worker.yield();
      continue;
    }
    if (errno == EINTR) continue;
    stream.exhausted_read();
    const IoResult ready = co_await stream.readable();
    if (ready.status == IoStatus::cancelled) co_return;
  }
}

Task<void> LogForwarder::accept_streams(int fd) {
  FdStream stream(context_->worker, fd);
  const Resident resident(*context_, &stream);
  for (;;) {
    const int client = ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client >= 0) {
      ++connections_;
      spawn(serve_stream(client));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      co_await context_->worker.sleep(100);
    } else if (errno != EINTR && errno != ECONNABORTED) {
      stream.exhausted_read();
      const IoResult ready = co_await stream.readable();
      if (ready.status == IoStatus::cancelled) co_return;
    }
    while (connections_ >= def_->maxconn) {
      room_.reset();
      co_await room_;
    }
  }
}

Task<void> LogForwarder::serve_stream(int fd) {
  {
    FdStream stream(context_->worker, fd);
    const Resident resident(*context_, &stream);
    Deadline deadline(
        context_->worker.timers(),
        [](void* s) noexcept { static_cast<FdStream*>(s)->interrupt(IoStatus::timeout); }, &stream);
    std::string bytes;
    char piece[8192];
    bool good = true;
    while (good) {
      if (def_->client_timeout > 0) deadline.set(context_->worker.now() + def_->client_timeout);
      const IoResult got = co_await stream.read(piece);
      if (!got.ok()) break;
      bytes.append(piece, got.bytes);
      std::string_view rest = bytes;
      std::string_view message;
      std::size_t taken = 0;
      while ((good = next_stream_message(rest, message, taken)) && taken > 0) {
        forward(message);
        rest.remove_prefix(taken);
      }
      bytes.erase(0, bytes.size() - rest.size());
    }
  }
  --connections_;
  room_.set();
}

}  // namespace evenkeel::frontends
