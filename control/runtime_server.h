// The runtime socket: commands in, answers out (management manual 9.3, configuration manual `stats socket`).
//
// All of it lives on worker 0. One coroutine serves a connection; long answers leave in pieces, so that a
// slow reader holds one piece and not a table.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "control/command.h"
#include "control/handover.h"
#include "core/task.h"
#include "frontends/engine.h"

namespace evenkeel::lvs {
class Bridge;
}

namespace evenkeel::control {

class RuntimeServer {
 public:
  // Listens where engine.config().global.stats_sockets say; the engine must outlive it.
  explicit RuntimeServer(frontends::Engine& engine);
  RuntimeServer(const RuntimeServer&) = delete;
  RuntimeServer& operator=(const RuntimeServer&) = delete;
  ~RuntimeServer();

  // Opens the sockets that are not open yet. False: `errors` has one line per address that could not be had;
  // another call tries these again.
  bool open(std::vector<std::string>& errors);
  // Begins to accept, on the engine's worker 0, until the engine begins to stop softly: from then on the
  // addresses belong to the next process, and connections that stand stay. Before engine.run().
  void start();
  // Accepts nobody any more; connections stay. Any thread.
  void stop_listening();

  // Serves a connection that came to the master's socket, also during a soft stop. On worker 0.
  void take(const HandedConnection& handed);

  // What `show lvs` is about; null: nothing is served by the kernel. Before start(); must outlive the last
  // command.
  void show_lvs(lvs::Bridge* bridge) noexcept { lvs_ = bridge; }
  [[nodiscard]] lvs::Bridge* lvs() const noexcept { return lvs_; }

  // `show cli sockets`: one line per socket.
  void list_sockets(std::string& out) const;
  // The descriptors that it listens on, in the order of the configuration.
  [[nodiscard]] std::vector<int> sockets() const;

 private:
  struct Socket;
  Task<void> accept_loop(Socket& socket);
  Task<void> serve(Socket& socket, int fd);
  Task<void> serve_master(HandedConnection handed);
  // gives_sockets: expose-fd listeners.
  Task<void> converse(CliSession& session, int fd, bool gives_sockets);

  frontends::Engine& engine_;
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::uint32_t connections_ = 0;
  bool stopped_ = false;  // of worker 0
  lvs::Bridge* lvs_ = nullptr;
  std::vector<Event*> waiting_{};  // acceptors for which `stats maxconn` leaves no room
};

// Does what one line asks for, writing to out: commands between ';', each answer with its line feed and, when
// interactive, the prompt. Exposed for tests. False: the reader has gone.
Task<bool> run_line(frontends::Engine& engine, RuntimeServer* server, CliSession& session,
                    std::string_view line, std::string_view payload, Output& out);

}  // namespace evenkeel::control
