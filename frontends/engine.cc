#include "frontends/engine.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/fd_stream.h"
#include "core/log.h"
#include "frontends/access_logs.h"
#include "frontends/checks.h"
#include "frontends/client_session.h"
#include "stats/page_service.h"

namespace evenkeel::frontends {
namespace {

const Clock& system_clock() noexcept {
  static const SystemClock clock;
  return clock;
}

constexpr Millis kTick = 200;             // housekeeping: slow starts, purges, stop conditions
constexpr Millis kDescriptorPause = 100;  // how long to leave the backlog alone after EMFILE

}  // namespace

Engine::Engine(std::shared_ptr<const Config> config, unsigned workers)
    : totals(workers),
      started_wall_us(SystemClock().wall_us()),
      started(SystemClock().now_ms()),
      config_(std::move(config)) {
  for (unsigned i = 0; i < workers; ++i) {
    contexts_.push_back(std::make_unique<WorkerContext>(*this, static_cast<int>(i), config_->global.bufsize));
  }
  maxconn.store(config_->global.maxconn);
  for (const auto& def : config_->backends) {
    backends_.push_back(std::make_unique<backends::Backend>(def, workers));
    backends_.back()->kill_sessions = [this](backends::Server& s, Cause why) { kill_sessions(s, why); };
    backends_.back()->last_change.store(started);
  }
  for (const auto& def : config_->frontends) {
    auto frontend = std::make_unique<Frontend>(def, workers);
    frontend->default_backend = find_backend(def->default_backend);
    std::uint32_t id = 0;
    for (const BindDef& bind : def->binds) {
      frontend->listeners.push_back(
          std::make_unique<Listener>(*frontend, bind, bind.id != 0 ? bind.id : ++id, workers));
    }
    frontends_.push_back(std::move(frontend));
  }
  link_tracking();
  checks_ = std::make_unique<HealthChecks>(*this);
  pages_ = std::make_unique<stats::PageService>(system_clock());
  logs_ = std::make_unique<AccessLogs>(*config_, frontends_, workers);
}

// `track`: who follows whom (manual 5.2). Names were checked when the configuration was loaded.
void Engine::link_tracking() {
  for (const auto& backend : backends_) {
    for (backends::Server* server : backend->servers()) {
      const std::string_view track = server->def().track;
      if (track.empty()) continue;
      const std::size_t slash = track.find('/');
      const backends::Backend* home =
          slash == std::string_view::npos ? backend.get() : find_backend(track.substr(0, slash));
      backends::Server* const leader =
          home != nullptr
              ? home->find_server(slash == std::string_view::npos ? track : track.substr(slash + 1))
              : nullptr;
      if (leader == nullptr) continue;
      server->tracked = leader;
      leader->trackers.push_back(server);
      if (leader->in_maintenance()) server->change_admin(backends::kInheritedMaint, 0);
    }
  }
}

Engine::~Engine() {
  for (auto& thread : threads_) thread.join();
  for (const auto& frontend : frontends_) {
    for (const auto& listener : frontend->listeners) {
      std::sort(listener->sockets.begin(), listener->sockets.end());
      listener->sockets.erase(std::unique(listener->sockets.begin(), listener->sockets.end()),
                              listener->sockets.end());
      for (const int fd : listener->sockets) {
        if (fd >= 0) ::close(fd);
      }
    }
  }
  for (const int fd : adopted_) ::close(fd);
}

Frontend* Engine::find_frontend(std::string_view name) const noexcept {
  for (const auto& f : frontends_) {
    if (f->name() == name) return f.get();
  }
  return nullptr;
}

backends::Backend* Engine::find_backend(std::string_view name) const noexcept {
  for (const auto& b : backends_) {
    if (b->name() == name) return b.get();
  }
  return nullptr;
}

void Engine::adopt_socket(int fd) { adopted_.push_back(fd); }

int Engine::adopted_for(const Address& address) {
  for (auto it = adopted_.begin(); it != adopted_.end(); ++it) {
    if (Address::local_of(*it) == address) {
      const int fd = *it;
      adopted_.erase(it);
      return fd;
    }
  }
  return -1;
}

bool Engine::open_listeners(std::vector<std::string>& errors) {
  for (const auto& frontend : frontends_) {
    if (frontend->def().disabled) {
      frontend->state.store(FrontendState::stopped);
      continue;
    }
    for (const auto& listener : frontend->listeners) {
      const BindDef& def = listener->def;
      listener->sockets.assign(contexts_.size(), -1);
      listener->shared_socket = def.kind == BindDef::Kind::inherited_fd || def.address.family() == AF_UNIX ||
                                config_->global.no_reuse_port;
      std::string why;
      for (std::size_t i = 0; i < contexts_.size(); ++i) {
        if (i > 0 && listener->shared_socket) {
          listener->sockets[i] = listener->sockets[0];
          continue;
        }
        int fd = def.kind == BindDef::Kind::inherited_fd ? def.fd : adopted_for(def.address);
        if (fd < 0) {
          ListenOptions options = def.listen;
          if (options.backlog == 0) options.backlog = frontend->def().backlog;
          options.reuse_port = !config_->global.no_reuse_port;
          fd = open_listener(def.address, options, why);
        }
        if (fd < 0) {
          const std::string where = def.text.empty() ? def.address.to_string() : def.text;
          errors.push_back("Starting frontend " + frontend->name() + ": " + why + " [" + where + "]");
          break;
        }
        listener->sockets[i] = fd;
      }
    }
  }
  return errors.empty();
}

bool Engine::admit(Frontend& frontend, Listener& listener) noexcept {
  const auto take = [](std::atomic<std::uint32_t>& count, std::uint32_t limit) {
    const std::uint32_t now = count.fetch_add(1, std::memory_order_relaxed);
    if (limit != 0 && now >= limit) {
      count.fetch_sub(1, std::memory_order_relaxed);
      return false;
    }
    return true;
  };
  if (!take(current_connections, maxconn.load(std::memory_order_relaxed))) return false;
  if (take(frontend.current, frontend.maxconn.load(std::memory_order_relaxed))) {
    if (take(listener.current, listener.def.maxconn)) return true;
    frontend.current.fetch_sub(1, std::memory_order_relaxed);
  }
  current_connections.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

void Engine::release(Frontend& frontend, Listener& listener) noexcept {
  current_connections.fetch_sub(1, std::memory_order_relaxed);
  frontend.current.fetch_sub(1, std::memory_order_relaxed);
  listener.current.fetch_sub(1, std::memory_order_relaxed);
  if (waiting_acceptors.load(std::memory_order_relaxed) != 0) room_made();
}

void Engine::room_made() noexcept {
  on_all_workers([](WorkerContext& context) {
    std::vector<Event*> waiting;
    waiting.swap(context.paused_acceptors);
    for (Event* event : waiting) event->set();
  });
}

void Engine::on_all_workers(const std::function<void(WorkerContext&)>& function) {
  for (const auto& context : contexts_) {
    WorkerContext* const c = context.get();
    c->worker.post([function, c] { function(*c); });
  }
}

void Engine::kill_sessions(const backends::Server& server, Cause why) {
  const backends::Server* const target = &server;
  on_all_workers([target, why](WorkerContext& context) {
    context.sessions.kill_if([&](const backends::LiveSession& s) { return s.server == target; }, why);
  });
}

Task<void> Engine::accept_loop(WorkerContext& context, Listener& listener, int fd) {
  Frontend& frontend = listener.frontend;
  Worker& worker = context.worker;
  // Each loop has a descriptor of its own, so that ending one leaves the socket to the others.
  FdStream stream(worker, ::dup(fd));
  const auto index = context.index();
  while (!stopping() && frontend.state.load(std::memory_order_relaxed) != FrontendState::stopped) {
    if (frontend.state.load(std::memory_order_relaxed) == FrontendState::paused ||
        !admit(frontend, listener)) {
      Event room;
      context.paused_acceptors.push_back(&room);
      waiting_acceptors.fetch_add(1);
      co_await room;
      waiting_acceptors.fetch_sub(1);
      continue;
    }
    const std::uint32_t limit = frontend.rate_limit.load(std::memory_order_relaxed);
    if (limit != 0 && frontend.totals.rate(stats::RateId::sess_rate, worker.now()) >= limit) {
      release(frontend, listener);
      co_await worker.sleep(10);
      continue;
    }
    Address peer;
    socklen_t len = Address::capacity();
    const int client = ::accept4(stream.fd(), peer.data(), &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client >= 0) {
      peer.resize(len);
      cumulated_connections.fetch_add(1, std::memory_order_relaxed);
      totals.at(index).rate(stats::RateId::conn_rate, worker.now());
      spawn(serve_client(context, listener, client, peer));
      continue;
    }
    const int error = errno;
    current_connections.fetch_sub(1, std::memory_order_relaxed);
    frontend.current.fetch_sub(1, std::memory_order_relaxed);
    listener.current.fetch_sub(1, std::memory_order_relaxed);
    if (error == EAGAIN) {
      stream.exhausted_read();
      (void)co_await stream.readable();
    } else if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) {
      log_warning("frontend " + frontend.name() + ": cannot accept (" + std::strerror(error) +
                  "); clients wait in the kernel's backlog");
      co_await worker.sleep(kDescriptorPause);
    }
  }
}

Task<void> Engine::housekeeping(WorkerContext& context) {
  while (!stopped_.load(std::memory_order_relaxed)) {
    co_await context.worker.sleep(kTick);
    const Millis now = context.worker.now();
    logs_->flush(context.index());
    for (const auto& backend : backends_) {
      for (backends::Server* server : backend->servers()) {
        if (server->def().slowstart > 0 && context.index() == 0) server->refresh();
        auto& pool = server->pool(context.index());
        if (pool.size() != 0 && server->def().pool_purge_delay > 0) {
          pool.purge(now - server->def().pool_purge_delay,
                     static_cast<std::uint32_t>(server->def().pool_low_conn));
        }
      }
    }
    if (context.index() == 0 && stopping()) drained();
  }
}

void Engine::drained() noexcept {
  const Millis limit = config_->global.hard_stop_after;
  static thread_local Millis since = 0;
  if (since == 0) since = SystemClock().now_ms();
  if (current_connections.load() == 0 || (limit > 0 && SystemClock().now_ms() - since >= limit)) stop();
}

void Engine::start_worker(WorkerContext& context) {
  for (const auto& frontend : frontends_) {
    for (const auto& listener : frontend->listeners) {
      if (context.index() >= listener->sockets.size()) continue;
      const int fd = listener->sockets[context.index()];
      if (fd >= 0) spawn(accept_loop(context, *listener, fd));
    }
  }
  checks_->start_on(context.index());
  spawn(housekeeping(context));
}

void Engine::run() {
  for (std::size_t i = 1; i < contexts_.size(); ++i) {
    WorkerContext* const context = contexts_[i].get();
    context->worker.post([this, context] { start_worker(*context); });
    threads_.emplace_back([this, context] {
      context->worker.run();
      checks_->stop_on(context->index());
    });
  }
  contexts_[0]->worker.post([this] { start_worker(*contexts_[0]); });
  contexts_[0]->worker.run();
  checks_->stop_on(0);
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void Engine::soft_stop() {
  if (stopping_.exchange(true)) return;
  for (const auto& frontend : frontends_) stop_frontend(*frontend);
}

void Engine::stop() {
  stopping_.store(true);
  if (stopped_.exchange(true)) return;
  for (const auto& context : contexts_) context->worker.stop();
}

void Engine::stop_frontend(Frontend& frontend) {
  frontend.state.store(FrontendState::stopped);
  for (const auto& listener : frontend.listeners) {
    // Waiting acceptors see the end of a socket that is shut down; duplicates share that fate.
    for (const int fd : listener->sockets) {
      if (fd >= 0 && listener->def.kind != BindDef::Kind::inherited_fd) ::shutdown(fd, SHUT_RD);
    }
  }
  room_made();
}

void Engine::pause_frontend(Frontend& frontend) { frontend.state.store(FrontendState::paused); }

void Engine::resume_frontend(Frontend& frontend) {
  frontend.state.store(FrontendState::running);
  room_made();
}

}  // namespace evenkeel::frontends
