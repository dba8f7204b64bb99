#include "frontends/engine.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>
#include <utility>

#include "core/fd_stream.h"
#include "core/log.h"
#include "core/relay.h"
#include "frontends/access_logs.h"
#include "frontends/cache/cache.h"
#include "frontends/checks.h"
#include "frontends/client_session.h"
#include "frontends/restore.h"
#include "rules/pattern_store.h"
#include "stats/page_service.h"

namespace evenkeel::frontends {
namespace {

const Clock& system_clock() noexcept {
  static const SystemClock clock;
  return clock;
}

constexpr Millis kTick = 200;       // housekeeping: slow starts, purges, stop conditions
constexpr Millis kWindDown = 2000;  // how long the sessions of a stopped worker may take to let go

}  // namespace

Resident::Resident(WorkerContext& context, FdStream* waits_on) noexcept
    : stream_(waits_on), next_(context.residents), link_(&context.residents) {
  if (next_ != nullptr) next_->link_ = &next_;
  context.residents = this;
}

Resident::~Resident() {
  *link_ = next_;
  if (next_ != nullptr) next_->link_ = link_;
}

Engine::Engine(std::shared_ptr<const Config> config, unsigned workers)
    : totals(workers),
      started_wall_us(SystemClock().wall_us()),
      started(SystemClock().now_ms()),
      config_(std::move(config)) {
  for (unsigned i = 0; i < workers; ++i) {
    contexts_.push_back(std::make_unique<WorkerContext>(*this, static_cast<int>(i), config_->global.bufsize));
  }
  if (config_->patterns) {
    std::vector<Worker*> readers;
    for (const auto& context : contexts_) readers.push_back(&context->worker);
    config_->patterns->reclaimer().watch(std::move(readers));
  }
  for (const auto& context : contexts_) context->worker.profiler().on = config_->global.profile_tasks;
  maxconn.store(config_->global.maxconn);
  process_vars = config_->global.process_vars;
  rules::variable_limits() = config_->global.variable_limits;
  set_pipe_limit(config_->global.max_pipes);
  initial_maxconn = config_->global.maxconn;
  connection_rate_limit.store(config_->global.max_conn_rate);
  session_rate_limit.store(config_->global.max_sess_rate);
  compression_rate_limit.store(config_->global.max_comp_rate);
  caches = std::make_shared<Caches>(config_->caches);
  for (const auto& def : config_->backends) {
    backends_.push_back(std::make_unique<backends::Backend>(def, workers));
    backends_by_name_.emplace(backends_.back()->name(), backends_.back().get());
    backends_.back()->kill_sessions = [this](backends::Server& s, Cause why) { kill_sessions(s, why); };
    backends_.back()->on_traffic_errors = [this](backends::Server& s, health::TrafficError last) {
      checks_->on_traffic_errors(s, last);
    };
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
  restore_servers(*this);
  checks_ = std::make_unique<HealthChecks>(*this);
  pages_ = std::make_unique<stats::PageService>(system_clock());
  logs_ = std::make_unique<AccessLogs>(*config_, frontends_, backends_, workers);
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
      leader->add_follower(*server);
    }
  }
}

Engine::~Engine() {
  for (auto& thread : threads_) thread.join();
  if (config_->patterns) config_->patterns->reclaimer().watch({});
  for (const auto& frontend : frontends_) close_sockets(*frontend);
  for (const auto& context : contexts_) {
    for (const auto& start : context->to_accept) ::close(start.fd);
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
  const auto found = backends_by_name_.find(name);
  return found == backends_by_name_.end() ? nullptr : found->second;
}

bool Engine::admit(Frontend& frontend, Listener& listener) noexcept {
  const auto take = [](std::atomic<std::uint32_t>& count, std::uint32_t limit) {
    const std::uint32_t now = count.fetch_add(1);
    if (limit != 0 && now >= limit) {
      count.fetch_sub(1);
      return false;
    }
    return true;
  };
  if (!take(current_connections, maxconn.load(std::memory_order_relaxed))) return false;
  if (take(frontend.current, frontend.maxconn.load(std::memory_order_relaxed))) {
    if (take(listener.current, listener.def.maxconn)) return true;
    frontend.current.fetch_sub(1);
  }
  current_connections.fetch_sub(1);
  return false;
}

void Engine::release(Frontend& frontend, Listener& listener) noexcept {
  // In one total order with the acceptors, which first say that they wait and then look once more.
  current_connections.fetch_sub(1);
  frontend.current.fetch_sub(1);
  listener.current.fetch_sub(1);
  if (waiting_acceptors.load() != 0) room_made();
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

Task<void> Engine::housekeeping(WorkerContext& context) {
  const Resident resident(context);
  Deadline timer(
      context.worker.timers(), [](void* tick) noexcept { static_cast<Event*>(tick)->set(); }, &context.tick);
  while (!stopped_.load(std::memory_order_relaxed)) {
    timer.set(context.worker.now() + kTick);
    co_await context.tick;
    context.tick.reset();
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
  if (draining_since_ == 0) draining_since_ = SystemClock().now_ms();
  const bool over = limit > 0 && SystemClock().now_ms() - draining_since_ >= limit;
  // A loop that has yet to end may find a last connection.
  if (over || (accepting_.load() == 0 && current_connections.load() == 0)) stop();
}

void Engine::start_worker(WorkerContext& context) {
  for (const auto& start : std::exchange(context.to_accept, {}))
    spawn(start.listener->def.datagram ? datagram_loop(context, *start.listener, start.fd)
                                       : accept_loop(context, *start.listener, start.fd));
  checks_->start_on(context.index());
  logs_->start_on(context);
  spawn(housekeeping(context));
}

void Engine::run() {
  prepare_acceptors();
  for (std::size_t i = 1; i < contexts_.size(); ++i) {
    WorkerContext* const context = contexts_[i].get();
    context->worker.post([this, context] { start_worker(*context); });
    threads_.emplace_back([this, context] {
      context->worker.run();
      wind_down(*context);
    });
  }
  contexts_[0]->worker.post([this] { start_worker(*contexts_[0]); });
  contexts_[0]->worker.run();
  wind_down(*contexts_[0]);
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

// The loop has ended, its tasks have not: each of them is told to give up, and the loop turns until they
// have. So nothing is left that could leak, and what sessions hold (slots, places, descriptors) comes back.
void Engine::wind_down(WorkerContext& context) noexcept {
  checks_->stop_on(context.index());
  const Millis limit = SystemClock().now_ms() + kWindDown;
  while (context.residents != nullptr && SystemClock().now_ms() < limit) {
    // Told anew in each round: a session that was between two waits may have begun the next one.
    context.sessions.kill_if([](const backends::LiveSession&) { return true; }, Cause::killed_admin);
    for (Resident* r = context.residents; r != nullptr; r = r->next_) {
      if (r->stream_ != nullptr) r->stream_->cancel(IoStatus::cancelled);
    }
    context.tick.set();
    logs_->stop_on(context.index());
    for (Event* event : std::exchange(context.paused_acceptors, {})) event->set();
    context.worker.run_for(10);
  }
  context.worker.run_for(0);  // ended checks and closed streams leave in the turn after
}

void Engine::soft_stop() {
  stopping_since.store(SystemClock().now_ms());
  if (stopping_.exchange(true)) return;
  for (const auto& frontend : frontends_) stop_frontend(*frontend);
  if (on_soft_stop) on_soft_stop();
  on_all_workers([this](WorkerContext& context) {
    for (backends::LiveSession* s = context.sessions.first(); s != nullptr; s = s->next())
      s->limit_idle(idle_limit());
  });
}

namespace {

// Evenly distributed in 0..below-1, below > 0; good enough to spread things.
Millis some_of(Millis below) noexcept {
  static thread_local std::minstd_rand random(static_cast<unsigned>(SystemClock().now_us()));
  return static_cast<Millis>(random()) % below;
}

}  // namespace

bool Engine::ends_keep_alive() const noexcept {
  if (!stopping()) return false;
  const Millis spread = config_->global.close_spread;
  if (spread == 0 || spread >= kNever) return spread == 0;
  return some_of(spread) <= SystemClock().now_ms() - stopping_since.load();
}

Millis Engine::idle_limit() const noexcept {
  if (!stopping()) return kNever;
  const Millis spread = config_->global.close_spread;
  if (spread == 0 || spread >= kNever) return spread;
  return stopping_since.load() + some_of(spread);
}

void Engine::stop() {
  stopping_.store(true);
  if (stopped_.exchange(true)) return;
  for (const auto& context : contexts_) context->worker.stop();
}

}  // namespace evenkeel::frontends
