#include "backends/server.h"

#include <algorithm>

#include "backends/backend.h"
#include "balance/dynamic_maxconn.h"
#include "balance/hash_key.h"
#include "core/worker.h"

namespace evenkeel::backends {
namespace {

Millis monotonic_now() noexcept {
  const Worker* worker = Worker::current();
  return worker != nullptr ? worker->now() : SystemClock().now_ms();
}

std::uint32_t initial_admin(const ServerDef& def) noexcept {
  std::uint32_t flags = def.disabled ? kForcedMaint | kConfigMaint : 0U;
  if (def.address.family() == AF_UNSPEC) flags |= kNoAddress;
  return flags;
}

// Its address came from a name, or has yet to come.
bool named(const ServerDef& def) {
  const bool ip = def.address.is_ip() || def.address.family() == AF_UNSPEC;
  return ip && !def.host.empty() && def.host != "*" && !Address::from_ip(def.host, 0);
}

}  // namespace

Server::Server(Backend& backend, std::shared_ptr<const ServerDef> def, std::uint32_t index, unsigned workers)
    : Member(index, def->id, def->name, def->backup),
      user_weight(def->weight),
      initial_weight(def->weight),
      maxconn_setting(def->maxconn),
      minconn_setting(def->minconn),
      checks_enabled(def->check.enabled),
      agent_enabled(def->check.agent.enabled),
      totals(workers),
      last_change(monotonic_now()),
      fqdn(named(*def) ? def->host : ""),
      check_target{def->check.addr, def->check.port},
      agent_target{def->check.agent.addr, def->check.agent.port},
      backend_(backend),
      def_(std::move(def)),
      address_(def_->address),
      admin_(initial_admin(*def_)) {
  ring_seed.store(balance::ring_seed(def_->hash_key, def_->id, address_));
  if (def_->check.init_state == health::InitState::down ||
      def_->check.init_state == health::InitState::fully_down) {
    running_.store(!def_->check.enabled);
  }
  health_value =
      in_maintenance()
          ? 0
          : health::HealthCounter(def_->check.rise, def_->check.fall, def_->check.init_state).value();
  pools_.reserve(workers);
  for (unsigned i = 0; i < workers; ++i) pools_.push_back(std::make_unique<IdlePool>(idle_));
  maxqueue.store(def_->maxqueue);
  apply_limits();
  available.store(running() && (admin() & (kAnyMaint | kAnyDrain)) == 0);
  weight.store(def_->weight * balance::kWeightScale);
}

Address Server::address() const {
  const std::lock_guard lock(mutex);
  return address_;
}

void Server::set_address(const Address& address) {
  {
    const std::lock_guard lock(mutex);
    address_ = address;
  }
  if (def_->hash_key != balance::HashKey::id) {
    ring_seed.store(balance::ring_seed(def_->hash_key, def_->id, address));
    refresh();
  }
  if (address.family() != AF_UNSPEC) change_admin(0, kNoAddress);
}

void Server::apply_limits() {
  maxconn.store(balance::dynamic_maxconn(minconn_setting.load(std::memory_order_relaxed),
                                         maxconn_setting.load(std::memory_order_relaxed), backend_.fullconn,
                                         backend_.current_sessions.load(std::memory_order_relaxed)),
                std::memory_order_relaxed);
}

void Server::follow_load() {
  const std::uint32_t before = maxconn.load(std::memory_order_relaxed);
  apply_limits();
  if (maxconn.load(std::memory_order_relaxed) > before) backend_.dispatch(*this);
}

void Server::refresh() {
  if (recompute()) requeued.store(backend_.dispatch(*this));
}

// True: it has come into use. One thread at a time, else a result that is out of date could be stored last.
bool Server::recompute() {
  const std::lock_guard lock(refresh_mutex_);
  apply_limits();
  const std::uint32_t user = user_weight.load(std::memory_order_relaxed);
  std::uint32_t effective = user * balance::kWeightScale;
  const Millis since = up_since_.load(std::memory_order_relaxed);
  if (since != 0 && def_->slowstart > 0 && user > 0) {
    const Millis elapsed = monotonic_now() - since;
    if (elapsed >= def_->slowstart) {
      up_since_.store(0, std::memory_order_relaxed);
    } else {
      effective = std::max<std::uint32_t>(
          1, static_cast<std::uint32_t>(effective * std::max<Millis>(elapsed, 0) / def_->slowstart));
    }
  }
  const bool usable = running() && !stopping() && (admin() & (kAnyMaint | kAnyDrain)) == 0;
  const bool came = usable && (!available.load() || weight.load() == 0);
  if (available.load() == usable && weight.load() == effective) return false;
  weight.store(effective, std::memory_order_relaxed);
  available.store(usable);
  backend_.policy().on_change(*this);
  if (backend_.on_server_change) backend_.on_server_change();
  return came;
}

bool Server::change_admin(std::uint32_t add, std::uint32_t remove) {
  std::uint32_t before = admin_.load();
  std::uint32_t after = 0;
  do {
    after = (before & ~remove) | add;
    if (after == before) return false;
  } while (!admin_.compare_exchange_weak(before, after));
  const bool was_out = (before & kAnyMaint) != 0;
  const bool is_out = (after & kAnyMaint) != 0;
  if (was_out && !is_out) {
    // Leaving maintenance, a checked server proves itself from full health (init-state tells otherwise); an
    // unchecked one simply runs.
    running_.store(tracked == nullptr || tracked->running(), std::memory_order_release);
    if (def_->slowstart > 0) up_since_.store(monotonic_now());
  }
  if (was_out != is_out) {
    const std::lock_guard lock(mutex);
    const Millis now = monotonic_now();
    if (!is_out) down_time += now - last_change;
    last_change = now;
  }
  requeued.store(0);
  refresh();
  if (is_out && !was_out) {
    requeued.store(backend_.evict_queue(*this));
    if (def_->on_marked_down_shutdown && backend_.kill_sessions)
      backend_.kill_sessions(*this, Cause::killed_down);
  }
  for (Server* follower : followers()) {
    const std::uint32_t maint = is_out ? kInheritedMaint : 0U;
    const std::uint32_t drain = (after & kAnyDrain) != 0 ? kInheritedDrain : 0U;
    follower->change_admin(maint | drain, (kInheritedMaint | kInheritedDrain) & ~(maint | drain));
  }
  return true;
}

void Server::set_running(bool up, Millis now) {
  if (running_.exchange(up, std::memory_order_acq_rel) == up) return;
  {
    const std::lock_guard lock(mutex);
    if (up) down_time += now - last_change;
    last_change = now;
  }
  if (up && def_->slowstart > 0) up_since_.store(now);
  if (!up)
    ++totals.at(static_cast<unsigned>(Worker::current() != nullptr ? Worker::current()->index() : 0))
          .down_transitions;
  requeued.store(0);
  refresh();
  if (up) {
    if (def_->on_marked_up_shutdown_backup && !backup && backend_.kill_sessions) {
      for (Server* other : backend_.servers()) {
        if (other->backup) backend_.kill_sessions(*other, Cause::killed_up);
      }
    }
  } else {
    requeued.store(backend_.evict_queue(*this));
    if (def_->on_marked_down_shutdown && backend_.kill_sessions)
      backend_.kill_sessions(*this, Cause::killed_down);
  }
  for (Server* follower : followers()) follower->set_running(up, now);
}

void Server::add_follower(Server& follower) {
  {
    const std::lock_guard lock(mutex);
    followers_.push_back(&follower);
  }
  follower.tracked = this;
  if (in_maintenance()) follower.change_admin(kInheritedMaint, 0);
  if ((admin() & kAnyDrain) != 0) follower.change_admin(kInheritedDrain, 0);
  follower.set_running(running(), monotonic_now());
  follower.set_stopping(stopping());
}

void Server::remove_follower(const Server& follower) {
  const std::lock_guard lock(mutex);
  std::erase(followers_, &follower);
}

std::vector<Server*> Server::followers() const {
  const std::lock_guard lock(mutex);
  return followers_;
}

void Server::note_traffic(health::Observe layer, const health::TrafficError* error) {
  const health::Observe mode = def_->check.observe;
  if (mode == health::Observe::none) return;
  if (mode != layer && !(error != nullptr && layer == health::Observe::layer4)) return;
  const bool too_many = observer.note(error == nullptr, def_->check.error_limit);
  if (too_many && error != nullptr && backend_.on_traffic_errors)
    backend_.on_traffic_errors(*this, *error);
}

void Server::set_stopping(bool stopping) {
  if (stopping_.exchange(stopping) == stopping) return;
  refresh();
  for (Server* follower : followers()) follower->set_stopping(stopping);
}

void Server::release_slot() {
  give_back();
  backend_.policy().on_release(*this);
  if (backend_.queued.load() != 0) backend_.dispatch(*this);
}

}  // namespace evenkeel::backends
