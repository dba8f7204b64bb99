// The origin: the cheapest HTTP/1 server that still is one. Every request head gets a fixed answer: 10 MB for
// a target that begins with /big, 32 kB of text for /text, 64 bytes otherwise. It closes when the request
// says "Connection: close".
//
// usage: origin PORT [--close]      --close: close after every answer
#include <string>
#include <string_view>
#include <vector>

#include "net.h"

namespace {

constexpr size_t kBig = 10'000'000;
constexpr size_t kText = 32 * 1024;

struct Client {
  int fd = -1;
  bool close_after = false;
  bool waiting = false;
  std::string head;
  std::string_view rest;  // what is left of the answer
};

std::string small_answer, big_answer, text_answer;
int epoll = -1;
bool always_close = false;

void finish(Client* client) {
  close(client->fd);
  delete client;
}

bool flush(Client& client) {
  while (!client.rest.empty()) {
    auto n = send(client.fd, client.rest.data(), client.rest.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) {
      if (!client.waiting) bench::watch(epoll, EPOLL_CTL_MOD, client.fd, EPOLLIN | EPOLLOUT, &client);
      client.waiting = true;
      return true;
    }
    if (n < 0) return false;
    client.rest.remove_prefix(static_cast<size_t>(n));
  }
  if (client.waiting) bench::watch(epoll, EPOLL_CTL_MOD, client.fd, EPOLLIN, &client);
  client.waiting = false;
  return !client.close_after;
}

bool says_close(std::string_view head) { return head.find("onnection: close") != std::string_view::npos; }

/// Answers every complete head that has arrived, one after the other. False when the connection is over.
bool answer(Client& client) {
  while (client.rest.empty()) {
    auto end = client.head.find("\r\n\r\n");
    if (end == std::string::npos) return true;
    std::string_view head(client.head.data(), end);
    client.close_after = always_close || says_close(head);
    client.rest = head.starts_with("GET /big") ? big_answer : small_answer;
    if (head.starts_with("GET /text")) client.rest = text_answer;
    client.head.erase(0, end + 4);
    if (!flush(client)) return false;
  }
  return true;
}

bool serve(Client& client, uint32_t events) {
  if (events & EPOLLERR) return false;
  if ((events & EPOLLOUT) && (!flush(client) || !answer(client))) return false;
  if (!(events & (EPOLLIN | EPOLLHUP))) return true;
  char buffer[16384];
  auto n = recv(client.fd, buffer, sizeof buffer, 0);
  if (n < 0) return errno == EAGAIN;
  if (n == 0) return false;
  client.head.append(buffer, static_cast<size_t>(n));
  return answer(client);
}

std::string build(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nServer: origin\r\nContent-Type: text/plain\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// As compressible as web pages are: gzip makes about a quarter of it.
std::string text() {
  static constexpr const char* kWords[] = {"<div class=\"", "item",  "\">",  "</div>\n", "<a href=\"/",
                                           "\">",           "price", "the ", "of ",      "and ",
                                           "to ",           "</a>",  "in ",  "name"};
  std::string body;
  uint32_t state = 1;
  while (body.size() < kText) {
    state = state * 1664525 + 1013904223;
    body += kWords[(state >> 16) % std::size(kWords)];
    if (state >> 29 == 0) body += std::to_string(state);
  }
  body.resize(kText);
  return body;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || std::atoi(argv[1]) <= 0) {
    std::fprintf(stderr, "usage: origin PORT [--close]\n");
    return 2;
  }
  always_close = argc > 2 && std::string_view(argv[2]) == "--close";
  small_answer = build(std::string(64, 'x'));
  big_answer = build(std::string(kBig, 'x'));
  text_answer = build(text());
  bench::raise_descriptor_limit();
  int listener = bench::listen_on(static_cast<uint16_t>(std::atoi(argv[1])));
  epoll = epoll_create1(EPOLL_CLOEXEC);
  bench::watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN, nullptr);
  std::vector<epoll_event> events(512);
  for (;;) {
    int n = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < n; ++i) {
      auto& event = events[static_cast<size_t>(i)];
      if (event.data.ptr == nullptr) {
        for (int fd; (fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
          bench::no_delay(fd);
          auto* client = new Client{fd, false, false, {}, {}};
          bench::watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, client);
        }
        continue;
      }
      auto* client = static_cast<Client*>(event.data.ptr);
      if (!serve(*client, event.events)) finish(client);
    }
  }
}
