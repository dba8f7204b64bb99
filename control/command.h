// What a command of the runtime socket is: a function from words and live state to bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "control/cli_line.h"
#include "core/clock.h"
#include "core/task.h"

namespace evenkeel::frontends {
class Engine;
}

namespace evenkeel::control {

class RuntimeServer;

// Of a connection to the socket; a connection can lower its own.
enum class Level : std::uint8_t { user, operator_, admin };
std::string_view to_string(Level level) noexcept;
Level level_of(std::string_view word) noexcept;  // operator for unknown words

// The severities of syslog; only messages have one, dumps do not.
enum class Severity : std::uint8_t { error = 3, warning = 4, notice = 5, info = 6, none = 255 };
enum class SeverityForm : std::uint8_t { none, number, string };

// What one connection remembers from command to command.
struct CliSession {
  Level level = Level::admin;
  Level socket_level = Level::admin;  // what it began with
  bool interactive = false;           // `prompt`
  bool close = false;                 // after the command
  bool expert = false;
  bool experimental = false;
  SeverityForm severity = SeverityForm::none;
  Millis timeout = 10'000;  // 0: none
};

struct Call {
  frontends::Engine& engine;
  CliSession& session;
  RuntimeServer* server = nullptr;  // null in tests that need no sockets
  Words words{};                    // of the whole command
  std::size_t path_words = 0;       // how many of them name the command
  std::string_view payload{};

  // The n-th word behind the command's name; empty when there is none.
  [[nodiscard]] std::string_view arg(std::size_t n) const noexcept {
    return path_words + n < words.size() ? std::string_view(words[path_words + n]) : std::string_view();
  }
};

// The text of an answer; the connection adds a line feed behind it, so that an empty line ends what ends with
// one.
struct Answer {
  std::string text{};
  Severity severity = Severity::none;
};
inline Answer done() { return {}; }
inline Answer failed(std::string text) { return {std::move(text), Severity::error}; }

// Where a long answer goes piece by piece.
class Output {
 public:
  static constexpr std::size_t kPiece = 16384;
  virtual ~Output() = default;
  // Sends what is in `text` and empties it. False: nobody reads any more.
  virtual Task<bool> flush() = 0;
  // The other side has said something or gone: what runs until it does is over.
  [[nodiscard]] virtual bool disturbed() const noexcept { return true; }
  [[nodiscard]] bool full() const noexcept { return text.size() >= kPiece; }
  // The whole answer is an error.
  void refuse(std::string why) {
    text = std::move(why);
    severity = Severity::error;
  }
  std::string text{};
  Severity severity = Severity::none;
};

// How a command is called and shown; the worker's and the master's commands have this in common.
struct CommandName {
  std::string_view path;  // "show servers state"
  Level level;
  std::string_view usage;  // as `help` shows it
  std::string_view doc;
};

// One line of the catalog. Exactly one of answer and dump is set.
struct Command : CommandName {
  Answer (*answer)(Call& call) = nullptr;
  // Between pieces of text it asks out.full() and flushes.
  Task<void> (*dump)(Call& call, Output& out) = nullptr;
};

}  // namespace evenkeel::control
