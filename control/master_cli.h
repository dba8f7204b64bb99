// The runtime socket of the master process (-S; management guide 9.4): tells of the processes, reloads, and
// carries commands to the workers.
//
// A command for a worker goes over a fresh socket pair, whose other end the worker gets over its channel and
// serves like a connection to `stats socket`. So the master knows nothing of what workers can do, and a
// worker that has stopped accepting can still be asked.
#pragma once

#include <sys/types.h>

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/cli_connection.h"

namespace evenkeel::control {

// A worker as a command finds it.
struct CliTarget {
  pid_t pid = 0;  // 0: the master itself
  int channel = -1;
};

// What the commands need to know of the master.
class MasterView {
 public:
  virtual ~MasterView() = default;
  // number 1: the present worker; 0: none is meant. pid: that worker, present or leaving.
  [[nodiscard]] virtual std::optional<CliTarget> find_worker(unsigned number, pid_t pid) const = 0;
  [[nodiscard]] virtual std::string show_proc() const = 0;
  [[nodiscard]] virtual const std::string& version() const noexcept = 0;
  [[nodiscard]] virtual bool reload_failed() const noexcept = 0;
  virtual void reload() = 0;  // returns only when it could not be tried
};

// Which process the first word of a command names ("@1", "@!4711", "@", "@master"); nullopt when it names
// none.
std::optional<CliTarget> find_target(const MasterView& master, std::string_view prefix);
// "0d00h02m07s"
std::string uptime(Millis duration);

class MasterCli {
 public:
  // One listening socket, and the level of those who connect to it.
  struct Socket {
    int fd = -1;
    Level level = Level::admin;
  };
  MasterCli(Worker& worker, MasterView& master, std::vector<Socket> sockets);
  MasterCli(const MasterCli&) = delete;
  MasterCli& operator=(const MasterCli&) = delete;
  ~MasterCli();

  // Accepts from now on, on the worker, whose thread is ours.
  void start();
  // Ends all connections and acceptors. The loop has to run until idle() before this object may go.
  void stop();
  [[nodiscard]] bool idle() const noexcept { return streams_.empty(); }

 private:
  class Resident;
  class Talk;
  Task<void> accept_loop(Socket socket);
  Task<void> serve(Socket socket, int fd);

  Worker& worker_;
  MasterView& master_;
  std::vector<Socket> sockets_;
  std::list<FdStream*> streams_;  // all that somebody may be waiting on
  unsigned connections_ = 0;
  bool stopped_ = false;
};

}  // namespace evenkeel::control
