// The way of a check to a virtual address *through* one server of `lvs dr` or `lvs tun` (`check-via vip`).
//
// The virtual address is the director's own, so a plain connect() would stay in this machine. The socket
// carries a packet mark instead, by which a service of the kernel's IPVS that has this server only sends what
// leaves the machine to that server. Who keeps that service (lvs::CheckPaths) opens the way and closes it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "core/socket_options.h"

namespace evenkeel::health {

// All methods may be called from any thread.
class VipPath {
 public:
  // Sets the mark of a socket for a thread that may not (SO_MARK needs CAP_NET_ADMIN). Blocks; false: it did
  // not work.
  using Marker = std::function<bool(int fd, std::uint32_t mark)>;

  VipPath(const Address& to, std::uint32_t mark) : to_(to), mark_(mark), why_("not prepared yet") {}

  [[nodiscard]] const Address& to() const noexcept { return to_; }  // the virtual address, with its port
  [[nodiscard]] std::uint32_t mark() const noexcept { return mark_; }

  void set_marker(std::shared_ptr<const Marker> marker);
  // source: an address of this machine that the server answers to, none of the virtual ones. interface: the
  // one that leads to the server. Bound to it, a connection without the kernel's service reaches nobody,
  // rather than what listens on this machine; except where that interface has the virtual address, too.
  // Empty: bound to none, which IPv6 needs, because it finds no route by another interface than the one with
  // the address.
  void open(const Address& source, const std::string& interface);
  void close(const std::string& why);

  // A socket on its way to the virtual address, or to another port of it. Fails with `why` while the way is
  // closed: a check that went without the mark would ask somebody else than the server.
  ConnectAttempt connect(std::uint16_t port, bool datagram, std::string& why) const;

 private:
  const Address to_;
  const std::uint32_t mark_;
  mutable std::mutex mutex_;  // guards what follows
  bool open_ = false;
  Address source_;
  std::string interface_;
  std::string why_;
  std::shared_ptr<const Marker> marker_;
};

}  // namespace evenkeel::health
