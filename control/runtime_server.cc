#include "control/runtime_server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "control/catalog.h"
#include "control/handover.h"
#include "core/buffer.h"
#include "core/fd_stream.h"

namespace evenkeel::control {
namespace {

constexpr Millis kDescriptorPause = 100;  // how long to leave the backlog alone after EMFILE

void append_severity(std::string& out, Severity severity, SeverityForm form) {
  if (severity == Severity::none || form == SeverityForm::none) return;
  if (form == SeverityForm::number) {
    out += '[' + std::to_string(static_cast<int>(severity)) + "]: ";
    return;
  }
  switch (severity) {
    case Severity::error:
      out += "[err]: ";
      break;
    case Severity::warning:
      out += "[warning]: ";
      break;
    case Severity::notice:
      out += "[notice]: ";
      break;
    default:
      out += "[info]: ";
  }
}

// The address as the configuration would name it.
std::string socket_name(int fd) {
  const Address address = Address::local_of(fd);
  switch (address.family()) {
    case AF_INET:
      return "ipv4@" + address.to_string();
    case AF_INET6:
      return "ipv6@" + address.to_string();
    case AF_UNIX: {
      const std::string text = address.to_string();
      return text.starts_with("unix:") ? "unix@" + text.substr(5) : text;
    }
    default:
      return "unknown";
  }
}

}  // namespace

Task<bool> run_line(frontends::Engine& engine, RuntimeServer* server, CliSession& session,
                    std::string_view line, std::string_view payload, Output& out) {
  for (const std::string_view text : split_commands(line)) {
    Call call{.engine = engine,
              .session = session,
              .server = server,
              .words = split_words(text),
              .payload = payload};
    Answer answer;
    const Command* const command = resolve(call, answer);
    if (command != nullptr && command->answer != nullptr) answer = command->answer(call);
    if (session.close) break;
    if (command != nullptr && command->dump != nullptr) {
      out.severity = Severity::none;
      std::size_t before = 0;
      if (!out.text.empty() && !co_await out.flush()) co_return false;
      before = out.text.size();
      co_await command->dump(call, out);
      if (out.severity != Severity::none) {
        answer = {out.text.substr(before), out.severity};
        out.text.resize(before);
      }
    }
    if (!answer.text.empty()) append_severity(out.text, answer.severity, session.severity);
    out.text += answer.text;
    out.text += '\n';
    if (session.interactive) out.text += "> ";
    if (out.full() && !co_await out.flush()) co_return false;
  }
  co_return co_await out.flush();
}

struct RuntimeServer::Socket {
  const frontends::BindDef* def;
  int fd;
  Level level;
  FdStream* acceptor = nullptr;  // of worker 0, while the accept loop runs
};

// One connection: lines in, pieces out, and the deadline that ends it when the other side is silent.
class RuntimeServer::Connection final : public Output {
 public:
  Connection(Worker& worker, int fd, CliSession& session)
      : stream(worker, fd),
        session_(session),
        in_(worker.buffers()),
        deadline_(worker.timers(), expire, this) {}

  // Sets view to the next line without its end; valid until the next call. False at the end of input, after a
  // timeout, and for a line (with its payload) that does not fit into a buffer.
  Task<bool> read_line(std::string_view& view) {
    in_.consume(used_);
    used_ = 0;
    co_return co_await extend_line(0, view);
  }
  // The same for the line behind the first `from` bytes of what read_line() gave and extend_line() added.
  Task<bool> extend_line(std::size_t from, std::string_view& view) {
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
  [[nodiscard]] std::size_t used() const noexcept { return used_; }
  [[nodiscard]] std::string_view bytes() const noexcept { return in_.view(); }
  [[nodiscard]] bool has_line() const noexcept {
    return in_.held() && in_.view().find('\n', used_) != std::string_view::npos;
  }

  Task<bool> flush() override {
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

  FdStream stream;

 private:
  static void expire(void* self) noexcept {
    static_cast<Connection*>(self)->stream.interrupt(IoStatus::timeout);
  }
  void arm() noexcept {
    if (session_.timeout > 0) deadline_.set(stream.worker().now() + session_.timeout);
  }

  CliSession& session_;
  Buffer in_;
  std::size_t used_ = 0;
  Deadline deadline_;
};

RuntimeServer::RuntimeServer(frontends::Engine& engine) : engine_(engine) {}

RuntimeServer::~RuntimeServer() {
  for (const auto& socket : sockets_) {
    if (socket->fd >= 0) ::close(socket->fd);
  }
}

bool RuntimeServer::open(std::vector<std::string>& errors) {
  bool all = true;
  for (const frontends::BindDef& def : engine_.config().global.stats_sockets) {
    const auto same = [&](const auto& socket) { return socket->def == &def; };
    if (std::any_of(sockets_.begin(), sockets_.end(), same)) continue;
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
    if (fd < 0) {
      const std::string where = def.text.empty() ? def.address.to_string() : def.text;
      errors.push_back("Binding for frontend GLOBAL: " + why + " for [" + where + "]");
      all = false;
      continue;
    }
    sockets_.push_back(std::make_unique<Socket>(Socket{&def, fd, level_of(def.level)}));
  }
  return all;
}

void RuntimeServer::start() {
  engine_.on_soft_stop = [this] { stop_listening(); };
  engine_.context(0).worker.post([this] {
    for (const auto& socket : sockets_) spawn(accept_loop(*socket));
  });
}

void RuntimeServer::stop_listening() {
  engine_.context(0).worker.post([this] {
    stopped_ = true;
    for (const auto& socket : sockets_) {
      if (socket->fd >= 0) ::close(std::exchange(socket->fd, -1));
      if (socket->acceptor != nullptr) socket->acceptor->cancel(IoStatus::cancelled);
    }
    std::vector<Event*> waiting;
    waiting.swap(waiting_);
    for (Event* event : waiting) event->set();
  });
}

void RuntimeServer::list_sockets(std::string& out) const {
  for (const auto& socket : sockets_) {
    if (socket->fd < 0) continue;
    out += socket_name(socket->fd) + " " + std::string(to_string(socket->level)) + " all\n";
  }
}

std::vector<int> RuntimeServer::sockets() const {
  std::vector<int> all;
  for (const auto& socket : sockets_) all.push_back(socket->fd);
  return all;
}

Task<void> RuntimeServer::accept_loop(Socket& socket) {
  Worker& worker = engine_.context(0).worker;
  FdStream stream(worker, ::fcntl(socket.fd, F_DUPFD_CLOEXEC, 0));
  const frontends::Resident resident(engine_.context(0), &stream);
  socket.acceptor = &stream;
  while (!stopped_) {
    if (connections_ >= engine_.config().global.stats_maxconn) {
      Event room;
      waiting_.push_back(&room);
      co_await room;
      continue;
    }
    const int fd = ::accept4(stream.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      ++connections_;
      spawn(serve(socket, fd));
    } else if (errno == EAGAIN) {
      stream.exhausted_read();
      if (!(co_await stream.readable()).ok()) break;  // the engine has stopped
    } else if (errno != EINTR && errno != ECONNABORTED) {
      co_await worker.sleep(kDescriptorPause);
    }
  }
  socket.acceptor = nullptr;
  ::close(stream.release());  // first out of the watch, which another owner of the socket would keep alive
}

Task<void> RuntimeServer::serve(Socket& socket, int fd) {
  CliSession session;
  session.level = session.socket_level = socket.level;
  session.timeout = engine_.config().global.stats_timeout;
  {
    Connection connection(engine_.context(0).worker, fd, session);
    const frontends::Resident resident(engine_.context(0), &connection.stream);
    std::string_view line;
    while (!session.close && co_await connection.read_line(line)) {
      if (line == kGetSockets) {
        if (socket.def->expose_fd_listeners) {
          (void)send_sockets(connection.stream.fd(), listening_sockets(engine_));
        }
        break;
      }
      std::string_view command = line;
      std::string_view payload;
      if (take_payload_mark(command)) {
        const std::size_t line_size = command.size();
        const std::size_t begin = connection.used();
        std::string_view more;
        do {
          if (session.interactive) connection.text += "+ ";
          if (!co_await connection.flush() || !co_await connection.extend_line(connection.used(), more)) {
            session.close = true;
            break;
          }
        } while (!more.empty());
        // The buffer may have moved meanwhile.
        command = connection.bytes().substr(0, line_size);
        payload = connection.bytes().substr(begin, connection.used() - begin);
      }
      if (session.close) break;
      if (!co_await run_line(engine_, this, session, command, payload, connection)) break;
      if (!session.interactive && !connection.has_line()) break;
    }
    (void)co_await connection.flush();
  }
  --connections_;
  std::vector<Event*> waiting;
  waiting.swap(waiting_);
  for (Event* event : waiting) event->set();
}

}  // namespace evenkeel::control
