// The floor: what relaying costs when nothing is understood. One thread, one epoll, every client connection
// paired with an origin connection of its own, bytes copied as they come. No proxy of this design can be
// cheaper per request than its two receives and two sends.
//
// usage: floor LISTEN_PORT ORIGIN_PORT
#include <string>
#include <vector>

#include "net.h"

namespace {

constexpr size_t kBuffer = 64 * 1024;
char buffer[kBuffer];

struct Pair;

struct End {
  Pair* pair = nullptr;
  int fd = -1;
  bool connected = false;
  bool eof = false;
  uint32_t events = 0;
  std::string pending;  // what the peer could not take yet, to be written to this end
};

struct Pair {
  End client, origin;
  bool dead = false;
};

int epoll = -1;
std::vector<Pair*> graveyard;

End& peer_of(End& end) { return &end == &end.pair->client ? end.pair->origin : end.pair->client; }

void bury(Pair* pair) {
  if (pair->dead) return;
  pair->dead = true;
  close(pair->client.fd);
  close(pair->origin.fd);
  graveyard.push_back(pair);
}

// Reading stops while the peer has a backlog, so the backlog never exceeds one buffer.
void rearm(End& end) {
  uint32_t wanted = 0;
  if (!end.eof && peer_of(end).pending.empty()) wanted |= EPOLLIN;
  if (!end.connected || !end.pending.empty()) wanted |= EPOLLOUT;
  if (wanted == end.events) return;
  end.events = wanted;
  bench::watch(epoll, EPOLL_CTL_MOD, end.fd, wanted, &end);
}

bool push(End& to, const char* data, size_t size) {
  size_t done = 0;
  if (to.connected && to.pending.empty()) {
    auto n = send(to.fd, data, size, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) return false;
    if (n > 0) done = static_cast<size_t>(n);
  }
  if (done < size) to.pending.append(data + done, size - done);
  return true;
}

bool on_readable(End& from) {
  End& to = peer_of(from);
  auto n = recv(from.fd, buffer, kBuffer, 0);
  if (n < 0) return errno == EAGAIN;
  if (n == 0) {
    from.eof = true;
    if (to.eof || !to.connected) return false;
    if (to.pending.empty()) shutdown(to.fd, SHUT_WR);
    return true;
  }
  return push(to, buffer, static_cast<size_t>(n));
}

bool on_writable(End& to) {
  to.connected = true;
  if (to.pending.empty()) return true;
  auto n = send(to.fd, to.pending.data(), to.pending.size(), MSG_NOSIGNAL);
  if (n < 0) return errno == EAGAIN;
  to.pending.erase(0, static_cast<size_t>(n));
  if (to.pending.empty() && peer_of(to).eof) shutdown(to.fd, SHUT_WR);
  return true;
}

void on_event(End& end, uint32_t events) {
  Pair* pair = end.pair;
  if (pair->dead) return;
  bool fine = (events & EPOLLERR) == 0;
  if (fine && (events & EPOLLOUT)) fine = on_writable(end);
  if (fine && (events & (EPOLLIN | EPOLLHUP))) fine = on_readable(end);
  if (!fine) return bury(pair);
  rearm(pair->client);
  rearm(pair->origin);
}

void accept_all(int listener, uint16_t origin_port) {
  for (int fd; (fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    bench::no_delay(fd);
    int out = bench::connect_to(origin_port);
    if (out < 0) {
      close(fd);
      continue;
    }
    auto* pair = new Pair;
    pair->client = {pair, fd, true, false, EPOLLIN, {}};
    pair->origin = {pair, out, false, false, EPOLLIN | EPOLLOUT, {}};
    bench::watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, &pair->client);
    bench::watch(epoll, EPOLL_CTL_ADD, out, EPOLLIN | EPOLLOUT, &pair->origin);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || std::atoi(argv[1]) <= 0) {
    std::fprintf(stderr, "usage: floor LISTEN_PORT ORIGIN_PORT\n");
    return 2;
  }
  bench::raise_descriptor_limit();
  int listener = bench::listen_on(static_cast<uint16_t>(std::atoi(argv[1])));
  auto origin_port = static_cast<uint16_t>(std::atoi(argv[2]));
  epoll = epoll_create1(EPOLL_CLOEXEC);
  bench::watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN, nullptr);
  std::vector<epoll_event> events(512);
  for (;;) {
    int n = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < n; ++i) {
      auto* end = static_cast<End*>(events[static_cast<size_t>(i)].data.ptr);
      if (end == nullptr) {
        accept_all(listener, origin_port);
      } else {
        on_event(*end, events[static_cast<size_t>(i)].events);
      }
    }
    for (auto* pair : graveyard) delete pair;
    graveyard.clear();
  }
}
