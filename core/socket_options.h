// What can be set on sockets by configuration, and making them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/address.h"
#include "core/error.h"

namespace evenkeel {

// TCP keep-alive: on, and its three times where they differ from the kernel's (0: kernel's).
struct KeepAliveDef {
  bool on = false;
  int count = 0;       // TCP_KEEPCNT
  int idle_s = 0;      // TCP_KEEPIDLE
  int interval_s = 0;  // TCP_KEEPINTVL
};

// Where outgoing connections come from (manual 4.2 and 5.2, `source`).
struct SourceDef {
  enum class Use : std::uint8_t { none, fixed, client_ip, client, header } use = Use::none;
  Address address;             // AF_UNSPEC: not set
  std::uint16_t port_low = 0;  // a range of source ports; 0: the kernel's choice
  std::uint16_t port_high = 0;
  std::string interface;  // SO_BINDTODEVICE
  Address tproxy;         // usesrc with Use::fixed
  std::string header;     // usesrc hdr_ip(header[,occurrence])
  int occurrence = -1;
  [[nodiscard]] bool is_set() const noexcept {
    return address.family() != AF_UNSPEC || !interface.empty() || use != Use::none;
  }
};

// What rules set on the packets of a connection: the netfilter mark (needs CAP_NET_ADMIN) and the TOS byte.
struct PacketMarks {
  std::optional<std::uint32_t> mark;
  std::optional<int> tos;
  [[nodiscard]] bool any() const noexcept { return mark || tos; }
  bool operator==(const PacketMarks&) const = default;
};
// What the system refuses is left as it is.
void apply_packet_marks(int fd, const PacketMarks& marks) noexcept;

struct ConnectOptions {
  KeepAliveDef keep_alive;
  PacketMarks marks;
  const SourceDef* source = nullptr;
  const Address* client = nullptr;  // for SourceDef::Use::client and client_ip
  std::uint32_t user_timeout_ms = 0;
  std::uint32_t mss = 0;
  int send_buffer = 0;     // tune.sndbuf.server; 0: kernel's
  int receive_buffer = 0;  // tune.rcvbuf.server
  bool no_delay = true;
  bool quick_ack_off = false;  // option tcp-smart-connect
  bool fast_open = false;
  bool linger_reset = false;  // option nolinger
};

// A non-blocking socket on its way to `to`. fd is -1 when it failed at once; error tells why.
struct ConnectAttempt {
  int fd = -1;
  bool established = false;  // no need to wait (unix sockets, most loopback connections)
  IoResult error;
};
ConnectAttempt begin_connect(const Address& to, const ConnectOptions& options) noexcept;
// After the socket became writable: 0, or the errno with which the connection failed.
int connect_error(int fd) noexcept;

void apply_keep_alive(int fd, const KeepAliveDef& def) noexcept;
// The next close() sends a reset and leaves nothing behind in the kernel.
void reset_on_close(int fd) noexcept;

struct ListenOptions {
  int backlog = 0;  // 0: the kernel's somaxconn
  std::string interface;
  std::uint32_t mss = 0;
  std::uint32_t user_timeout_ms = 0;
  int save_syn = 0;  // tcp-ss: keep the client's SYN from the IP header (1) or the Ethernet header (2) on
  bool tfo = false;
  bool defer_accept = false;
  bool transparent = false;
  bool v4v6 = false;  // one IPv6 socket for both families
  bool v6only = false;
  bool reuse_port = true;  // several workers bind the same address
  int mode = -1;           // unix sockets: permissions, user, group (-1: leave)
  int uid = -1;
  int gid = -1;
};
// A listening, non-blocking socket; -1 with `why` filled ("cannot bind socket (Address already in use)").
int open_listener(const Address& address, const ListenOptions& options, std::string& why);

}  // namespace evenkeel
