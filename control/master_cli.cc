#include "control/master_cli.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>

#include "control/catalog.h"
#include "control/handover.h"

namespace evenkeel::control {
namespace {

constexpr unsigned kMaxConnections = 10;
constexpr Millis kDescriptorPause = 100;    // how long to leave the backlog alone after EMFILE
constexpr Millis kWorkerPatience = 60'000;  // a worker that says nothing for so long is stuck

enum class Verb : std::uint8_t {
  process,  // only shown by help: prefixes
  operator_,
  reload,
  cli_level,
  cli_sockets,
  proc,
  version,
  user,
  help,
  prompt,
  quit,
};
struct MasterCommand : CommandName {
  Verb verb;
};

// clang-format off
constexpr std::array kCommands = {
  MasterCommand{{"@!<pid>", Level::user, "@!<pid> <command>", "have the process with this id do it"}, Verb::process},
  MasterCommand{{"@<number>", Level::user, "@<number> <command>", "have the present worker of this number do it"}, Verb::process},
  MasterCommand{{"@master", Level::user, "@master <command>", "have the master do it"}, Verb::process},
  MasterCommand{{"operator", Level::operator_, "operator", "give up rights beyond level operator"}, Verb::operator_},
  MasterCommand{{"reload", Level::operator_, "reload", "read the configuration again, in a new worker"}, Verb::reload},
  MasterCommand{{"show cli level", Level::user, "show cli level", "show the level of this connection"}, Verb::cli_level},
  MasterCommand{{"show cli sockets", Level::user, "show cli sockets", "list the sockets that take commands"}, Verb::cli_sockets},
  MasterCommand{{"show proc", Level::user, "show proc", "list the processes"}, Verb::proc},
  MasterCommand{{"show version", Level::user, "show version", "show the version of the process"}, Verb::version},
  MasterCommand{{"user", Level::user, "user", "give up rights beyond level user"}, Verb::user},
  MasterCommand{{"help", Level::user, "help [<command>]", "list all commands, or those that match"}, Verb::help},
  MasterCommand{{"prompt", Level::user, "prompt", "begin or end the interactive mode"}, Verb::prompt},
  MasterCommand{{"quit", Level::user, "quit", "end the connection"}, Verb::quit},
};
// clang-format on

CommandNames master_names() {
  static const std::vector<const CommandName*> names = [] {
    std::vector<const CommandName*> list;
    for (const MasterCommand& command : kCommands) list.push_back(&command);
    return list;
  }();
  return names;
}

template <class Number>
bool read_number(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

}  // namespace

std::optional<CliTarget> find_target(const MasterView& master, std::string_view prefix) {
  if (prefix == "@" || prefix == "@master" || prefix == "@0") return CliTarget{};
  pid_t pid = 0;
  unsigned number = 0;
  if (prefix.starts_with("@!")) {
    if (read_number(prefix.substr(2), pid) && pid > 0) return master.find_worker(0, pid);
  } else if (read_number(prefix.substr(1), number) && number > 0) {
    return master.find_worker(number, 0);
  }
  return std::nullopt;
}

std::string uptime(Millis duration) {
  const auto seconds = static_cast<unsigned long long>(duration / 1000);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%llud%02lluh%02llum%02llus", seconds / 86400, seconds / 3600 % 24,
                seconds / 60 % 60, seconds % 60);
  return text.data();
}

// A stream that stop() has to end.
class MasterCli::Resident {
 public:
  Resident(MasterCli& cli, FdStream& stream)
      : cli_(cli), at_(cli.streams_.insert(cli.streams_.end(), &stream)) {}
  Resident(const Resident&) = delete;
  Resident& operator=(const Resident&) = delete;
  ~Resident() { cli_.streams_.erase(at_); }

 private:
  MasterCli& cli_;
  std::list<FdStream*>::iterator at_;
};

// One connection and what it remembers.
class MasterCli::Talk {
 public:
  Talk(MasterCli& cli, int fd, Level level) : cli_(cli), connection_(cli.worker_, fd, session_) {
    session_.level = session_.socket_level = level;
    session_.timeout = 0;
  }

  Task<void> run() {
    const Resident resident(cli_, connection_.stream);
    std::string_view line;
    std::string_view payload;
    while (!session_.close && co_await connection_.read_line(line)) {
      if (!co_await connection_.read_payload(line, payload)) break;
      for (const std::string_view command : split_commands(line)) {
        if (!co_await obey(command, payload)) session_.close = true;
        if (session_.close) break;
      }
      if (!co_await connection_.flush()) break;
      if (!session_.interactive && !connection_.has_line()) break;
    }
    (void)co_await connection_.flush();
  }

 private:
  // False: nothing more can follow.
  Task<bool> obey(std::string_view text, std::string_view payload) {
    text = without_blanks(text);
    CliTarget target = present_;
    bool prefixed = false;
    if (text.starts_with('@')) {
      const std::string_view prefix = text.substr(0, text.find_first_of(" \t"));
      const auto found = find_target(cli_.master_, prefix);
      if (!found) {
        connection_.text += "Can't find the target PID matching the prefix '" + std::string(prefix) + "'\n";
        co_return false;
      }
      text = without_blanks(text.substr(prefix.size()));
      if (text.empty()) {
        present_ = *found;
        prompt();
        co_return true;
      }
      target = *found;
      prefixed = true;
    }
    const Words words = split_words(text);
    if (!prefixed && about_connection(words)) {
      prompt();
      co_return true;
    }
    if (target.pid != 0) {
      if (!co_await ask(target, text, payload)) co_return false;
    } else {
      answer(words);
    }
    prompt();
    co_return true;
  }

  void prompt() {
    if (!session_.interactive) return;
    std::string& out = connection_.text;
    out += present_.pid != 0 ? std::to_string(present_.pid) : std::string("master");
    if (present_.pid == 0 && cli_.master_.reload_failed()) out += "[ReloadFailed]";
    if (session_.experimental || session_.expert) {
      out += '(';
      if (session_.experimental) out += 'x';
      if (session_.expert) out += 'e';
      out += ')';
    }
    out += "> ";
  }

  // Words that mean the connection, whichever process it talks to. They have no answer of their own, and one
  // that asks for too much ends the connection.
  bool about_connection(const Words& words) {
    const std::string_view word = words.empty() ? std::string_view() : words[0];
    if (word == "prompt") {
      session_.interactive = !session_.interactive;
    } else if (word == "quit") {
      session_.close = true;
    } else if (word == "operator" || word == "user") {
      if (permitted(level_of(word))) {
        session_.level = level_of(word);
        session_.expert = session_.experimental = false;
      }
    } else if (word == "expert-mode" || word == "experimental-mode") {
      if (permitted(Level::admin))
        (word == "expert-mode" ? session_.expert : session_.experimental) =
            words.size() > 1 && words[1] == "on";
    } else {
      return false;
    }
    return true;
  }

  bool permitted(Level level) {
    if (session_.level >= level) return true;
    connection_.text += "Permission denied!\n";
    session_.close = true;
    session_.interactive = false;  // no prompt behind it
    return false;
  }

  void answer(const Words& words) {
    std::string& out = connection_.text;
    std::size_t matched = 0;
    const auto found = find_command(master_names(), words, matched);
    const Verb verb = found ? kCommands[*found].verb : Verb::process;
    if (found && session_.level < kCommands[*found].level) {
      out += "Permission denied\n";
    } else if (verb == Verb::reload) {
      cli_.master_.reload();
    } else if (verb == Verb::cli_level) {
      out.append(to_string(session_.level)).append("\n");
    } else if (verb == Verb::cli_sockets) {
      out += "# socket lvl processes\n";
      for (const Socket& socket : cli_.sockets_) out += cli_socket_line(socket.fd, socket.level);
    } else if (verb == Verb::proc) {
      out += cli_.master_.show_proc();
    } else if (verb == Verb::version) {
      out += cli_.master_.version() + "\n";
    } else if (verb == Verb::help) {
      out += help_text(master_names(), std::span(words).subspan(matched));
    } else if (verb == Verb::process) {
      out += unknown_text(master_names(), words);
    } else {
      (void)about_connection(words);  // behind "@master"
    }
    out += '\n';
  }

  // Has a worker answer, and passes its answer on.
  Task<bool> ask(CliTarget target, std::string_view command, std::string_view payload) {
    std::array<int, 2> pair{};
    if (!co_await connection_.flush()) co_return false;
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()) != 0)
      co_return false;
    FdStream stream(cli_.worker_, pair[0], false);
    const Resident resident(cli_, stream);
    const bool handed =
        hand_connection(target.channel, {pair[1], session_.level, session_.expert, session_.experimental});
    ::close(pair[1]);
    if (!handed) co_return false;
    std::string request(command);
    if (!payload.empty()) request += " <<";
    request.append("\n").append(payload);
    std::string_view rest = request;
    Deadline patience(
        cli_.worker_.timers(), [](void* s) noexcept { static_cast<FdStream*>(s)->cancel(IoStatus::timeout); },
        &stream);
    patience.set(cli_.worker_.now() + kWorkerPatience);
    while (!rest.empty()) {
      const IoResult sent = co_await stream.write(rest);
      if (!sent.ok()) co_return false;
      rest.remove_prefix(sent.bytes);
    }
    stream.shutdown_write();
    co_return co_await relay(stream, patience);
  }

  Task<bool> relay(FdStream& stream, Deadline& patience) {
    Buffer piece(cli_.worker_.buffers());
    for (;;) {
      piece.reserve();
      const IoResult got = co_await stream.read(piece.space());
      if (got.status == IoStatus::eof) co_return true;
      if (!got.ok()) co_return false;
      piece.commit(got.bytes);
      patience.set(cli_.worker_.now() + kWorkerPatience);
      connection_.text += piece.view();
      piece.consume(got.bytes);
      if (!co_await connection_.flush()) co_return false;
    }
  }

  MasterCli& cli_;
  CliSession session_;
  CliConnection connection_;
  CliTarget present_;
};

MasterCli::MasterCli(Worker& worker, MasterView& master, std::vector<Socket> sockets)
    : worker_(worker), master_(master), sockets_(std::move(sockets)) {}

MasterCli::~MasterCli() = default;

void MasterCli::start() {
  for (const Socket& socket : sockets_) spawn(accept_loop(socket));
}

void MasterCli::stop() {
  stopped_ = true;
  for (FdStream* stream : streams_) stream->cancel(IoStatus::cancelled);
}

Task<void> MasterCli::accept_loop(Socket socket) {
  FdStream stream(worker_, ::fcntl(socket.fd, F_DUPFD_CLOEXEC, 0));
  const Resident resident(*this, stream);
  while (!stopped_) {
    const int fd = ::accept4(stream.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0 && connections_ < kMaxConnections) {
      ++connections_;
      spawn(serve(socket, fd));
    } else if (fd >= 0) {
      ::close(fd);  // ten who talk to the master are ten too many already
    } else if (errno == EAGAIN) {
      stream.exhausted_read();
      if (!(co_await stream.readable()).ok()) co_return;
    } else if (errno != EINTR && errno != ECONNABORTED) {
      co_await worker_.sleep(kDescriptorPause);
    }
  }
}

Task<void> MasterCli::serve(Socket socket, int fd) {
  Talk talk(*this, fd, socket.level);
  co_await talk.run();
  --connections_;
}

}  // namespace evenkeel::control
