#include "frontends/debug_events.h"

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>
#include <unordered_map>

#include "frontends/client_session.h"
#include "frontends/frontend.h"
#include "http/head.h"

namespace evenkeel::frontends::debug_events {
namespace {

struct Session {
  std::uint32_t number = 0;
  int server_fd = -1;
};

// Beside the sessions, which are packed for those who do not debug.
struct Board {
  std::mutex lock;
  std::unordered_map<const ClientConnection*, Session> sessions;
  std::uint32_t next = 0;
};

Board& board() {
  static Board* const one = new Board;  // sessions may end while the process does
  return *one;
}

std::string hex(std::uint32_t value, int digits) {
  char text[16];
  std::snprintf(text, sizeof text, "%0*x", digits, value);
  return text;
}

std::string descriptor(int fd) { return fd < 0 ? "ffff" : hex(static_cast<std::uint32_t>(fd), 4); }

class Lines {
 public:
  Lines(const Session& session, std::string_view proxy) : session_(session), proxy_(proxy) {}
  void add(std::string_view event, std::string_view what) {
    text_ += hex(session_.number, 8) + ":" + proxy_ + "." + std::string(event) + std::string(what) + "\n";
  }
  void add_fields(std::string_view event, std::string_view sides, const http::HeaderBlock& headers) {
    for (std::size_t i = 0; i < headers.size(); ++i)
      add(event,
          std::string(sides) + ": " + std::string(headers.name(i)) + ": " + std::string(headers.value(i)));
  }
  void print() const {
    std::string_view rest = text_;
    while (!rest.empty()) {
      const ssize_t n = ::write(STDOUT_FILENO, rest.data(), rest.size());
      if (n <= 0) return;
      rest.remove_prefix(static_cast<std::size_t>(n));
    }
  }

 private:
  Session session_;
  std::string proxy_;
  std::string text_;
};

}  // namespace

void begins(const ClientConnection& client, const http::RequestHead* head) {
  Board& all = board();
  const std::lock_guard guard(all.lock);
  Session& session = all.sessions[&client];
  session = {all.next++, -1};
  Lines lines(session, client.frontend.name());
  const std::string fd = descriptor(client.stream.fd());
  lines.add("accept", "(" + std::to_string(client.listener.id) + ")=" + fd + " from [" +
                          client.peer.to_string() + "] ALPN=<none>");
  if (head != nullptr) {
    const std::string sides = "[" + fd + ":ffffffff]";
    lines.add("clireq", sides + ": " + std::string(head->method_text()) + " " + std::string(head->target()) +
                            " HTTP/1." + std::to_string(head->version_minor));
    lines.add_fields("clihdr", sides, head->headers);
  }
  lines.print();
}

void answered(const ClientConnection& client, std::string_view backend, int server_fd,
              const http::ResponseHead& head) {
  Board& all = board();
  const std::lock_guard guard(all.lock);
  Session& session = all.sessions[&client];
  session.server_fd = server_fd;
  Lines lines(session, backend);
  const std::string sides = "[" + descriptor(client.stream.fd()) + ":" + descriptor(server_fd) + "]";
  lines.add("srvrep", sides + ": HTTP/1." + std::to_string(head.version_minor) + " " +
                          std::to_string(head.status) + " " + std::string(head.reason()));
  lines.add_fields("srvhdr", sides, head.headers);
  lines.print();
}

void ends(const ClientConnection& client, std::string_view proxy, bool had_server) {
  Board& all = board();
  const std::lock_guard guard(all.lock);
  const auto found = all.sessions.find(&client);
  if (found == all.sessions.end()) return;  // it had not begun: no request has come
  Lines lines(found->second, proxy.empty() ? client.frontend.name() : proxy);
  const std::string sides =
      "[" + descriptor(client.stream.fd()) + ":" + descriptor(found->second.server_fd) + "]";
  if (had_server) lines.add("srvcls", sides);
  lines.add("clicls", sides);
  lines.add("closed", sides);
  lines.print();
  all.sessions.erase(found);
}

}  // namespace evenkeel::frontends::debug_events
