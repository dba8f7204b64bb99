#include "lvs/arp_probe.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/if_ether.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace evenkeel::lvs {
namespace {

constexpr int kTimes = 3;
using Clock = std::chrono::steady_clock;

class Socket {
 public:
  Socket() : fd_(socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ARP))) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

bool send_question(int fd, const ArpQuestion& question) {
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_protocol = htons(ETH_P_ARP);
  to.sll_ifindex = question.link.index;
  to.sll_halen = ETH_ALEN;
  std::memset(to.sll_addr, 0xff, ETH_ALEN);
  const std::string packet = arp_probe(question.link.mac, question.address);
  return sendto(fd, packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to) >= 0;
}

void collect(int fd, const std::vector<ArpQuestion>& questions, std::vector<ArpAnswer>& answers) {
  for (;;) {
    std::array<char, 256> bytes{};
    sockaddr_ll from{};
    socklen_t size = sizeof from;
    const ssize_t got =
        recvfrom(fd, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (got < 0) return;
    ArpAnswer answer;
    answer.link = from.sll_ifindex;
    if (!parse_arp_answer({bytes.data(), static_cast<std::size_t>(got)}, answer.address, answer.mac))
      continue;
    const bool asked = std::any_of(questions.begin(), questions.end(), [&](const ArpQuestion& question) {
      return question.address.ip == answer.address.ip && question.link.index == answer.link &&
             question.link.mac != answer.mac;
    });
    const bool known = std::any_of(answers.begin(), answers.end(), [&](const ArpAnswer& other) {
      return other.address == answer.address && other.mac == answer.mac && other.link == answer.link;
    });
    if (asked && !known) answers.push_back(std::move(answer));
  }
}

}  // namespace

std::string arp_probe(const std::string& mac, const Endpoint& address) {
  std::string packet("\0\1\x08\0\6\4\0\1", 8);
  packet += mac;
  packet.append(4, '\0');
  packet.append(6, '\0');
  packet.append(reinterpret_cast<const char*>(address.ip.data()), 4);
  return packet;
}

bool parse_arp_answer(std::string_view packet, Endpoint& address, std::string& mac) {
  constexpr std::string_view kHead("\0\1\x08\0\6\4\0\2", 8);
  if (packet.size() < 28 || packet.substr(0, 8) != kHead) return false;
  mac = packet.substr(8, 6);
  address = {};
  address.family = AF_INET;
  std::memcpy(address.ip.data(), packet.data() + 14, 4);
  return true;
}

std::vector<ArpAnswer> ask_arp(const std::vector<ArpQuestion>& questions, std::chrono::milliseconds wait,
                               std::string& why) {
  std::vector<ArpAnswer> answers;
  if (questions.empty()) return answers;
  const Socket socket;
  if (socket.fd() < 0) return why = std::strerror(errno), answers;
  const auto began = Clock::now();
  for (int round = 0; round < kTimes; ++round) {
    for (const ArpQuestion& question : questions)
      if (!send_question(socket.fd(), question)) why = question.link.name + ": " + std::strerror(errno);
    const auto until = began + wait * (round + 1) / kTimes;
    for (auto now = Clock::now(); now < until; now = Clock::now()) {
      pollfd waits{socket.fd(), POLLIN, 0};
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - now).count();
      if (poll(&waits, 1, static_cast<int>(left) + 1) > 0) collect(socket.fd(), questions, answers);
    }
  }
  return answers;
}

}  // namespace evenkeel::lvs
