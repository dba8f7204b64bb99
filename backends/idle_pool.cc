#include "backends/idle_pool.h"

namespace evenkeel::backends {

void IdlePool::put(std::unique_ptr<ServerConnection> connection, Millis now) noexcept {
  ServerConnection& c = *connection;
  c.idle_since = now;
  c.stream.watch_idle(&IdlePool::on_event, &c);
  if (c.stream.disturbed_while_idle()) return;  // closes it
  c.pool_ = this;
  c.next_ = head_;
  c.link_ = &head_;
  if (head_ != nullptr) head_->link_ = &c.next_;
  head_ = connection.release();
  ++size_;
  shared_.fetch_add(1, std::memory_order_relaxed);
}

std::unique_ptr<ServerConnection> IdlePool::unlink(ServerConnection& c) noexcept {
  *c.link_ = c.next_;
  if (c.next_ != nullptr) c.next_->link_ = c.link_;
  c.link_ = nullptr;
  c.next_ = nullptr;
  c.pool_ = nullptr;
  --size_;
  shared_.fetch_sub(1, std::memory_order_relaxed);
  return std::unique_ptr<ServerConnection>(&c);
}

std::unique_ptr<ServerConnection> IdlePool::take(std::uint32_t min_requests) noexcept {
  for (ServerConnection* c = head_; c != nullptr; c = c->next_) {
    if (c->requests < min_requests) continue;
    auto connection = unlink(*c);
    connection->stream.unwatch_idle();
    return connection;
  }
  return nullptr;
}

std::unique_ptr<ServerConnection> IdlePool::take_for(const Server& server) noexcept {
  for (ServerConnection* c = head_; c != nullptr; c = c->next_) {
    if (c->server != &server) continue;
    auto connection = unlink(*c);
    connection->stream.unwatch_idle();
    return connection;
  }
  return nullptr;
}

void IdlePool::on_event(void* connection) noexcept {
  auto& c = *static_cast<ServerConnection*>(connection);
  if (c.pool_ != nullptr) (void)c.pool_->unlink(c);  // closes it
}

void IdlePool::purge(Millis cutoff, std::uint32_t keep) noexcept {
  std::uint32_t kept = 0;
  for (ServerConnection* c = head_; c != nullptr;) {
    ServerConnection* const next = c->next_;
    if (++kept > keep && c->idle_since < cutoff) unlink(*c)->stream.skip_time_wait();
    c = next;
  }
}

void IdlePool::clear() noexcept {
  // unlink() moves head_ on, through whichever pointer leads to the connection.
  while (head_ != nullptr)
    unlink(*head_)->stream.skip_time_wait();  // NOLINT(clang-analyzer-cplusplus.NewDelete)
}

}  // namespace evenkeel::backends
