// Signals of a serving process, as HAProxy answers them (management guide, chapter 4):
// SIGTERM and SIGINT end it at once, SIGUSR1 lets sessions finish, SIGQUIT and SIGHUP say how things are,
// SIGTTOU and SIGTTIN stop and resume accepting.
#pragma once

#include <string>

#include "control/runtime_server.h"
#include "frontends/engine.h"

namespace evenkeel::app {

// They arrive as reads from a descriptor on worker 0: nothing ever runs inside a signal handler.
class ProcessSignals {
 public:
  // Blocks them for this thread and all that it makes. Before there are threads.
  ProcessSignals();
  ProcessSignals(const ProcessSignals&) = delete;
  ~ProcessSignals();

  // Answers them from now on. master: the channel to the master process, whose end ends us; -1: none.
  void attach(frontends::Engine& engine, control::RuntimeServer& runtime, int master);
  // The signal that ended the process, 0 if it came to its end by itself.
  [[nodiscard]] int ended_by() const noexcept { return ended_by_; }

 private:
  Task<void> watch_signals(frontends::Engine& engine);
  Task<void> watch_master(frontends::Engine& engine, control::RuntimeServer& runtime, int channel);
  Task<void> soft_stop(frontends::Engine& engine);
  void obey(frontends::Engine& engine, int signal);

  int fd_ = -1;
  int ended_by_ = 0;
  bool finishing_ = false;
};

// What SIGHUP logs: a line per server and proxy.
std::string server_states(const frontends::Engine& engine);
// What SIGQUIT prints: connections, sessions and queues per proxy, memory.
std::string process_state(frontends::Engine& engine);

}  // namespace evenkeel::app
