#include "app/serve.h"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "app/limits.h"
#include "app/lvs_plane.h"
#include "app/vrrp_pairing.h"
#include "control/handover.h"
#include "control/runtime_server.h"
#include "core/log.h"
#include "frontends/engine.h"

namespace evenkeel::app {
namespace {

// Binding is tried so often and so far apart while an old process lets go of the addresses.
constexpr int kBindAttempts = 100;
constexpr auto kBindPause = std::chrono::milliseconds(10);

int refuse(const std::string& text) {
  log_error("[evenkeel.main()] " + text);
  return 1;
}

void tell(const std::vector<pid_t>& pids, int signal) {
  for (const pid_t pid : pids) {
    if (kill(pid, signal) != 0 && signal != SIGTTIN)
      log_warning("the old process " + std::to_string(pid) +
                  " could not be told: it has gone or is not ours");
  }
}

// What the configuration has set counts for child processes and `show env`. There are no threads yet.
void become(const conf::Environment& environment) {
  clearenv();
  for (const auto& [name, value] : environment.all()) setenv(name.c_str(), value.c_str(), 1);
}

class Process {
 public:
  explicit Process(ServeOptions options) : options_(std::move(options)), line_(options_.line) {}

  int run() {
    const frontends::GlobalDef& global = options_.config->global;
    become(options_.environment);
    const unsigned workers = global.nbthread > 0 ? global.nbthread : usable_cores();
    std::uint32_t maxconn = 0;
    if (!limits(workers, maxconn)) return 1;
    LvsPlane lvs;
    if (!lvs.choose(options_.lvs, options_.config)) return 1;
    frontends::Engine engine(options_.config, workers);
    engine.maxconn.store(maxconn);
    engine.initial_maxconn = maxconn;
    control::RuntimeServer runtime(engine);
    if (!take_sockets(engine) || !listen(engine, runtime)) return 1;
    options_.pidfile.write(getpid());
    lvs.start(engine, !options_.vrrp.notify_fifo.empty());
    std::string error;
    VrrpPairing pairing;
    const auto on_roles = [&lvs](const std::vector<stats::VrrpRole>& roles) { lvs.follow(roles); };
    if (!pairing.start(options_.vrrp, engine, on_roles, error)) {
      lvs.abandon();
      return refuse(error);
    }
    if (!drop_privileges(global, error)) {
      pairing.finish();
      lvs.abandon();
      return refuse(error);
    }
    runtime.show_lvs(lvs.bridge());
    signals_.attach(engine, runtime, options_.master);
    for (const auto* list : {&line_.finish, &line_.terminate})
      if (!list->empty()) tell(*list, list == &line_.finish ? SIGUSR1 : SIGTERM);
    if (options_.on_ready) options_.on_ready(control::listening_sockets(engine));
    runtime.start();
    engine.on_soft_stop = [&lvs, &pairing, before = std::move(engine.on_soft_stop)] {
      pairing.let_go();
      lvs.let_go();
      if (before) before();
    };
    engine.run();
    pairing.finish();
    lvs.finish(signals_.ended_by() == 0, global.hard_stop_after);
    return end();
  }

 private:
  bool limits(unsigned workers, std::uint32_t& maxconn) {
    const frontends::GlobalDef& global = options_.config->global;
    if (line_.memory_mb > 0 && !limit_memory(line_.memory_mb))
      return refuse("-m " + std::to_string(line_.memory_mb) + ": the kernel refuses this memory limit"),
             false;
    const DescriptorPlan plan =
        plan_descriptors(global, options_.maxconn_given, descriptors_for_itself(*options_.config, workers),
                         current_descriptor_limits(), geteuid() == 0);
    maxconn = plan.maxconn;
    std::string error = plan.error;
    if (error.empty() && !raise_descriptor_limit(plan.wanted)) {
      error =
          plan_descriptors(global, options_.maxconn_given, descriptors_for_itself(*options_.config, workers),
                           current_descriptor_limits(), false)
              .error;
    }
    if (error.empty()) return true;
    if (global.strict_limits) return refuse(error), false;
    log_warning(error);
    raise_descriptor_limit(current_descriptor_limits().hard);
    return true;
  }

  bool take_sockets(frontends::Engine& engine) {
    for (const int fd : options_.sockets) engine.adopt_socket(fd);
    if (line_.old_socket.empty() || !options_.sockets.empty()) return true;
    std::string why;
    const auto sockets = control::fetch_sockets(line_.old_socket, why);
    if (sockets) {
      for (const int fd : *sockets) engine.adopt_socket(fd);
      return true;
    }
    log_warning("Failed to get the sockets from the old process behind '" + line_.old_socket + "': " + why);
    // A worker of a master goes on without, as in HAProxy.
    return options_.master >= 0 || (refuse("Failed to get the sockets from the old process!"), false);
  }

  bool listen(frontends::Engine& engine, control::RuntimeServer& runtime) {
    std::vector<pid_t> old = line_.finish;
    old.insert(old.end(), line_.terminate.begin(), line_.terminate.end());
    // A pause of the old process would pause the sockets that we have taken over, too.
    const bool may_pause = line_.old_socket.empty();
    std::vector<std::string> errors;
    for (int attempt = 0;; ++attempt) {
      errors.clear();
      // Both, so that all errors are told.
      const bool opened = engine.open_listeners(errors);
      if (runtime.open(errors) && opened) return true;
      if (old.empty() || attempt == kBindAttempts) break;
      if (attempt == 0 && may_pause) tell(old, SIGTTOU);
      std::this_thread::sleep_for(kBindPause);
    }
    if (may_pause) tell(old, SIGTTIN);
    for (const std::string& error : errors) log_error(error);
    refuse("Some protocols failed to start their listeners! Exiting.");
    return false;
  }

  int end() const {
    if (const int signal = signals_.ended_by(); signal != 0) {
      std::signal(signal, SIG_DFL);
      sigset_t set;
      sigemptyset(&set);
      sigaddset(&set, signal);
      sigprocmask(SIG_UNBLOCK, &set, nullptr);
      raise(signal);
    }
    return 0;
  }

  ServeOptions options_;
  const CommandLine& line_;
  ProcessSignals signals_;
};

}  // namespace

int serve(ServeOptions options) { return Process(std::move(options)).run(); }

}  // namespace evenkeel::app
