#include "core/socket_options.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/fault.h"
#include "core/socket_passing.h"
#include "core/source_binding.h"

namespace evenkeel {
namespace {

void set_int(int fd, int level, int name, int value) noexcept {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

// Over loopback the handshake is over before connect() returns, although it says "in progress"; asking here
// spares such a connection two rounds through the event loop.
bool is_connected(int fd) noexcept {
  sockaddr_storage peer;
  socklen_t size = sizeof peer;
  return ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
}

}  // namespace

bool bind_source(int fd, const ConnectOptions& options, int family, IoResult& error) noexcept {
  const SourceDef& source = *options.source;
  if (!source.interface.empty()) {
    ::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, source.interface.c_str(),
                 static_cast<socklen_t>(source.interface.size() + 1));
  }
  Address from = source.address;
  if (source.use == SourceDef::Use::client || source.use == SourceDef::Use::client_ip) {
    if (options.client != nullptr && options.client->is_ip()) from = *options.client;
    if (source.use == SourceDef::Use::client_ip) from.set_port(0);
    set_int(fd, SOL_IP, IP_TRANSPARENT, 1);
  } else if (source.use == SourceDef::Use::fixed) {
    from = source.tproxy;
    set_int(fd, SOL_IP, IP_TRANSPARENT, 1);
  }
  if (from.family() != family) return true;
  set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (from.port() == 0 && source.port_low == 0) set_int(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  if (source.port_low == 0) {
    if (::bind(fd, from.data(), from.size()) == 0) return true;
    error = {0, io_status_of(errno), errno};
    return false;
  }
  static thread_local std::uint32_t turn = 0;
  const std::uint32_t range = static_cast<std::uint32_t>(source.port_high - source.port_low) + 1;
  for (std::uint32_t i = 0; i < range; ++i) {
    from.set_port(static_cast<std::uint16_t>(source.port_low + (turn++ % range)));
    if (::bind(fd, from.data(), from.size()) == 0) return true;
    if (errno != EADDRINUSE) break;
  }
  error = {0, io_status_of(errno), errno};
  return false;
}

void apply_keep_alive(int fd, const KeepAliveDef& def) noexcept {
  if (!def.on) return;
  set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  if (def.count > 0) set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, def.count);
  if (def.idle_s > 0) set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, def.idle_s);
  if (def.interval_s > 0) set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, def.interval_s);
}

void apply_packet_marks(int fd, const PacketMarks& marks) noexcept {
  if (marks.mark) ::setsockopt(fd, SOL_SOCKET, SO_MARK, &*marks.mark, sizeof(std::uint32_t));
  if (!marks.tos) return;
  // An IPv6 socket may carry IPv4 traffic; an IPv4 one refuses the second in silence.
  set_int(fd, IPPROTO_IP, IP_TOS, *marks.tos);
  set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, *marks.tos);
}

void reset_on_close(int fd) noexcept {
  const linger hard{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

ConnectAttempt begin_connect(const Address& to, const ConnectOptions& options) noexcept {
  ConnectAttempt attempt;
  if (const fault::Verdict v = fault::ask(fault::Op::connect, -1); v.kind == fault::Verdict::Kind::error) {
    attempt.error = {0, io_status_of(v.error), v.error};
    return attempt;
  }
  const bool passing = to.family() == Address::kPassing;
  const int fd = passing ? connect_by_passing(to.passing_fd())
                         : ::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    attempt.error = {0, io_status_of(errno), errno};
    return attempt;
  }
  if (to.is_ip()) {
    if (options.no_delay) set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (options.quick_ack_off) set_int(fd, IPPROTO_TCP, TCP_QUICKACK, 0);
    if (options.user_timeout_ms > 0) {
      set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(options.user_timeout_ms));
    }
    if (options.mss > 0) set_int(fd, IPPROTO_TCP, TCP_MAXSEG, static_cast<int>(options.mss));
    if (options.fast_open) set_int(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
    apply_keep_alive(fd, options.keep_alive);
  }
  if (options.marks.any()) apply_packet_marks(fd, options.marks);
  if (options.send_buffer > 0) set_int(fd, SOL_SOCKET, SO_SNDBUF, options.send_buffer);
  if (options.receive_buffer > 0) set_int(fd, SOL_SOCKET, SO_RCVBUF, options.receive_buffer);
  if (passing) {
    attempt.established = true;
    attempt.fd = fd;
    return attempt;
  }
  if (options.source != nullptr && options.source->is_set() &&
      !bind_source(fd, options, to.family(), attempt.error)) {
    ::close(fd);
    return attempt;
  }
  if (::connect(fd, to.data(), to.size()) == 0) {
    attempt.established = true;
  } else if (errno != EINPROGRESS) {
    // EAGAIN: a unix socket whose backlog is full; to the caller that is a refusal to be retried.
    attempt.error = {0, errno == EAGAIN ? IoStatus::refused : io_status_of(errno), errno};
    ::close(fd);
    return attempt;
  }
  if (!attempt.established && is_connected(fd)) {
    const fault::Verdict v = fault::ask(fault::Op::connected, fd);
    if (v.kind == fault::Verdict::Kind::error) {
      attempt.error = {0, io_status_of(v.error), v.error};
      ::close(fd);
      return attempt;
    }
    attempt.established = true;
  }
  attempt.fd = fd;
  return attempt;
}

int connect_error(int fd) noexcept {
  if (const fault::Verdict v = fault::ask(fault::Op::connected, fd); v.kind == fault::Verdict::Kind::error) {
    return v.error;
  }
  int error = 0;
  socklen_t len = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) return errno;
  return error;
}

int open_listener(const Address& address, const ListenOptions& options, std::string& why) {
  const auto fail = [&](int fd, const char* what) {
    why = std::string(what) + " (" + std::strerror(errno) + ")";
    if (fd >= 0) ::close(fd);
    return -1;
  };
  const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(fd, "cannot create listening socket");
  if (address.is_ip()) {
    set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (options.reuse_port) set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (address.family() == AF_INET6)
      set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.v4v6 && !options.v6only ? 0 : 1);
    if (options.transparent) {
      set_int(fd, SOL_IP, address.family() == AF_INET ? IP_TRANSPARENT : IP_FREEBIND, 1);
      if (address.family() == AF_INET6) set_int(fd, SOL_IPV6, IPV6_TRANSPARENT, 1);
    }
    if (!options.interface.empty() &&
        ::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, options.interface.c_str(),
                     static_cast<socklen_t>(options.interface.size() + 1)) != 0) {
      return fail(fd, "cannot bind listener to device");
    }
    set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);  // accepted connections inherit it
    if (options.mss > 0) set_int(fd, IPPROTO_TCP, TCP_MAXSEG, static_cast<int>(options.mss));
    if (options.user_timeout_ms > 0) {
      set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(options.user_timeout_ms));
    }
    if (options.save_syn != 0) set_int(fd, IPPROTO_TCP, TCP_SAVE_SYN, options.save_syn);
    if (options.defer_accept) set_int(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 60);
    if (options.tfo) set_int(fd, IPPROTO_TCP, TCP_FASTOPEN, options.backlog > 0 ? options.backlog : 1024);
  } else if (address.family() == AF_UNIX) {
    const auto* un = reinterpret_cast<const sockaddr_un*>(address.data());
    if (un->sun_path[0] != '\0') ::unlink(un->sun_path);
  }
  if (::bind(fd, address.data(), address.size()) != 0) return fail(fd, "cannot bind socket");
  if (address.family() == AF_UNIX) {
    const char* path = reinterpret_cast<const sockaddr_un*>(address.data())->sun_path;
    if (path[0] != '\0') {
      if (options.mode >= 0 && ::chmod(path, static_cast<mode_t>(options.mode)) != 0) {
        return fail(fd, "cannot change UNIX socket mode");
      }
      if ((options.uid >= 0 || options.gid >= 0) &&
          ::chown(path, static_cast<uid_t>(options.uid), static_cast<gid_t>(options.gid)) != 0) {
        return fail(fd, "cannot change UNIX socket ownership");
      }
    }
  }
  if (::listen(fd, options.backlog > 0 ? options.backlog : SOMAXCONN) != 0)
    return fail(fd, "cannot listen to socket");
  return fd;
}

}  // namespace evenkeel
