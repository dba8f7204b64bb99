// Listening sockets on their way from one process to the next, so that no connection is lost on a reload.
//
// The descriptors themselves travel (SCM_RIGHTS) over a unix stream socket, in messages of 8 bytes with up to
// 200 descriptors each: "EKFD", descriptors in all (16 bits), descriptors in this message (16 bits), numbers
// little endian. There is always one message at least. What an address a descriptor has, its receiver asks
// the kernel. The runtime command `_getsocks` answers so and with nothing else; a worker tells its master
// that it serves by sending the same.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "control/command.h"
#include "core/clock.h"

namespace evenkeel::frontends {
class Engine;
}

namespace evenkeel::control {

inline constexpr std::string_view kGetSockets = "_getsocks";

// All sockets that the frontends listen on, each once; the engine keeps them.
std::vector<int> listening_sockets(const frontends::Engine& engine);

// Waits for a second at most, when the receiver does not read. False with errno when that fails.
bool send_sockets(int channel, std::span<const int> sockets) noexcept;
// Takes them as close-on-exec descriptors. nullopt: the sender has gone, was silent for that long or speaks
// another language; what had come is closed again, `why` has words for it.
std::optional<std::vector<int>> receive_sockets(int channel, Millis patience, std::string& why);
// A connection to the runtime socket that the master hands to its worker, over the channel between them: one
// byte (level, and whether expert and experimental mode are on) with the descriptor.
struct HandedConnection {
  int fd = -1;
  Level level = Level::user;
  bool expert = false;
  bool experimental = false;
};
// The descriptor stays the caller's. Does not wait: false when the worker has not taken what came before.
bool hand_connection(int channel, const HandedConnection& connection) noexcept;
enum class Handed : unsigned char { connection, nothing_yet, ended };
// Never waits. fd is close-on-exec and non-blocking, and the caller's.
Handed take_connection(int channel, HandedConnection& connection);

// -x: asks the process behind this unix socket ("/path", "unix@/path", "abns@name") for its sockets.
std::optional<std::vector<int>> fetch_sockets(const std::string& socket, std::string& why);

}  // namespace evenkeel::control
