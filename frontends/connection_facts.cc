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

std::string tcp_saved_syn(int fd) {
  std::string syn(512, '\0');  // Ethernet, the longest IP and TCP headers
  socklen_t size = static_cast<socklen_t>(syn.size());
  if (fd < 0 || ::getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, syn.data(), &size) != 0) size = 0;
  syn.resize(size);
  return syn;
}

std::string describe_connection(int fd, const Address* ours, const Address* theirs, std::int64_t layers,
                                std::string_view counted, std::uint32_t count) {
  const auto wanted = [&](std::int64_t layer) { return layers == 0 || (layers & layer) != 0; };
  std::string text;
  const auto say = [&](std::string_view name, const std::string& value) {
    if (!text.empty()) text += ' ';
    text.append(name).append(1, '=').append(value);
  };
  if (wanted(1)) say("stream", "0");
  if (wanted(2) && !counted.empty()) say(counted, std::to_string(count));
  if (wanted(8)) {
    if (ours != nullptr) say("local", ours->to_string());
    if (theirs != nullptr) say("peer", theirs->to_string());
  }
  if (!wanted(16)) return text;
  if (fd < 0) return text;
  say("fd", std::to_string(fd));
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return text;
  say("tcp", std::to_string(info.tcpi_state));
  say("rtt", std::to_string(info.tcpi_rtt));
  say("unacked", std::to_string(info.tcpi_unacked));
  say("lost", std::to_string(info.tcpi_lost));
  say("retrans", std::to_string(info.tcpi_total_retrans));
  return text;
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
