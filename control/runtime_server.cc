#include "control/runtime_server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "control/catalog.h"
#include "control/cli_connection.h"
#include "control/handover.h"
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
    std::string error;
    const int fd = open_cli_socket(def, error);
    if (fd < 0) {
      errors.push_back("Binding for frontend GLOBAL: " + error);
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
    out += cli_socket_line(socket->fd, socket->level);
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
  co_await converse(session, fd, socket.def->expose_fd_listeners);
  --connections_;
  std::vector<Event*> waiting;
  waiting.swap(waiting_);
  for (Event* event : waiting) event->set();
}

Task<void> RuntimeServer::serve_master(HandedConnection handed) {
  CliSession session;
  session.level = session.socket_level = handed.level;
  session.expert = handed.expert;
  session.experimental = handed.experimental;
  session.timeout = engine_.config().global.stats_timeout;
  co_await converse(session, handed.fd, false);
}

void RuntimeServer::take(const HandedConnection& handed) { spawn(serve_master(handed)); }

Task<void> RuntimeServer::converse(CliSession& session, int fd, bool gives_sockets) {
  CliConnection connection(engine_.context(0).worker, fd, session);
  const frontends::Resident resident(engine_.context(0), &connection.stream);
  std::string_view line;
  std::string_view payload;
  while (!session.close && co_await connection.read_line(line)) {
    if (line == kGetSockets) {
      if (gives_sockets) (void)send_sockets(connection.stream.fd(), listening_sockets(engine_));
      break;
    }
    if (!co_await connection.read_payload(line, payload)) break;
    if (!co_await run_line(engine_, this, session, line, payload, connection)) break;
    if (!session.interactive && !connection.has_line()) break;
  }
  (void)co_await connection.flush();
}

}  // namespace evenkeel::control
