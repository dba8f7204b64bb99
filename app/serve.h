// One process that serves: from a loaded configuration to its exit code.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/command_line.h"
#include "app/detach.h"
#include "app/signals.h"
#include "conf/environment.h"
#include "frontends/config.h"
#include "lvs/def.h"
#include "vrrp/def.h"

namespace evenkeel::app {

struct ServeOptions {
  const CommandLine& line;
  std::shared_ptr<const frontends::Config> config;
  std::shared_ptr<const lvs::Def> lvs;  // may be null
  vrrp::Def vrrp;
  conf::Environment environment;
  bool maxconn_given = false;  // else it is made to fit the descriptors
  std::vector<int> sockets;    // listening, from the worker before us; taken
  int master = -1;             // channel to the master process
  PidFile pidfile;             // of this process
  // Called when connections are being served, before the first event is handled.
  std::function<void(std::span<const int> sockets)> on_ready;
};

// Returns when everything has ended: 0, 1 after a start that failed, or does not return when a signal ended
// it (the process then ends by that signal, which shells and masters report).
int serve(ServeOptions options);

}  // namespace evenkeel::app
