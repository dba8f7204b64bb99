#include "control/cli_connection.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

namespace evenkeel::control {

int open_cli_socket(const frontends::BindDef& def, std::string& error) {
  std::string why;
  int fd = -1;
  if (def.kind == frontends::BindDef::Kind::inherited_fd) {
    fd = ::fcntl(def.fd, F_DUPFD_CLOEXEC, 0);
    if (fd >= 0) ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    if (fd < 0) why = "cannot use the inherited descriptor";
  } else {
    ListenOptions options = def.listen;
    // The process of before may still listen there.
    options.reuse_port = def.address.family() != AF_UNIX;
    fd = open_listener(def.address, options, why);
  }
  if (fd < 0) error = why + " for [" + (def.text.empty() ? def.address.to_string() : def.text) + "]";
  return fd;
}

// The address as the configuration would name it.
std::string cli_socket_line(int fd, Level level) {
  const Address address = Address::local_of(fd);
  std::string name = address.to_string();
  if (address.is_ip()) {
    name.insert(0, address.family() == AF_INET ? "ipv4@" : "ipv6@");
  } else if (name.starts_with("unix:")) {
    name[4] = '@';
  } else if (address.family() != AF_UNIX) {
    name = "unknown";
  }
  return name + " " + std::string(to_string(level)) + " all\n";
}

CliConnection::CliConnection(Worker& worker, int fd, CliSession& session)
    : stream(worker, fd),
      session_(session),
      in_(worker.buffers()),
      deadline_(worker.timers(), expire, this) {}

Task<bool> CliConnection::read_line(std::string_view& view) {
  in_.consume(used_);
  used_ = 0;
  co_return co_await extend_line(0, view);
}

Task<bool> CliConnection::extend_line(std::size_t from, std::string_view& view) {
  in_.reserve();
  for (;;) {
    const std::size_t end = in_.view().find('\n', from);
    if (end != std::string_view::npos) {
      used_ = end + 1;
      view = in_.view().substr(from, end - from);
      if (view.ends_with('\r')) view.remove_suffix(1);
      co_return true;
    }
    in_.compact();
    if (in_.space().empty()) co_return false;
    arm();
    const IoResult got = co_await stream.read(in_.space());
    if (got.status != IoStatus::ok) co_return false;
    in_.commit(got.bytes);
  }
}

Task<bool> CliConnection::read_payload(std::string_view& line, std::string_view& payload) {
  payload = {};
  if (!take_payload_mark(line)) co_return true;
  const std::size_t line_size = line.size();
  const std::size_t begin = used_;
  std::string_view more;
  do {
    if (session_.interactive) text += "+ ";
    if (!co_await flush() || !co_await extend_line(used_, more)) co_return false;
  } while (!more.empty());
  // The buffer may have moved meanwhile.
  line = in_.view().substr(0, line_size);
  payload = in_.view().substr(begin, used_ - begin);
  co_return true;
}

bool CliConnection::disturbed() const noexcept {
  if (in_.held() && in_.view().size() > used_) return true;
  char byte = 0;
  return ::recv(stream.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || (errno != EAGAIN && errno != EINTR);
}

Task<bool> CliConnection::flush() {
  std::string_view rest = text;
  while (!rest.empty()) {
    arm();
    const IoResult sent = co_await stream.write(rest);
    if (sent.status != IoStatus::ok) co_return false;
    rest.remove_prefix(sent.bytes);
  }
  text.clear();
  co_return true;
}

}  // namespace evenkeel::control
