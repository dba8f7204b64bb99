// The engine's listening sockets: opened, taken over, accepted from and closed.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <set>
#include <utility>

#include "core/datagram.h"
#include "core/fault.h"
#include "core/fd_stream.h"
#include "core/log.h"
#include "core/socket_passing.h"
#include "frontends/access_logs.h"
#include "frontends/client_session.h"
#include "frontends/engine.h"

namespace evenkeel::frontends {
namespace {

constexpr Millis kDescriptorPause = 100;  // how long to leave the backlog alone after EMFILE
constexpr Millis kPausedElsewhere = 20;   // before asking again a socket that does not listen just now
constexpr int kRestAtMost = 4096;         // connections taken while stopping, per socket

int next_client(const BindDef& def, int fd, Address& peer) noexcept {
  const fault::Verdict verdict = fault::ask(fault::Op::accept, fd);
  if (verdict.kind == fault::Verdict::Kind::error) {
    errno = verdict.error;
    return -1;
  }
  if (def.passing) {
    const int client = accept_passed(fd);
    if (client >= 0) peer = Address::peer_of(client);
    return client;
  }
  socklen_t len = Address::capacity();
  const int client = ::accept4(fd, peer.data(), &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (client >= 0) peer.resize(len);
  return client;
}

}  // namespace

void Engine::adopt_socket(int fd) { adopted_.push_back(fd); }

// UDP and TCP may have the same address.
int Engine::adopted_for(const BindDef& def) {
  for (auto it = adopted_.begin(); it != adopted_.end(); ++it) {
    if (Address::local_of(*it) == def.address && is_datagram_socket(*it) == def.datagram) {
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
    for (const auto& listener : frontend->listeners) open_listener_of(*listener, errors);
  }
  logs_->open_listeners(errors);
  if (!errors.empty()) return false;
  place_adopted_rest();
  return true;
}

// Whether a set such as "1-2,odd" (bind ... thread) names this worker; threads are counted from 1.
bool names_worker(std::string_view set, std::size_t worker) {
  if (set.empty()) return true;
  const std::size_t number = worker + 1;
  for (std::size_t at = 0; at <= set.size();) {
    const std::size_t comma = std::min(set.find(',', at), set.size());
    const std::string_view part = set.substr(at, comma - at);
    at = comma + 1;
    if (part == "all" || (part == "odd" && number % 2 == 1) || (part == "even" && number % 2 == 0))
      return true;
    std::size_t low = 0;
    const auto [dash, bad] = std::from_chars(part.data(), part.data() + part.size(), low);
    if (bad != std::errc()) continue;
    std::size_t high = low;
    if (dash != part.data() + part.size()) {
      high = SIZE_MAX;  // "2-" reaches to the last one
      (void)std::from_chars(dash + 1, part.data() + part.size(), high);
    }
    if (low <= number && number <= high) return true;
  }
  return false;
}

int Engine::bind_socket(const Listener& listener, std::string& why) {
  const BindDef& def = listener.def;
  ListenOptions options = def.listen;
  options.reuse_port = !config_->global.no_reuse_port;
  if (def.datagram) return open_datagram_socket(def.address, options, why);
  if (options.backlog == 0) options.backlog = listener.frontend.def().backlog;
  return open_listener(def.address, options, why);
}

// Sockets that an earlier attempt has opened stay.
void Engine::open_listener_of(Listener& listener, std::vector<std::string>& errors) {
  const BindDef& def = listener.def;
  listener.sockets.resize(contexts_.size(), -1);
  listener.shared_socket = def.kind == BindDef::Kind::inherited_fd || def.address.family() == AF_UNIX ||
                           config_->global.no_reuse_port;
  bool some_worker = false;  // a set that names none of ours means all of them
  for (std::size_t i = 0; i < contexts_.size(); ++i)
    some_worker = some_worker || names_worker(def.threads, i);
  for (std::size_t i = 0; i < contexts_.size(); ++i) {
    if (listener.sockets[i] >= 0 || (some_worker && !names_worker(def.threads, i))) continue;
    if (listener.shared_socket && listener.any_socket() >= 0) {
      listener.sockets[i] = listener.any_socket();
      continue;
    }
    std::string why;
    int fd = def.kind == BindDef::Kind::inherited_fd ? def.fd : adopted_for(def);
    if (fd >= 0 && def.datagram) {
      ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    } else if (fd >= 0) {
      // Whoever made it may have left it blocking, and an accept that waits would hold up a whole worker; and
      // the process before us may have paused it.
      ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
      const int on = 1;  // inherited by what it accepts; no effect on a unix socket
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      if (def.listen.save_syn != 0)
        ::setsockopt(fd, IPPROTO_TCP, TCP_SAVE_SYN, &def.listen.save_syn, sizeof def.listen.save_syn);
      listen_again(listener, fd);
    } else {
      fd = bind_socket(listener, why);
    }
    if (fd < 0) {
      const frontends::FrontendDef& owner = listener.frontend.def();
      const std::string place =
          owner.file.empty() ? "" : " [" + owner.file + ":" + std::to_string(def.line) + "]";
      errors.push_back("Binding" + place + " for frontend " + listener.frontend.name() + ": " + why +
                       " for [" + (def.text.empty() ? def.address.to_string() : def.text) + "]");
      return;
    }
    listener.sockets[i] = fd;
  }
}

// The process before us had more threads, hence more sockets for an address: connections wait in each of
// them, so the workers share the surplus. What no listener wants any more is closed.
void Engine::place_adopted_rest() {
  for (const int fd : std::exchange(adopted_, {})) {
    const Address address = Address::local_of(fd);
    Listener* owner = nullptr;
    for (const auto& frontend : frontends_) {
      for (const auto& listener : frontend->listeners) {
        if (listener->def.kind == BindDef::Kind::address && listener->def.address == address &&
            listener->def.datagram == is_datagram_socket(fd) && listener->any_socket() >= 0) {
          owner = listener.get();
        }
      }
    }
    if (owner != nullptr) {
      owner->sockets.push_back(fd);
    } else {
      ::close(fd);
    }
  }
}

// Each accept loop has a descriptor of its own, made before there are threads, so that ending one leaves the
// socket to the others, and closing ours races with nobody.
void Engine::prepare_acceptors() {
  for (const auto& frontend : frontends_) {
    for (const auto& listener : frontend->listeners) {
      std::set<int> served;
      for (std::size_t i = 0; i < listener->sockets.size(); ++i) {
        const int fd = listener->sockets[i];
        if (fd < 0) continue;
        // With one socket for all, a client's datagrams would come to this worker and to that.
        if (listener->def.datagram && listener->shared_socket && served.contains(fd)) continue;
        served.insert(fd);
        accepting_.fetch_add(1);
        contexts_[i % contexts_.size()]->to_accept.push_back(
            {listener.get(), ::fcntl(fd, F_DUPFD_CLOEXEC, 0)});
      }
    }
  }
}

void Engine::room_made() noexcept {
  on_all_workers([](WorkerContext& context) {
    std::vector<Event*> waiting;
    waiting.swap(context.paused_acceptors);
    for (Event* event : waiting) event->set();
  });
}

bool Engine::over_rate(const Frontend& frontend, Millis now) const noexcept {
  const auto reached = [now](const std::atomic<std::uint32_t>& limit, const stats::EntityCounters& counters,
                             stats::RateId id) {
    const std::uint32_t n = limit.load(std::memory_order_relaxed);
    return n != 0 && counters.rate(id, now) >= n;
  };
  return reached(frontend.rate_limit, frontend.totals, stats::RateId::sess_rate) ||
         reached(connection_rate_limit, totals, stats::RateId::conn_rate) ||
         reached(session_rate_limit, totals, stats::RateId::sess_rate);
}

Task<void> Engine::accept_loop(WorkerContext& context, Listener& listener, int fd) {
  Frontend& frontend = listener.frontend;
  Worker& worker = context.worker;
  std::optional<FdStream> stream(std::in_place, worker, fd);
  const Resident resident(context, &*stream);
  context.acceptors.push_back({&frontend, &*stream});
  std::uint32_t pauses = frontend.pauses.load();
  int in_a_row = 0;
  while (!stopping() && frontend.state.load(std::memory_order_relaxed) != FrontendState::stopped) {
    if (pauses != frontend.pauses.load(std::memory_order_relaxed)) {
      // The stream has seen the socket's end, which was none, and would believe in it for ever.
      pauses = frontend.pauses.load();
      const int same = stream->release();
      stream.emplace(worker, same);
    }
    if (!may_accept(frontend, listener)) {
      waiting_acceptors.fetch_add(1);
      // A place may have been given back before anybody knew that we wait for it.
      const bool room_after_all = may_accept(frontend, listener);
      if (!room_after_all) {
        Event room;
        context.paused_acceptors.push_back(&room);
        co_await room;
      }
      waiting_acceptors.fetch_sub(1);
      if (!room_after_all) continue;
    }
    if (over_rate(frontend, worker.now())) {
      release(frontend, listener);
      co_await worker.sleep(10);
      continue;
    }
    Address peer;
    const int client = next_client(listener.def, stream->fd(), peer);
    if (client >= 0) {
      take_client(context, listener, client, peer);
      if (++in_a_row >= config_->global.maxaccept) {  // those who are in already want to be served too
        in_a_row = 0;
        co_await worker.yield();
      }
      continue;
    }
    const int error = errno;
    release(frontend, listener);  // another acceptor may have met our place taken
    if (error == EAGAIN) {
      in_a_row = 0;
      stream->exhausted_read();
      (void)co_await stream->readable();
    } else if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) {
      log_warning("frontend " + frontend.name() + ": cannot accept (" + std::strerror(error) +
                  "); clients wait in the kernel's backlog");
      co_await worker.sleep(kDescriptorPause);
    } else if (error == EBADF) {
      log_error("frontend " + frontend.name() + ": no descriptor was left to accept with");
      break;  // trying again would spin
    } else if (error == EPIPE) {
      log_warning("frontend " + frontend.name() + ": nobody passes connections over " +
                  listener.def.address.to_string() + " any more");
      break;
    } else if (error == EINVAL) {
      co_await worker.sleep(kPausedElsewhere);
    }
  }
  std::erase_if(context.acceptors, [&](const Acceptor& a) { return a.stream == &*stream; });
  // Closing would not end the watch: others have this socket too.
  const int own = stream->release();
  if (!stopped_.load()) accept_rest(context, listener, own);
  ::close(own);
  accepting_.fetch_sub(1);
}

bool Engine::may_accept(Frontend& frontend, Listener& listener) noexcept {
  return frontend.state.load(std::memory_order_relaxed) != FrontendState::paused && admit(frontend, listener);
}

void Engine::take_client(WorkerContext& context, Listener& listener, int client, const Address& peer) {
  cumulated_connections.fetch_add(1, std::memory_order_relaxed);
  context.worker.poller().note_accepted();
  totals.at(context.index()).rate(stats::RateId::conn_rate, context.worker.now());
  spawn(serve_client(context, listener, client, peer));
  if (context.worker.profiler().on) [[unlikely]]
    context.worker.profiler().end();
}

// Connections that the kernel has accepted would be reset when the last owner of a socket closes it.
void Engine::accept_rest(WorkerContext& context, Listener& listener, int fd) {
  for (int i = 0; i < kRestAtMost && admit(listener.frontend, listener); ++i) {
    Address peer;
    const int client = next_client(listener.def, fd, peer);
    if (client < 0) return release(listener.frontend, listener);
    take_client(context, listener, client, peer);
  }
}

void Engine::stop_frontend(Frontend& frontend) {
  if (frontend.state.exchange(FrontendState::stopped) == FrontendState::stopped) return;
  // Never shutdown(): another process may have these sockets too, and go on with them.
  on_all_workers([&frontend](WorkerContext& context) {
    if (context.index() == 0) close_sockets(frontend);
    for (const Acceptor& acceptor : context.acceptors)
      if (acceptor.frontend == &frontend) acceptor.stream->cancel(IoStatus::cancelled);
  });
  room_made();
}

void Engine::close_sockets(Frontend& frontend) noexcept {
  for (const auto& listener : frontend.listeners) {
    std::vector<int> sockets = std::exchange(listener->sockets, {});
    std::sort(sockets.begin(), sockets.end());
    sockets.erase(std::unique(sockets.begin(), sockets.end()), sockets.end());
    for (const int fd : sockets)
      if (fd >= 0) ::close(fd);
  }
}

// The port refuses connections meanwhile but stays ours: a listening socket that is shut down keeps its
// address and can listen again. Not so an inherited one: whoever gave it to us may use it, too.
void Engine::pause_frontend(Frontend& frontend) {
  FrontendState expected = FrontendState::running;
  if (!frontend.state.compare_exchange_strong(expected, FrontendState::paused)) return;
  frontend.pauses.fetch_add(1);
  for (const auto& listener : frontend.listeners) {
    // Clients wait in the backlog instead; datagrams are for sessions that there are, and else for nobody.
    if (listener->def.kind == BindDef::Kind::inherited_fd || listener->def.datagram) continue;
    for (const int fd : listener->sockets) {
      if (fd >= 0 && Address::local_of(fd).is_ip()) ::shutdown(fd, SHUT_RD);
    }
  }
}

bool Engine::resume_frontend(Frontend& frontend) {
  if (frontend.state.load() != FrontendState::paused) return true;
  bool all = true;
  for (const auto& listener : frontend.listeners) {
    if (listener->def.kind == BindDef::Kind::inherited_fd || listener->def.datagram) continue;
    for (const int fd : listener->sockets) {
      if (fd >= 0 && Address::local_of(fd).is_ip() && !listen_again(*listener, fd)) all = false;
    }
  }
  frontend.state.store(FrontendState::running);
  room_made();
  return all;
}

bool Engine::listen_again(const Listener& listener, int fd) noexcept {
  int backlog = listener.def.listen.backlog;
  if (backlog == 0) backlog = listener.frontend.def().backlog;
  return ::listen(fd, backlog != 0 ? backlog : SOMAXCONN) == 0;
}

}  // namespace evenkeel::frontends
