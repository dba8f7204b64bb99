// Server connections that wait for their next request.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "core/fd_stream.h"
#include "core/socket_options.h"

namespace evenkeel::backends {

class IdlePool;
class Server;

// One connection to a server. Belongs to a lease while a request uses it, to a pool while it is idle.
struct ServerConnection {
  ServerConnection(Worker& worker, int fd) : stream(worker, fd, false) {}
  FdStream stream;
  const Server* server = nullptr;  // whom it leads to
  std::uint32_t requests = 0;      // answered over it so far
  Millis idle_since = 0;
  // A connection that may serve nobody but the session that opened it (its PROXY header or source names the
  // client).
  bool is_private = false;
  PacketMarks marks;  // that its packets carry

 private:
  friend class IdlePool;
  IdlePool* pool_ = nullptr;
  ServerConnection** link_ = nullptr;
  ServerConnection* next_ = nullptr;
};

// The idle connections of one server on one worker, or those that a session keeps to itself: last in, first
// out, so that surplus ones grow old and are purged. A connection on which the server closes or talks out of
// turn leaves the pool and is closed at once.
class IdlePool {
 public:
  // shared_count: idle connections of the server over all workers.
  explicit IdlePool(std::atomic<std::uint32_t>& shared_count) noexcept : shared_(shared_count) {}
  IdlePool(const IdlePool&) = delete;
  IdlePool& operator=(const IdlePool&) = delete;
  ~IdlePool() { clear(); }

  void put(std::unique_ptr<ServerConnection> connection, Millis now) noexcept;
  // The most recently used one that has served at least `min_requests`; null when there is none.
  std::unique_ptr<ServerConnection> take(std::uint32_t min_requests) noexcept;
  // The same of those that lead to `server`, for pools that serve several servers.
  std::unique_ptr<ServerConnection> take_for(const Server& server) noexcept;
  // Closes what has been idle since before `cutoff`, but leaves `keep` connections.
  void purge(Millis cutoff, std::uint32_t keep) noexcept;
  void clear() noexcept;
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }

 private:
  std::unique_ptr<ServerConnection> unlink(ServerConnection& connection) noexcept;
  static void on_event(void* connection) noexcept;

  ServerConnection* head_ = nullptr;
  std::uint32_t size_ = 0;
  std::atomic<std::uint32_t>& shared_;
};

}  // namespace evenkeel::backends
