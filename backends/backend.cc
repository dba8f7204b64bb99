#include "backends/backend.h"

#include <algorithm>

#include "balance/factory.h"

namespace evenkeel::backends {

Backend::Backend(std::shared_ptr<const BackendDef> def, unsigned workers)
    : fullconn(def->fullconn), totals(workers), def_(std::move(def)), workers_(workers) {
  published.store(!def_->unpublished);
  servers_.reserve(def_->servers.size());
  balance::MemberSet set;
  set.all_backups = def_->all_backups;
  for (const ServerDef& server : def_->servers) {
    // Aliased: the server's definition lives as long as the whole backend's.
    std::shared_ptr<const ServerDef> own(def_, &server);
    servers_.push_back(std::make_unique<Server>(*this, std::move(own),
                                                static_cast<std::uint32_t>(servers_.size()), workers));
    set.members.push_back(servers_.back().get());
    if (server.minconn != 0) has_minconn_.store(true);
  }
  policy_ = balance::make_policy(def_->balance, std::move(set));
}

Backend::~Backend() = default;

std::vector<Server*> Backend::servers() const {
  const std::lock_guard lock(servers_mutex_);
  std::vector<Server*> all;
  all.reserve(servers_.size());
  for (const auto& server : servers_) all.push_back(server.get());
  return all;
}

Server* Backend::find_server(std::string_view name) const {
  const std::lock_guard lock(servers_mutex_);
  for (const auto& server : servers_) {
    if (server->name == name) return server.get();
  }
  return nullptr;
}

Server* Backend::find_by_cookie(std::string_view value) const {
  if (value.empty()) return nullptr;
  const std::lock_guard lock(servers_mutex_);
  for (const auto& server : servers_) {
    if (server->def().cookie == value) return server.get();
  }
  return nullptr;
}

Server* Backend::add_server(std::shared_ptr<const ServerDef> def, std::string& why) {
  if (find_server(def->name) != nullptr) {
    why = "Already exists a server with the same name in backend.";
    return nullptr;
  }
  balance::MemberSet set;
  set.all_backups = def_->all_backups;
  Server* made = nullptr;
  {
    const std::lock_guard lock(servers_mutex_);
    std::uint32_t index = 0;
    for (const auto& server : servers_) index = std::max(index, server->index + 1);
    servers_.push_back(std::make_unique<Server>(*this, std::move(def), index, workers_));
    made = servers_.back().get();
    if (made->def().minconn != 0) has_minconn_.store(true);
    for (const auto& server : servers_) set.members.push_back(server.get());
  }
  policy_->set_members(std::move(set));
  return made;
}

void Backend::remove_server(Server& server) {
  balance::MemberSet set;
  set.all_backups = def_->all_backups;
  {
    const std::lock_guard lock(servers_mutex_);
    auto it =
        std::find_if(servers_.begin(), servers_.end(), [&](const auto& s) { return s.get() == &server; });
    if (it == servers_.end()) return;
    removed_.push_back(std::move(*it));
    servers_.erase(it);
    for (const auto& s : servers_) set.members.push_back(s.get());
  }
  policy_->set_members(std::move(set));
}

void Backend::load_changed() {
  if (!has_minconn_.load(std::memory_order_relaxed)) return;
  for (Server* server : servers()) server->follow_load();
}

void Backend::session_began(unsigned worker, Millis now) {
  stats::Counters& own = counters(worker);
  ++own.cum_sess;
  own.rate(stats::RateId::sess_rate, now);
  own.sess_max.note(current_sessions.fetch_add(1, std::memory_order_relaxed) + 1);
  load_changed();
}

void Backend::session_ended() {
  current_sessions.fetch_sub(1, std::memory_order_relaxed);
  load_changed();
}

Server* Backend::pick(const balance::PickContext& context, Server** full) {
  // A slot may be lost to another worker between pick and take; each loss means that somebody else got on, so
  // a few rounds suffice, and the queue catches the rest.
  for (int round = 0; round < 8; ++round) {
    auto* server = static_cast<Server*>(policy_->pick(context));
    if (server == nullptr) return nullptr;
    if (server->full()) {
      if (full != nullptr) *full = server;
      return nullptr;
    }
    if (server->try_take()) {
      policy_->on_assign(*server);
      return server;
    }
  }
  return nullptr;
}

bool Backend::enqueue(QueueWait& wait) {
  const std::lock_guard lock(queue_mutex_);
  if (wait.wanted_ != nullptr && !wait.wanted_->can_serve()) {
    wait.status = IoStatus::failed;  // it went down after it was chosen; its queue has been emptied already
    return false;
  }
  // First in the queue, then a last look for a free slot: whoever releases one counts it free before it looks
  // for waiters, so that one of the two sees the other.
  link(wait);
  if (wait.position == 0) {
    if (wait.wanted_ == nullptr) {
      wait.granted = pick({});
    } else if (wait.wanted_->try_take()) {
      wait.granted = wait.wanted_;
      policy_->on_assign(*wait.granted);
    }
  }
  if (wait.granted != nullptr) {
    unlink(wait);
    return false;
  }
  const auto worker = static_cast<unsigned>(wait.worker_.index());
  auto& counted = wait.wanted_ != nullptr ? wait.wanted_->counters(worker) : counters(worker);
  counted.queue_max.note((wait.wanted_ != nullptr ? wait.wanted_->queued : queued_here).load());
  return true;
}

void Backend::link(QueueWait& wait) {
  wait.position = wait.wanted_ != nullptr ? wait.wanted_->queued.load() : queued_here.load();
  // Behind the last one that may go first. Without priorities that is the tail, give or take the difference
  // between two workers' clocks.
  QueueWait* before = queue_tail_;
  for (; before != nullptr && wait.rank_ < before->rank_; before = before->prev_) {
    if (before->wanted_ == wait.wanted_) --wait.position;
  }
  wait.prev_ = before;
  wait.next_ = before != nullptr ? before->next_ : queue_head_;
  (before != nullptr ? before->next_ : queue_head_) = &wait;
  (wait.next_ != nullptr ? wait.next_->prev_ : queue_tail_) = &wait;
  wait.linked_ = true;
  (wait.wanted_ != nullptr ? wait.wanted_->queued : queued_here).fetch_add(1);
  queued.fetch_add(1);
}

void Backend::unlink(QueueWait& wait) {
  (wait.prev_ != nullptr ? wait.prev_->next_ : queue_head_) = wait.next_;
  (wait.next_ != nullptr ? wait.next_->prev_ : queue_tail_) = wait.prev_;
  wait.prev_ = wait.next_ = nullptr;
  wait.linked_ = false;
  if (wait.wanted_ != nullptr) {
    wait.wanted_->queued.fetch_sub(1);
  } else {
    queued_here.fetch_sub(1);
  }
  queued.fetch_sub(1);
}

bool Backend::dequeue(QueueWait& wait) {
  const std::lock_guard lock(queue_mutex_);
  if (!wait.linked_) return false;
  unlink(wait);
  return true;
}

// Whoever is first in the queue among those whom this server can serve.
QueueWait* Backend::next_for(Server& server) {
  for (QueueWait* wait = queue_head_; wait != nullptr; wait = wait->next_) {
    if (wait->wanted_ == &server || (wait->wanted_ == nullptr && server.usable())) return wait;
  }
  return nullptr;
}

std::uint32_t Backend::dispatch(Server& server) {
  std::uint32_t granted = 0;
  if (queued.load() == 0 || !server.can_serve()) return granted;
  const std::lock_guard lock(queue_mutex_);
  while (QueueWait* wait = next_for(server)) {
    if (!server.try_take()) break;
    unlink(*wait);
    wait->granted = &server;
    policy_->on_assign(server);
    ++granted;
    wait->worker_.post([handle = wait->waiter_] { handle.resume(); });
  }
  return granted;
}

void Backend::dispatch_all() {
  for (Server* server : servers()) dispatch(*server);
}

std::uint32_t Backend::evict_queue(Server& server) {
  std::uint32_t evicted = 0;
  const std::lock_guard lock(queue_mutex_);
  for (QueueWait* wait = queue_head_; wait != nullptr;) {
    QueueWait* const next = wait->next_;
    if (wait->wanted_ == &server) {
      unlink(*wait);
      wait->status = IoStatus::failed;
      ++evicted;
      wait->worker_.post([handle = wait->waiter_] { handle.resume(); });
    }
    wait = next;
  }
  return evicted;
}

bool Backend::is_up() { return def_->servers.empty() || policy_->any_usable(); }

}  // namespace evenkeel::backends
