// The master process (-W): starts a worker, watches it, and replaces it on SIGUSR2 or SIGHUP.
//
// It holds copies of the worker's listening sockets, so that they outlive every worker. A reload is the
// master executing itself anew with the same process id: the new image reads the configuration (and is the
// new program, after an upgrade), starts a worker with the sockets, and tells the old worker to finish. When
// that fails, old workers and the old configuration stay in service.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "frontends/frontend_def.h"

namespace evenkeel::control {

struct MasterWorker {
  pid_t pid = 0;
  int channel = -1;      // to the worker; it ends when the master is gone
  unsigned reloads = 0;  // that it has outlived; 0: the present one
  Millis started = 0;    // on the clock that all processes share
  std::string version;   // of the program that it runs
};

// What survives the execution of the next image: descriptors by number, processes by id.
struct MasterState {
  std::vector<MasterWorker> workers;
  std::vector<int> sockets;
  std::vector<int> cli_sockets;  // that the master itself listens on
  Millis started = 0;            // of the first image; 0: not yet
  unsigned reloads = 0;
  unsigned failed_reloads = 0;
  std::string startup_version;  // of the image that was started first
  // What the present worker's configuration wants to be written where, when that worker dies; empty: nothing.
  std::string lost_file;
  int lost_value = 0;

  [[nodiscard]] std::string serialize() const;
  static std::optional<MasterState> parse(std::string_view text);
};

// The variable that carries it.
inline constexpr const char* kMasterStateVariable = "EVENKEEL_MASTER_STATE";
// Of the image that runs now: there if it was started by a reload. Takes the variable out of the environment.
std::optional<MasterState> inherited_master_state();

struct MasterOptions {
  std::string program;                   // executed on a reload
  std::vector<std::string> argv;         // with these
  int directory = -1;                    // in this folder
  bool notify = false;                   // -Ws
  bool exit_on_failure = true;           // when the worker crashes
  unsigned max_reloads = 0;              // a worker that has outlived more is ended; 0: never
  std::function<void()> on_first_ready;  // the daemon's parent may go
  std::string lost_file;                 // of this image's worker, as in MasterState
  int lost_value = 0;
  std::function<void(const std::string& file, int value)> on_lost;
  std::vector<frontends::BindDef> cli;  // -S
  std::string version;
};

// What the new process does: serve with these sockets, and report on this channel by send_sockets(). Returns
// its exit code. Null: there is nothing to start, the configuration was refused.
using WorkerMain = std::function<int(std::vector<int> sockets, int channel)>;

// Supervises until all workers are gone; returns the exit code of the process, or does not return (reload).
// state: empty at the first start. Blocks its signals for good, as the next image needs them blocked.
int run_master(const MasterOptions& options, MasterState state, const WorkerMain& worker_main);

}  // namespace evenkeel::control
