#include "core/datagram.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "core/fault.h"
#include "core/source_binding.h"

namespace evenkeel {
namespace {

constexpr std::size_t kLargest = 65536;  // of one datagram, or of what the kernel puts together
// Room for the destination address and the length of segments.
constexpr std::size_t kControl = CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(int)) + 32;

void set_int(int fd, int level, int name, int value) noexcept {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

// The address as the wildcard socket has it: an IPv6 one that serves both families sees IPv4 as mapped.
void read_control(msghdr& message, Datagram& out) noexcept {
  out.local = Address();
  out.segment = 0;
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      sockaddr_in sin{};
      sin.sin_family = AF_INET;
      sin.sin_addr = info.ipi_addr;
      if (out.local.family() == AF_UNSPEC) out.local = Address(reinterpret_cast<sockaddr*>(&sin), sizeof sin);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      sockaddr_in6 sin{};
      sin.sin6_family = AF_INET6;
      sin.sin6_addr = info.ipi6_addr;
      if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) sin.sin6_scope_id = info.ipi6_ifindex;
      out.local = Address(reinterpret_cast<sockaddr*>(&sin), sizeof sin);
    } else if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
      int segment = 0;
      std::memcpy(&segment, CMSG_DATA(c), sizeof segment);
      if (segment > 0 && static_cast<std::size_t>(segment) < out.bytes.size())
        out.segment = static_cast<std::size_t>(segment);
    }
  }
}

struct alignas(cmsghdr) Control {
  char bytes[kControl];
};

template <class Value>
void put_control(msghdr& message, int level, int type, const Value& value) noexcept {
  auto* const c =
      reinterpret_cast<cmsghdr*>(static_cast<char*>(message.msg_control) + message.msg_controllen);
  c->cmsg_level = level;
  c->cmsg_type = type;
  c->cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(CMSG_DATA(c), &value, sizeof value);
  message.msg_controllen += CMSG_SPACE(sizeof value);
}

void put_source(msghdr& message, const Address& source) noexcept {
  if (source.family() == AF_INET) {
    in_pktinfo info{};
    info.ipi_spec_dst = reinterpret_cast<const sockaddr_in*>(source.data())->sin_addr;
    put_control(message, IPPROTO_IP, IP_PKTINFO, info);
  } else if (source.family() == AF_INET6) {
    in6_pktinfo info{};
    const auto* const sin = reinterpret_cast<const sockaddr_in6*>(source.data());
    info.ipi6_addr = sin->sin6_addr;
    info.ipi6_ifindex = sin->sin6_scope_id;
    put_control(message, IPPROTO_IPV6, IPV6_PKTINFO, info);
  }
}

// One call's worth of messages.
struct Outgoing {
  std::array<mmsghdr, DatagramReader::kBatch> messages;
  std::array<iovec, DatagramReader::kBatch> pieces;
  std::array<Control, DatagramReader::kBatch> controls;

  void set(std::size_t i, std::string_view bytes, std::size_t segment, const Address* to,
           const Address* source) noexcept {
    pieces[i] = {const_cast<char*>(bytes.data()), bytes.size()};
    msghdr& m = messages[i].msg_hdr;
    m = {};
    m.msg_iov = &pieces[i];
    m.msg_iovlen = 1;
    if (to != nullptr) {
      m.msg_name = const_cast<sockaddr*>(to->data());
      m.msg_namelen = to->size();
    }
    m.msg_control = controls[i].bytes;
    if (source != nullptr) put_source(m, *source);
    if (segment != 0) put_control(m, SOL_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(segment));
    if (m.msg_controllen == 0) m.msg_control = nullptr;
  }
};

// Sends one by one what the system did not take in one piece (a device that cannot take it apart).
void send_apart(int fd, const Address* to, const Address* source, const Datagram& whole,
                DatagramsSent& sent) noexcept {
  static thread_local Outgoing out;
  for (std::string_view rest = whole.bytes; !rest.empty();) {
    const std::string_view piece = rest.substr(0, whole.segment);
    rest.remove_prefix(piece.size());
    out.set(0, piece, 0, to, source);
    if (::sendmsg(fd, &out.messages[0].msg_hdr, MSG_NOSIGNAL) >= 0) {
      ++sent.datagrams;
      sent.bytes += piece.size();
    } else {
      ++sent.lost;
      sent.error = errno;
    }
  }
}

void send_batch(int fd, const Address* to, const Address* source, std::span<const Datagram> run,
                DatagramsSent& sent) noexcept {
  static thread_local Outgoing out;
  for (std::size_t i = 0; i < run.size(); ++i) out.set(i, run[i].bytes, run[i].segment, to, source);
  for (std::size_t done = 0; done < run.size();) {
    const int n =
        ::sendmmsg(fd, out.messages.data() + done, static_cast<unsigned>(run.size() - done), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      const Datagram& failed = run[done++];
      if (failed.segment != 0 && (errno == EIO || errno == EINVAL || errno == EMSGSIZE)) {
        send_apart(fd, to, source, failed, sent);
        continue;
      }
      sent.error = errno;
      sent.lost += failed.count();
      continue;
    }
    for (const Datagram& one : run.subspan(done, static_cast<std::size_t>(n))) {
      sent.datagrams += one.count();
      sent.bytes += one.bytes.size();
    }
    done += static_cast<std::size_t>(n);
  }
}

}  // namespace

struct DatagramReader::Slots {
  std::array<mmsghdr, kBatch> messages;
  std::array<iovec, kBatch> pieces;
  std::array<Control, kBatch> controls;
  std::array<Datagram, kBatch> datagrams;
};

DatagramReader::DatagramReader()
    : slots_(std::make_unique<Slots>()), bytes_(std::make_unique_for_overwrite<char[]>(kBatch * kLargest)) {}
DatagramReader::~DatagramReader() = default;

unsigned DatagramReader::receive(int fd, int& error) noexcept {
  Slots& s = *slots_;
  for (unsigned i = 0; i < kBatch; ++i) {
    s.pieces[i] = {bytes_.get() + i * kLargest, kLargest};
    msghdr& m = s.messages[i].msg_hdr;
    m = {};
    m.msg_iov = &s.pieces[i];
    m.msg_iovlen = 1;
    m.msg_name = s.datagrams[i].from.data();
    m.msg_namelen = Address::capacity();
    m.msg_control = s.controls[i].bytes;
    m.msg_controllen = sizeof(Control);
  }
  int n = 0;
  do {
    n = ::recvmmsg(fd, s.messages.data(), kBatch, MSG_DONTWAIT, nullptr);
  } while (n < 0 && errno == EINTR);
  error = n <= 0 ? errno : 0;
  const unsigned count = n <= 0 ? 0U : static_cast<unsigned>(n);
  for (unsigned i = 0; i < count; ++i) {
    msghdr& m = s.messages[i].msg_hdr;
    s.datagrams[i].from.resize(m.msg_namelen);
    s.datagrams[i].bytes = {static_cast<const char*>(s.pieces[i].iov_base), s.messages[i].msg_len};
    read_control(m, s.datagrams[i]);
  }
  return count;
}

std::span<const Datagram> DatagramReader::batch(unsigned count) const noexcept {
  return {slots_->datagrams.data(), count};
}

DatagramsSent send_datagrams(int fd, const Address* to, const Address* source,
                             std::span<const Datagram> run) noexcept {
  DatagramsSent sent;
  while (!run.empty()) {
    const std::size_t n = std::min<std::size_t>(run.size(), DatagramReader::kBatch);
    send_batch(fd, to, source, run.first(n), sent);
    run = run.subspan(n);
  }
  return sent;
}

int open_datagram_socket(const Address& address, const ListenOptions& options, std::string& why) {
  const auto fail = [&](int fd, const char* what) {
    why = std::string(what) + " (" + std::strerror(errno) + ")";
    if (fd >= 0) ::close(fd);
    return -1;
  };
  const int fd = ::socket(address.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(fd, "cannot create UDP socket");
  if (options.reuse_port) set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (address.family() == AF_INET6) {
    set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.v4v6 && !options.v6only ? 0 : 1);
    set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  } else {
    set_int(fd, IPPROTO_IP, IP_PKTINFO, 1);
  }
  if (options.transparent) {
    set_int(fd, SOL_IP, address.family() == AF_INET ? IP_TRANSPARENT : IP_FREEBIND, 1);
    if (address.family() == AF_INET6) set_int(fd, SOL_IPV6, IPV6_TRANSPARENT, 1);
  }
  if (!options.interface.empty() && ::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, options.interface.c_str(),
                                                 static_cast<socklen_t>(options.interface.size() + 1)) != 0) {
    return fail(fd, "cannot bind UDP socket to device");
  }
  set_int(fd, SOL_UDP, UDP_GRO, 1);
  if (::bind(fd, address.data(), address.size()) != 0) return fail(fd, "cannot bind UDP socket");
  return fd;
}

bool is_datagram_socket(int fd) noexcept {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_DGRAM;
}

ConnectAttempt connect_datagrams(const Address& to, const ConnectOptions& options) noexcept {
  ConnectAttempt attempt;
  const auto fail = [&attempt](int fd, int error) {
    attempt.error = {0, io_status_of(error), error};
    if (fd >= 0) ::close(fd);
    return attempt;
  };
  if (const fault::Verdict v = fault::ask(fault::Op::connect, -1); v.kind == fault::Verdict::Kind::error)
    return fail(-1, v.error);
  const int fd = ::socket(to.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(fd, errno);
  if (options.marks.any()) apply_packet_marks(fd, options.marks);
  if (options.send_buffer > 0) set_int(fd, SOL_SOCKET, SO_SNDBUF, options.send_buffer);
  if (options.receive_buffer > 0) set_int(fd, SOL_SOCKET, SO_RCVBUF, options.receive_buffer);
  if (options.source != nullptr && options.source->is_set() &&
      !bind_source(fd, options, to.family(), attempt.error)) {
    ::close(fd);
    return attempt;
  }
  set_int(fd, SOL_UDP, UDP_GRO, 1);
  if (::connect(fd, to.data(), to.size()) != 0) return fail(fd, errno);
  attempt.fd = fd;
  attempt.established = true;
  return attempt;
}

}  // namespace evenkeel
