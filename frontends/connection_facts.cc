#include "frontends/connection_facts.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace evenkeel::frontends {

using rules::Number;

std::optional<std::int64_t> tcp_info_number(int fd, Number what) noexcept {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (fd < 0 || ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  switch (what) {
    case Number::fc_rtt:
    case Number::bc_rtt:
      return info.tcpi_rtt;
    case Number::fc_rttvar:
    case Number::bc_rttvar:
      return info.tcpi_rttvar;
    case Number::fc_unacked:
      return info.tcpi_unacked;
    case Number::fc_sacked:
      return info.tcpi_sacked;
    case Number::fc_retrans:
      return info.tcpi_retrans;
    case Number::fc_fackets:
      return info.tcpi_fackets;
    case Number::fc_lost:
      return info.tcpi_lost;
    case Number::fc_reordering:
      return info.tcpi_reordering;
    default:
      return std::nullopt;
  }
}

bool is_local_address(const Address& address) noexcept {
  if (!address.is_ip()) return true;  // a unix socket never leaves the host
  // Only own addresses can be bound to; a datagram socket takes no port from anybody.
  const int fd = ::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  Address any_port = address;
  any_port.set_port(0);
  const bool bound = ::bind(fd, any_port.data(), any_port.size()) == 0;
  ::close(fd);
  return bound;
}

}  // namespace evenkeel::frontends
