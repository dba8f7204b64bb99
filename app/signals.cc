#include "app/signals.h"

#include <malloc.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>

#include "core/fd_stream.h"
#include "core/log.h"

namespace evenkeel::app {
namespace {

constexpr std::array kSignals = {SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGHUP, SIGQUIT, SIGTTOU, SIGTTIN};

std::string number(std::uint64_t value) { return std::to_string(value); }

}  // namespace

ProcessSignals::ProcessSignals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kSignals) sigaddset(&set, signal);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

ProcessSignals::~ProcessSignals() {
  if (fd_ >= 0) close(fd_);
}

void ProcessSignals::attach(frontends::Engine& engine, control::RuntimeServer& runtime, int master) {
  engine.context(0).worker.post([this, &engine, &runtime, master] {
    spawn(watch_signals(engine));
    if (master >= 0) spawn(watch_master(engine, runtime, master));
  });
}

Task<void> ProcessSignals::watch_signals(frontends::Engine& engine) {
  FdStream stream(engine.context(0).worker, std::exchange(fd_, -1));
  const frontends::Resident resident(engine.context(0), &stream);
  for (;;) {
    signalfd_siginfo info{};
    while (read(stream.fd(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
      obey(engine, static_cast<int>(info.ssi_signo));
    stream.exhausted_read();
    if (!(co_await stream.readable()).ok()) co_return;
  }
}

Task<void> ProcessSignals::watch_master(frontends::Engine& engine, control::RuntimeServer& runtime,
                                        int channel) {
  FdStream stream(engine.context(0).worker, channel, false);
  const frontends::Resident resident(engine.context(0), &stream);
  for (;;) {
    control::HandedConnection handed;
    const control::Handed what = control::take_connection(stream.fd(), handed);
    if (what == control::Handed::ended) break;
    if (what == control::Handed::connection) {
      runtime.take(handed);
      continue;
    }
    stream.exhausted_read();
    if ((co_await stream.readable()).status == IoStatus::cancelled) co_return;
  }
  log_error("the master process has gone, so this worker ends");
  ended_by_ = SIGTERM;
  engine.stop();
}

Task<void> ProcessSignals::soft_stop(frontends::Engine& engine) {
  const frontends::Resident resident(engine.context(0));
  Worker& worker = engine.context(0).worker;
  // In steps, because an impatient operator may end everything meanwhile.
  constexpr Millis kStep = 50;
  const Millis until = worker.now() + engine.config().global.grace;
  while (worker.now() < until && !engine.stopping())
    co_await worker.sleep(std::min(kStep, until - worker.now()));
  if (engine.stopping()) co_return;
  const Millis now = SystemClock().now_ms();
  const auto tell = [](const std::string& name, std::uint64_t fe, std::uint64_t be) {
    log_warning("Proxy " + name + " stopped (cumulated conns: FE: " + number(fe) + ", BE: " + number(be) +
                ").");
  };
  for (const auto& frontend : engine.frontends()) {
    if (frontend->state.load() == frontends::FrontendState::stopped) continue;
    const backends::Backend* const behind = engine.find_backend(frontend->name());
    tell(frontend->name(), frontend->totals.totals(now).cum_conn,
         behind != nullptr ? behind->totals.totals(now).cum_sess : 0);
  }
  for (const auto& backend : engine.backends()) {
    if (engine.find_frontend(backend->name()) == nullptr)
      tell(backend->name(), 0, backend->totals.totals(now).cum_sess);
  }
  engine.soft_stop();
}

void ProcessSignals::obey(frontends::Engine& engine, int signal) {
  switch (signal) {
    case SIGTERM:
    case SIGINT:
      ended_by_ = signal;
      engine.stop();
      break;
    case SIGUSR1:
      if (!std::exchange(finishing_, true)) spawn(soft_stop(engine));
      break;
    case SIGTTOU:
      for (const auto& frontend : engine.frontends()) engine.pause_frontend(*frontend);
      break;
    case SIGTTIN:
      for (const auto& frontend : engine.frontends()) engine.resume_frontend(*frontend);
      break;
    case SIGHUP:
      log_warning("SIGHUP received, dumping servers states.\n" + server_states(engine));
      break;
    case SIGQUIT:
      std::fputs(process_state(engine).c_str(), stderr);
      break;
    default:
      log_notice("SIGUSR2 reloads in master-worker mode (-W) only");
      break;
  }
}

std::string server_states(const frontends::Engine& engine) {
  std::string out;
  for (const auto& backend : engine.backends()) {
    std::size_t up = 0;
    const auto servers = backend->servers();
    for (const backends::Server* server : servers) {
      if (server->can_serve()) ++up;
      out += "SIGHUP: Server " + backend->name() + "/" + server->def().name + " is " +
             (server->in_maintenance() ? "in maintenance"
              : server->running()      ? "UP"
                                       : "DOWN") +
             ". Conn: " + number(server->current_sessions.load()) + " act.\n";
    }
    out += "SIGHUP: Proxy " + backend->name() +
           (servers.empty() ? " has no servers"
            : up == 0       ? " has no server available !"
                            : " is UP") +
           ". Conn: act(BE): " + number(backend->current_sessions.load()) + ", " +
           number(backend->queued.load()) + " pend.\n";
  }
  for (const auto& frontend : engine.frontends()) {
    out += "SIGHUP: Frontend " + frontend->name() + ". Conn: act(FE): " + number(frontend->current.load()) +
           ".\n";
  }
  return out;
}

std::string process_state(frontends::Engine& engine) {
  const struct mallinfo2 memory = mallinfo2();
  std::string out = "Evenkeel, process " + number(static_cast<std::uint64_t>(getpid())) + ": " +
                    number(engine.worker_count()) + " threads, " + number(engine.current_connections.load()) +
                    " of " + number(engine.maxconn.load()) + " connections, " +
                    number(engine.cumulated_connections.load()) + " since the start, " +
                    number((memory.uordblks + memory.hblkhd) >> 10) + " kB allocated" +
                    (engine.stopping() ? ", stopping" : "") + "\n";
  return out + server_states(engine);
}

}  // namespace evenkeel::app
