#include "health/vip_path.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace evenkeel::health {
namespace {

bool set_mark(int fd, std::uint32_t mark, const VipPath::Marker* marker) {
  if (setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) == 0) return true;
  return errno == EPERM && marker != nullptr && *marker && (*marker)(fd, mark);
}

}  // namespace

void VipPath::set_marker(std::shared_ptr<const Marker> marker) {
  const std::lock_guard lock(mutex_);
  marker_ = std::move(marker);
}

void VipPath::open(const Address& source, const std::string& interface) {
  const std::lock_guard lock(mutex_);
  open_ = true;
  source_ = source;
  interface_ = interface;
}

void VipPath::close(const std::string& why) {
  const std::lock_guard lock(mutex_);
  open_ = false;
  why_ = why;
}

ConnectAttempt VipPath::connect(std::uint16_t port, bool datagram, std::string& why) const {
  Address source;
  std::string interface;
  std::shared_ptr<const Marker> marker;
  ConnectAttempt attempt;
  attempt.error = {0, IoStatus::failed, 0};
  {
    const std::lock_guard lock(mutex_);
    if (!open_) return why = "no way to the virtual address: " + why_, attempt;
    source = source_;
    interface = interface_;
    marker = marker_;
  }
  Address to = to_;
  to.set_port(port);
  const int kind = (datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const int fd = ::socket(to.family(), kind, 0);
  const auto fail = [&](const char* what) {
    attempt.error = {0, io_status_of(errno), errno};
    why = what;
    if (fd >= 0) ::close(fd);
    return attempt;
  };
  if (fd < 0) return fail("no socket");
  if (!set_mark(fd, mark_, marker.get())) return fail("the mark of the check is refused (CAP_NET_ADMIN)");
  if (!interface.empty() && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(),
                                       static_cast<socklen_t>(interface.size() + 1)) != 0)
    return fail("the interface to the server is refused");
  const int on = 1;
  setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (!datagram) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::bind(fd, source.data(), source.size()) != 0) return fail("the source address is gone");
  if (::connect(fd, to.data(), to.size()) == 0) {
    attempt.established = true;
  } else if (errno != EINPROGRESS) {
    const IoStatus status = io_status_of(errno);
    attempt.error = {0, status, errno};
    ::close(fd);
    return attempt;
  }
  attempt.fd = fd;
  attempt.error = {};
  return attempt;
}

}  // namespace evenkeel::health
