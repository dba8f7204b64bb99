#include "control/handover.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "frontends/engine.h"

namespace evenkeel::control {
namespace {

constexpr std::size_t kPerMessage = 200;  // the kernel takes 253
constexpr std::array<char, 4> kMagic = {'E', 'K', 'F', 'D'};
constexpr Millis kPatience = 1000;
constexpr unsigned kLevelBits = 3;
constexpr unsigned kExpert = 4;
constexpr unsigned kExperimental = 8;

using Header = std::array<unsigned char, 8>;

Header header_of(std::size_t total, std::size_t here) noexcept {
  Header h{};
  std::memcpy(h.data(), kMagic.data(), kMagic.size());
  h[4] = static_cast<unsigned char>(total & 0xff);
  h[5] = static_cast<unsigned char>(total >> 8);
  h[6] = static_cast<unsigned char>(here & 0xff);
  h[7] = static_cast<unsigned char>(here >> 8);
  return h;
}

bool wait_for(int fd, short events, Millis patience) noexcept {
  pollfd p{fd, events, 0};
  int n = 0;
  do n = poll(&p, 1, static_cast<int>(patience));
  while (n < 0 && errno == EINTR);
  if (n == 0) errno = ETIMEDOUT;
  return n > 0;
}

// One message of a few bytes. patience 0: only if there is room.
bool send_message(int channel, std::span<unsigned char> bytes, std::span<const int> sockets,
                  Millis patience = kPatience) noexcept {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kPerMessage * sizeof(int))> control{};
  iovec data{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (!sockets.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(sockets.size_bytes());
    cmsghdr* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sockets.size_bytes());
    std::memcpy(CMSG_DATA(c), sockets.data(), sockets.size_bytes());
  }
  for (;;) {
    const ssize_t n = sendmsg(channel, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n == static_cast<ssize_t>(bytes.size())) return true;
    if (n >= 0) return errno = EPROTO, false;  // so small a message is not split
    if (errno == EINTR) continue;
    if (errno != EAGAIN || patience == 0 || !wait_for(channel, POLLOUT, patience)) return false;
  }
}

// The bytes and descriptors of one message, as recvmsg() counts them. cut: there were more descriptors than
// fit.
ssize_t receive_bytes(int channel, std::span<unsigned char> bytes, std::vector<int>& sockets, int flags,
                      bool& cut) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kPerMessage * sizeof(int))> control{};
  iovec data{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t n = 0;
  do n = recvmsg(channel, &message, MSG_CMSG_CLOEXEC | flags);
  while (n < 0 && errno == EINTR);
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); n > 0 && c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    const std::size_t before = sockets.size();
    sockets.resize(before + count);
    std::memcpy(sockets.data() + before, CMSG_DATA(c), count * sizeof(int));
  }
  cut = (message.msg_flags & MSG_CTRUNC) != 0;
  return n;
}

// Appends the descriptors of one message; the number of those that there are in all, or -1 with `why`.
int receive_message(int channel, std::vector<int>& sockets, std::string& why) {
  Header header{};
  bool cut = false;
  const ssize_t n = receive_bytes(channel, header, sockets, MSG_WAITALL, cut);
  if (n < 0) return why = std::strerror(errno), -1;
  if (n == 0) return why = "closed the connection", -1;
  if (n != static_cast<ssize_t>(header.size()) || std::memcmp(header.data(), kMagic.data(), 4) != 0)
    return why = "did not answer with sockets (is it an Evenkeel with 'expose-fd listeners'?)", -1;
  if (cut) return why = "sent more descriptors than we may have", -1;
  return header[4] | header[5] << 8;
}

}  // namespace

std::vector<int> listening_sockets(const frontends::Engine& engine) {
  std::vector<int> all;
  for (const auto& frontend : engine.frontends()) {
    for (const auto& listener : frontend->listeners) {
      for (const int fd : listener->sockets)
        if (fd >= 0) all.push_back(fd);
    }
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

bool send_sockets(int channel, std::span<const int> sockets) noexcept {
  const std::size_t total = std::min<std::size_t>(sockets.size(), 0xffff);
  std::size_t sent = 0;
  do {
    const std::size_t here = std::min(kPerMessage, total - sent);
    Header header = header_of(total, here);
    if (!send_message(channel, header, sockets.subspan(sent, here))) return false;
    sent += here;
  } while (sent < total);
  return true;
}

std::optional<std::vector<int>> receive_sockets(int channel, Millis patience, std::string& why) {
  std::vector<int> sockets;
  for (;;) {
    int total = -1;
    if (wait_for(channel, POLLIN, patience)) {
      total = receive_message(channel, sockets, why);
    } else {
      why = "gave no answer";
    }
    if (total >= 0 && sockets.size() >= static_cast<std::size_t>(total)) return sockets;
    if (total >= 0) continue;
    for (const int fd : sockets) ::close(fd);
    return std::nullopt;
  }
}

bool hand_connection(int channel, const HandedConnection& connection) noexcept {
  std::array<unsigned char, 1> byte = {static_cast<unsigned char>(
      static_cast<unsigned>(connection.level) | (connection.expert ? kExpert : 0U) |
      (connection.experimental ? kExperimental : 0U))};
  return send_message(channel, byte, {&connection.fd, 1}, 0);
}

Handed take_connection(int channel, HandedConnection& connection) {
  for (;;) {
    std::array<unsigned char, 1> byte{};
    std::vector<int> sockets;
    bool cut = false;
    const ssize_t n = receive_bytes(channel, byte, sockets, MSG_DONTWAIT, cut);
    if (n == 0 || (n < 0 && errno != EAGAIN)) return Handed::ended;
    if (n < 0) return Handed::nothing_yet;
    if (sockets.empty()) continue;  // we have no descriptor left for it, which closes it
    connection.fd = sockets.front();
    connection.level = static_cast<Level>(std::min(byte[0] & kLevelBits, 2U));
    connection.expert = (byte[0] & kExpert) != 0;
    connection.experimental = (byte[0] & kExperimental) != 0;
    return Handed::connection;
  }
}

std::optional<std::vector<int>> fetch_sockets(const std::string& socket, std::string& why) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string_view name = socket;
  const bool abstract = name.starts_with("abns@");
  if (name.starts_with("unix@") || abstract) name.remove_prefix(5);
  if (name.empty() || name.size() + (abstract ? 1 : 0) >= sizeof address.sun_path)
    return why = "no such address", std::nullopt;
  std::memcpy(address.sun_path + (abstract ? 1 : 0), name.data(), name.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return why = std::strerror(errno), std::nullopt;
  // abns@ pads its name with zeros to the full length of the address.
  std::optional<std::vector<int>> sockets;
  const std::string command = std::string(kGetSockets) + "\n";
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::send(fd, command.data(), command.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(command.size())) {
    why = std::strerror(errno);
  } else {
    sockets = receive_sockets(fd, 5 * kPatience, why);
  }
  ::close(fd);
  return sockets;
}

}  // namespace evenkeel::control
