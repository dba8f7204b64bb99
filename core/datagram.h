// UDP sockets and many datagrams per system call: recvmmsg, sendmmsg, and segments that the kernel has put
// together (UDP_GRO) or is to take apart (UDP_SEGMENT).
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/address.h"
#include "core/socket_options.h"

namespace evenkeel {

// One datagram, or several of equal length from one sender in a row.
struct Datagram {
  Address from;
  Address local;            // the address that it was sent to, without a port; AF_UNSPEC: not known
  std::string_view bytes;   // may be empty
  std::size_t segment = 0;  // 0: one datagram; else the length of each but the last
  [[nodiscard]] std::size_t count() const noexcept {
    return segment == 0 ? 1 : (bytes.size() + segment - 1) / segment;
  }
};

// Reads in batches into memory of its own (2 MB of address space; what was never filled costs nothing). One
// per worker serves all sockets: what a call returned is valid until the next.
class DatagramReader {
 public:
  static constexpr unsigned kBatch = 32;
  DatagramReader();
  ~DatagramReader();
  DatagramReader(const DatagramReader&) = delete;
  DatagramReader& operator=(const DatagramReader&) = delete;

  // How many came; 0: none, `error` tells why (EAGAIN; ECONNREFUSED and its like on a connected socket).
  unsigned receive(int fd, int& error) noexcept;
  [[nodiscard]] std::span<const Datagram> batch(unsigned count) const noexcept;

 private:
  struct Slots;
  std::unique_ptr<Slots> slots_;
  std::unique_ptr<char[]> bytes_;
};

struct DatagramsSent {
  std::size_t datagrams = 0;
  std::size_t bytes = 0;
  std::size_t lost = 0;  // datagrams that the system did not take: a full buffer, too long
  int error = 0;         // of the last that was lost
};
// to: null for a connected socket. source: the address to send from, without a port, on a socket that is
// bound to none; null or AF_UNSPEC: the system's choice. Never waits: what does not fit is lost, as
// datagrams are.
DatagramsSent send_datagrams(int fd, const Address* to, const Address* source,
                             std::span<const Datagram> run) noexcept;

// Bound and non-blocking; tells where its datagrams were sent to. Of the options those that make sense count:
// interface, transparent, v4v6, v6only, reuse_port. -1 with `why` filled.
int open_datagram_socket(const Address& address, const ListenOptions& options, std::string& why);
// Whether the descriptor is a datagram socket.
bool is_datagram_socket(int fd) noexcept;
// A socket that talks to `to` only. Of the options: source, client, marks and sizes of buffers. Never waits.
ConnectAttempt connect_datagrams(const Address& to, const ConnectOptions& options) noexcept;

}  // namespace evenkeel
