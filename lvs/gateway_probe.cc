#include "lvs/gateway_probe.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace evenkeel::lvs {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::uint16_t kNear = 1;
constexpr std::uint16_t kFar = 2;
constexpr int kTimes = 2;

class Socket {
 public:
  Socket() : fd_(socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_IP))) {
    // ICMP only: a director forwards far more than this can read.
    std::array<sock_filter, 4> code = {{{BPF_LD | BPF_B | BPF_ABS, 0, 0, 9},
                                        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, IPPROTO_ICMP},
                                        {BPF_RET | BPF_K, 0, 0, 256},
                                        {BPF_RET | BPF_K, 0, 0, 0}}};
    const sock_fprog program{code.size(), code.data()};
    if (fd_ >= 0) setsockopt(fd_, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

void put16(std::string& bytes, std::uint16_t value) {
  bytes += static_cast<char>(value >> 8U);
  bytes += static_cast<char>(value & 0xffU);
}

std::uint16_t get16(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[at]) << 8U |
                                    static_cast<unsigned char>(bytes[at + 1]));
}

// RFC 1071.
std::uint16_t checksum(std::string_view bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) sum += get16(bytes, i);
  while (sum > 0xffffU) sum = (sum & 0xffffU) + (sum >> 16U);
  return static_cast<std::uint16_t>(~sum);
}

void set16(std::string& bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<char>(value >> 8U);
  bytes[at + 1] = static_cast<char>(value & 0xffU);
}

bool send_question(int fd, const GatewayQuestion& question, std::uint16_t id) {
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_protocol = htons(ETH_P_IP);
  to.sll_ifindex = question.link.index;
  to.sll_halen = ETH_ALEN;
  std::memcpy(to.sll_addr, question.mac.data(), std::min<std::size_t>(question.mac.size(), ETH_ALEN));
  const auto send = [&](const Endpoint& from, std::uint16_t sequence) {
    const std::string packet = echo_request(from, question.server, id, sequence);
    return sendto(fd, packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to) >=
           0;
  };
  return send(question.near, kNear) && send(question.far, kFar);
}

void collect(int fd, std::uint16_t id, std::vector<GatewayAnswer>& answers) {
  for (;;) {
    std::array<char, 256> bytes{};
    sockaddr_ll sender{};
    socklen_t size = sizeof sender;
    const ssize_t got =
        recvfrom(fd, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&sender), &size);
    if (got < 0) return;
    Endpoint from;
    std::uint16_t sequence = 0;
    // What a switch floods is meant for another card.
    if (sender.sll_pkttype != PACKET_HOST ||
        !parse_echo_reply({bytes.data(), static_cast<std::size_t>(got)}, id, from, sequence))
      continue;
    for (GatewayAnswer& answer : answers) {
      if (answer.server.ip != from.ip) continue;
      answer.near = answer.near || sequence == kNear;
      answer.far = answer.far || sequence == kFar;
    }
  }
}

}  // namespace

std::string echo_request(const Endpoint& from, const Endpoint& to, std::uint16_t id, std::uint16_t sequence) {
  constexpr std::uint16_t kSize = 28;
  std::string packet("\x45\0", 2);
  put16(packet, kSize);
  packet.append(4, '\0');  // never in fragments, so that it needs no number
  packet += '\x40';        // hops
  packet += static_cast<char>(IPPROTO_ICMP);
  packet.append(2, '\0');
  packet.append(reinterpret_cast<const char*>(from.ip.data()), 4);
  packet.append(reinterpret_cast<const char*>(to.ip.data()), 4);
  set16(packet, 10, checksum(packet));
  std::string echo("\x08\0\0\0", 4);
  put16(echo, id);
  put16(echo, sequence);
  set16(echo, 2, checksum(echo));
  return packet + echo;
}

bool parse_echo_reply(std::string_view packet, std::uint16_t id, Endpoint& from, std::uint16_t& sequence) {
  if (packet.size() < 28 || (static_cast<unsigned char>(packet[0]) >> 4U) != 4) return false;
  const std::size_t header = (static_cast<unsigned char>(packet[0]) & 0xfU) * std::size_t{4};
  if (header < 20 || packet.size() < header + 8 || packet[9] != IPPROTO_ICMP || packet[header] != 0 ||
      get16(packet, header + 4) != id)
    return false;
  from = {};
  from.family = AF_INET;
  std::memcpy(from.ip.data(), packet.data() + 12, 4);
  sequence = get16(packet, header + 6);
  return true;
}

Endpoint nobodys_address(const HostState& host) {
  Endpoint address;
  for (const char* text : {"192.0.2.1", "198.51.100.1", "203.0.113.1"}) {
    address = *parse_endpoint(text);
    const Route* const route = host.route_to(address);
    if (route == nullptr || route->prefix == 0) break;
  }
  return address;
}

std::vector<GatewayAnswer> ask_gateways(const std::vector<GatewayQuestion>& questions,
                                        std::chrono::milliseconds wait, std::string& why) {
  std::vector<GatewayAnswer> answers;
  if (questions.empty()) return answers;
  const Socket socket;
  if (socket.fd() < 0) return why = std::strerror(errno), answers;
  const auto id = static_cast<std::uint16_t>(getpid());
  for (const GatewayQuestion& question : questions)
    answers.push_back({question.server, question.far, false, false});
  const auto began = Clock::now();
  for (int round = 0; round < kTimes; ++round) {
    for (const GatewayQuestion& question : questions)
      if (!send_question(socket.fd(), question, id)) why = question.link.name + ": " + std::strerror(errno);
    const auto until = began + wait * (round + 1) / kTimes;
    for (auto now = Clock::now(); now < until; now = Clock::now()) {
      pollfd waits{socket.fd(), POLLIN, 0};
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - now).count();
      if (poll(&waits, 1, static_cast<int>(left) + 1) > 0) collect(socket.fd(), id, answers);
    }
  }
  return answers;
}

}  // namespace evenkeel::lvs
