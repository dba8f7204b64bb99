#include "core/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstddef>
#include <cstring>

namespace evenkeel {
namespace {

const sockaddr_in& as_v4(const sockaddr* a) { return *reinterpret_cast<const sockaddr_in*>(a); }
const sockaddr_in6& as_v6(const sockaddr* a) { return *reinterpret_cast<const sockaddr_in6*>(a); }

}  // namespace

Address::Address() noexcept { std::memset(&storage_, 0, sizeof storage_); }

Address::Address(const sockaddr* address, socklen_t len) noexcept : Address() {
  if (address == nullptr || len > sizeof storage_) return;
  std::memcpy(&storage_, address, len);
  len_ = len;
}

std::optional<Address> Address::from_ip(std::string_view ip, std::uint16_t port) noexcept {
  char text[INET6_ADDRSTRLEN + 1];
  if (ip.empty() || ip.size() >= sizeof text) return std::nullopt;
  std::memcpy(text, ip.data(), ip.size());
  text[ip.size()] = '\0';
  sockaddr_in v4{};
  if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return Address(reinterpret_cast<sockaddr*>(&v4), sizeof v4);
  }
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    return Address(reinterpret_cast<sockaddr*>(&v6), sizeof v6);
  }
  return std::nullopt;
}

Address Address::any_v4(std::uint16_t port) noexcept { return *from_ip("0.0.0.0", port); }
Address Address::any_v6(std::uint16_t port) noexcept { return *from_ip("::", port); }
Address Address::loopback_v4(std::uint16_t port) noexcept { return *from_ip("127.0.0.1", port); }

std::optional<Address> Address::from_unix_path(std::string_view path) noexcept {
  sockaddr_un un{};
  if (path.empty() || path.size() >= sizeof un.sun_path) return std::nullopt;
  un.sun_family = AF_UNIX;
  std::memcpy(un.sun_path, path.data(), path.size());
  return Address(reinterpret_cast<sockaddr*>(&un),
                 static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1));
}

std::optional<Address> Address::from_abstract(std::string_view name, bool padded) noexcept {
  sockaddr_un un{};
  if (name.empty() || name.size() >= sizeof un.sun_path) return std::nullopt;
  un.sun_family = AF_UNIX;
  std::memcpy(un.sun_path + 1, name.data(), name.size());
  const std::size_t len = padded ? sizeof un : offsetof(sockaddr_un, sun_path) + 1 + name.size();
  return Address(reinterpret_cast<sockaddr*>(&un), static_cast<socklen_t>(len));
}

Address Address::passing_over(int fd) noexcept {
  Address a;
  a.storage_.passing.family = kPassing;
  a.storage_.passing.fd = fd;
  a.len_ = sizeof a.storage_.passing;
  return a;
}

Address Address::local_of(int fd) noexcept {
  Address a;
  socklen_t len = capacity();
  if (getsockname(fd, a.data(), &len) != 0) return {};
  a.resize(len);
  return a;
}

Address Address::peer_of(int fd) noexcept {
  Address a;
  socklen_t len = capacity();
  if (getpeername(fd, a.data(), &len) != 0) return {};
  a.resize(len);
  return a;
}

bool Address::is_unspecified_ip() const noexcept {
  if (family() == AF_INET) return as_v4(data()).sin_addr.s_addr == INADDR_ANY;
  if (family() == AF_INET6) return IN6_IS_ADDR_UNSPECIFIED(&as_v6(data()).sin6_addr) != 0;
  return false;
}

bool Address::is_v4_mapped() const noexcept {
  return family() == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&as_v6(data()).sin6_addr) != 0;
}

std::uint16_t Address::port() const noexcept {
  if (family() == AF_INET) return ntohs(as_v4(data()).sin_port);
  if (family() == AF_INET6) return ntohs(as_v6(data()).sin6_port);
  return 0;
}

void Address::set_port(std::uint16_t port) noexcept {
  if (family() == AF_INET) reinterpret_cast<sockaddr_in*>(data())->sin_port = htons(port);
  if (family() == AF_INET6) reinterpret_cast<sockaddr_in6*>(data())->sin6_port = htons(port);
}

std::string_view Address::ip_bytes() const noexcept {
  if (family() == AF_INET) return {reinterpret_cast<const char*>(&as_v4(data()).sin_addr), 4};
  if (family() == AF_INET6) return {reinterpret_cast<const char*>(&as_v6(data()).sin6_addr), 16};
  return {};
}

std::string Address::ip_string() const {
  char text[INET6_ADDRSTRLEN];
  if (is_ip()) {
    return inet_ntop(family(), ip_bytes().data(), text, sizeof text) != nullptr ? text : "";
  }
  if (family() == kPassing) return "sockpair@" + std::to_string(passing_fd());
  if (family() != AF_UNIX) return {};
  const auto offset = offsetof(sockaddr_un, sun_path);
  if (len_ <= offset) return "unix:";
  if (storage_.un.sun_path[0] != '\0') return std::string("unix:") + storage_.un.sun_path;
  std::string name(storage_.un.sun_path + 1, len_ - offset - 1);
  name.resize(std::strlen(name.c_str()));
  return "abns@" + name;
}

std::string Address::to_string() const {
  if (family() == AF_INET6) return "[" + ip_string() + "]:" + std::to_string(port());
  if (family() == AF_INET) return ip_string() + ":" + std::to_string(port());
  return ip_string();
}

bool operator==(const Address& a, const Address& b) noexcept {
  if (a.family() != b.family()) return false;
  if (a.is_ip()) return a.port() == b.port() && a.ip_bytes() == b.ip_bytes();
  return a.len_ == b.len_ && std::memcmp(&a.storage_, &b.storage_, a.len_) == 0;
}

}  // namespace evenkeel
