// A socket address of any family that we bind or connect: IPv4, IPv6, unix (path or abstract).
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace evenkeel {

// A value, cheap to copy (a sockaddr_un and a length). Never resolves names: see conf/address.h for the
// grammar of the configuration and for resolution.
class Address {
 public:
  Address() noexcept;  // family AF_UNSPEC
  // Copies len bytes; an address longer than a sockaddr_un becomes AF_UNSPEC.
  Address(const sockaddr* address, socklen_t len) noexcept;

  // "192.0.2.1" or "2001:db8::1" (no brackets, no zone); nullopt when it is neither.
  static std::optional<Address> from_ip(std::string_view ip, std::uint16_t port) noexcept;
  static Address any_v4(std::uint16_t port) noexcept;
  static Address any_v6(std::uint16_t port) noexcept;
  static Address loopback_v4(std::uint16_t port) noexcept;
  // nullopt when the path does not fit a sockaddr_un (107 bytes).
  static std::optional<Address> from_unix_path(std::string_view path) noexcept;
  // Linux's abstract namespace. padded: the name fills sun_path with zeros (abns@); otherwise exact length
  // (abnsz@).
  static std::optional<Address> from_abstract(std::string_view name, bool padded) noexcept;
  // Not a place but a way (`sockpair@`): connections are made by passing a socket over fd; see
  // core/socket_passing.h. Its family is kPassing, which no system call knows.
  static Address passing_over(int fd) noexcept;
  // The local or remote end of a socket; AF_UNSPEC where the kernel has none.
  static Address local_of(int fd) noexcept;
  static Address peer_of(int fd) noexcept;

  static constexpr sa_family_t kPassing = AF_MAX + 1;

  [[nodiscard]] int family() const noexcept { return storage_.base.sa_family; }
  [[nodiscard]] int passing_fd() const noexcept { return storage_.passing.fd; }  // family kPassing only
  [[nodiscard]] bool is_ip() const noexcept { return family() == AF_INET || family() == AF_INET6; }
  [[nodiscard]] bool is_unspecified_ip() const noexcept;  // 0.0.0.0 or ::
  [[nodiscard]] bool is_v4_mapped() const noexcept;       // ::ffff:0:0/96
  [[nodiscard]] std::uint16_t port() const noexcept;      // 0 for families without ports
  void set_port(std::uint16_t port) noexcept;

  [[nodiscard]] const sockaddr* data() const noexcept { return &storage_.base; }
  [[nodiscard]] sockaddr* data() noexcept { return &storage_.base; }
  [[nodiscard]] socklen_t size() const noexcept { return len_; }
  void resize(socklen_t len) noexcept { len_ = len; }  // after a system call filled data()
  static constexpr socklen_t capacity() noexcept { return sizeof(sockaddr_un); }

  // The raw bytes of the IP address, network order: 4, 16 or 0 bytes long.
  [[nodiscard]] std::string_view ip_bytes() const noexcept;
  // "192.0.2.1", "2001:db8::1", "unix:/path", "abns@name" or "sockpair@3"; empty for AF_UNSPEC.
  [[nodiscard]] std::string ip_string() const;
  // "192.0.2.1:80", "[2001:db8::1]:80", or as ip_string().
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Address& a, const Address& b) noexcept;

 private:
  union {
    sockaddr base;
    sockaddr_un un;
    struct {
      sa_family_t family;
      int fd;
    } passing;
    unsigned char bytes[sizeof(sockaddr_un)];
  } storage_;
  socklen_t len_ = 0;
};

}  // namespace evenkeel
