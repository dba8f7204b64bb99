#include "health/monitor.h"

#include <algorithm>
#include <deque>
#include <random>
#include <unordered_map>
#include <utility>
#include <vector>

#include "health/child.h"
#include "health/script.h"

namespace evenkeel::health {
namespace {

double thread_random() {
  thread_local std::minstd_rand generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

}  // namespace

struct Monitor::Core : std::enable_shared_from_this<Monitor::Core> {
  struct Watched;

  // The health check or the agent check of one target.
  struct Probe {
    Probe(Core& c, Watched& w, CheckKind k, HealthCounter counter)
        : core(c),
          watched(w),
          kind(k),
          health(counter),
          due(
              c.worker.timers(), [](void* self) noexcept { static_cast<Probe*>(self)->on_due(); }, this),
          guard(c.worker) {}
    void on_due() noexcept { core.begin(*this); }

    Core& core;
    Watched& watched;
    CheckKind kind;
    HealthCounter health;
    Deadline due;
    ExchangeGuard guard;
    bool enabled = false;
    bool running = false;
    bool queued = false;
    bool checked = false;
    bool nolb = false;
    bool again = false;  // check once more as soon as the running one is over
    CheckStatus last = CheckStatus::unknown;
  };

  struct Watched : std::enable_shared_from_this<Watched> {
    Watched(Core& core, MonitorTarget t, CheckId i)
        : target(std::move(t)),
          id(i),
          def(*target.def),
          health(core, *this, CheckKind::health,
                 HealthCounter(def.rise, def.fall, def.enabled ? def.init_state : InitState::fully_up)),
          agent(core, *this, CheckKind::agent, HealthCounter(1, 1, InitState::fully_up)) {
      if (target.initial_health >= 0) health.health.restore(target.initial_health);
      health.enabled = def.enabled;
      agent.enabled = def.agent.enabled;
    }
    [[nodiscard]] bool up() const noexcept {
      // The health counter speaks even while its checks are disabled: operators may have set it.
      return health.health.up() && (!agent.enabled || agent.health.up());
    }
    MonitorTarget target;
    CheckId id;
    CheckDef def;  // a copy: run-time commands change addresses
    Probe health;
    Probe agent;
    bool removed = false;
  };

  Core(Worker& w, CheckListener& l, MonitorOptions o) : worker(w), listener(&l), options(std::move(o)) {
    if (!options.random) options.random = thread_random;
    if (options.max_running == 0) options.max_running = SIZE_MAX;
  }

  Watched* find(CheckId id) noexcept {
    const auto it = targets.find(id);
    return it == targets.end() ? nullptr : it->second.get();
  }
  static Probe& probe_of(Watched& watched, CheckKind kind) noexcept {
    return kind == CheckKind::health ? watched.health : watched.agent;
  }
  [[nodiscard]] bool live(const Probe& probe) const noexcept {
    return listener != nullptr && probe.enabled && !probe.watched.removed;
  }

  void begin(Probe& probe);
  void drain();
  void schedule(Probe& probe, Millis delay) { probe.due.set(worker.now() + delay); }
  void schedule_next(Probe& probe);
  void check_now(Probe& probe);
  [[nodiscard]] Millis interval(const Probe& probe) const;
  void apply(Probe& probe, Verdict verdict, Millis duration, const AgentReply* reply);
  void report(Probe& probe, Verdict verdict, Millis duration, HealthChange change, bool noteworthy,
              const AgentReply* reply);

  Task<Verdict> run_protocol(Probe& probe, Protocol& protocol, const ConnectPlan& plan);
  Task<Verdict> run_health(Probe& probe);
  Task<Verdict> run_external(Probe& probe);
  // The whole life of one check. Holds the core and the target, so that both may be given up meanwhile.
  static Task<void> run(std::shared_ptr<Core> core, std::shared_ptr<Watched> watched, CheckKind kind);

  Worker& worker;
  CheckListener* listener;  // null once the monitor is gone
  MonitorOptions options;
  std::unordered_map<CheckId, std::shared_ptr<Watched>> targets;
  CheckId next_id = 0;
  bool started = false;
  std::size_t running = 0;
  std::deque<std::pair<std::weak_ptr<Watched>, CheckKind>> waiting;
  bool draining = false;
};

// ---- when
// -----------------------------------------------------------------------------------------------------------

void Monitor::Core::begin(Probe& probe) {
  if (!live(probe) || probe.running || probe.queued) return;
  probe.queued = true;
  waiting.emplace_back(probe.watched.shared_from_this(), probe.kind);
  drain();
}

// A check may end before run() first suspends (refused by loopback); the loop, not recursion, then takes the
// next one.
void Monitor::Core::drain() {
  if (std::exchange(draining, true)) return;
  const auto self = shared_from_this();
  while (running < options.max_running && !waiting.empty()) {
    const auto [weak, kind] = waiting.front();
    waiting.pop_front();
    auto watched = weak.lock();
    if (!watched) continue;
    Probe& probe = probe_of(*watched, kind);
    probe.queued = false;
    if (!live(probe)) continue;
    probe.running = true;
    ++running;
    spawn(run(self, std::move(watched), kind));
  }
  draining = false;
}

Millis Monitor::Core::interval(const Probe& probe) const {
  if (probe.kind == CheckKind::agent) return probe.watched.def.agent.inter;
  return interval_for(probe.watched.def.intervals, probe.health, probe.checked);
}

void Monitor::Core::schedule_next(Probe& probe) {
  if (std::exchange(probe.again, false)) {
    schedule(probe, 0);
  } else {
    schedule(probe, with_jitter(interval(probe), options.spread_percent, options.random()));
  }
}

void Monitor::Core::check_now(Probe& probe) {
  if (!live(probe)) return;
  if (probe.running) {
    probe.again = true;
  } else {
    schedule(probe, 0);
  }
}

// ---- one check
// ------------------------------------------------------------------------------------------------------

Task<Verdict> Monitor::Core::run_protocol(Probe& probe, Protocol& protocol, const ConnectPlan& plan) {
  const CheckDef& def = probe.watched.def;
  const Millis inter = probe.kind == CheckKind::agent ? def.agent.inter : def.intervals.inter;
  const BackendCheck& check = *probe.watched.target.check;
  const CheckTimeouts timeouts = check_timeouts(inter, check.timeout_connect, check.timeout_check);
  co_return co_await exchange(worker, protocol, plan, timeouts, probe.guard);
}

Task<Verdict> Monitor::Core::run_health(Probe& probe) {
  const MonitorTarget& target = probe.watched.target;
  if (target.check->protocol == CheckProtocol::external) co_return co_await run_external(probe);
  Script script(*target.check, {target.backend, target.server, target.server_state});
  const ConnectPlan plan = plan_for(probe.watched.def, target.address, target.link);
  co_return co_await run_protocol(probe, script, plan);
}

Task<Verdict> Monitor::Core::run_external(Probe& probe) {
  const MonitorTarget& target = probe.watched.target;
  const BackendCheck& check = *target.check;
  const ExternalTarget described = target.external ? target.external() : ExternalTarget{};
  const Millis timeout = check.timeout_check > 0 ? check.timeout_check : probe.watched.def.intervals.inter;
  const ChildResult child =
      co_await run_child(worker, find_command(check.external_command, check.external_path),
                         external_arguments(check.external_command, described),
                         external_environment(check.external_path, described), timeout);
  if (!child.started) co_return external_not_started();
  co_return child.timed_out ? external_timeout() : external_verdict(child.wait_status);
}

Task<void> Monitor::Core::run(std::shared_ptr<Core> core, std::shared_ptr<Watched> watched, CheckKind kind) {
  Probe& probe = probe_of(*watched, kind);
  probe.guard.aborted = false;
  core->listener->on_start(watched->target, kind);
  const std::int64_t began = SystemClock().now_us();
  Verdict verdict;
  const AgentReply* reply = nullptr;
  std::optional<AgentProtocol> agent;
  if (kind == CheckKind::health) {
    verdict = co_await core->run_health(probe);
  } else {
    const AgentDef& def = watched->def.agent;
    agent.emplace(def.send);
    ConnectPlan plan;
    plan.address = def.addr ? *def.addr : watched->target.address;
    plan.address.set_port(def.port);
    plan.source = watched->target.link.source;
    verdict = co_await core->run_protocol(probe, *agent, plan);
    const bool answered = verdict.status == CheckStatus::l7_ok || verdict.status == CheckStatus::l7_sts ||
                          verdict.status == CheckStatus::checked;
    if (answered) reply = &agent->reply();
  }
  const Millis duration = (SystemClock().now_us() - began) / 1000;
  probe.running = false;
  --core->running;
  if (core->live(probe) && !probe.guard.aborted) {
    core->apply(probe, std::move(verdict), duration, reply);
    if (core->live(probe)) core->schedule_next(probe);
  } else if (core->live(probe)) {
    core->schedule(probe, 0);  // disabled and enabled again while it ran
  }
  core->drain();
}

void Monitor::Core::apply(Probe& probe, Verdict verdict, Millis duration, const AgentReply* reply) {
  HealthChange change = HealthChange::none;
  const CheckResult outcome = result(verdict.status);
  probe.checked = true;
  if (probe.kind == CheckKind::agent) {
    // Not to reach an agent says nothing about the server; only its own words count.
    if (verdict.status == CheckStatus::l7_ok) change = probe.health.on_success();
    if (verdict.status == CheckStatus::l7_sts) change = probe.health.on_failure();
  } else if (outcome == CheckResult::passed) {
    change = probe.health.on_success();
  } else if (outcome == CheckResult::failed) {
    change = probe.health.on_failure();
  } else if (outcome == CheckResult::conditional) {
    change = probe.health.on_conditional();
  }
  const bool was_nolb = probe.nolb;
  if (outcome == CheckResult::conditional) {
    probe.nolb = probe.health.up();
  } else if (outcome == CheckResult::passed || !probe.health.up()) {
    probe.nolb = false;
  }
  // A conditional pass of a server that is down changes nothing and is not worth a line.
  const bool ignored = outcome == CheckResult::conditional && !probe.health.up();
  const bool noteworthy =
      !ignored && verdict.status != CheckStatus::checked &&
      (verdict.status != probe.last || change != HealthChange::none || was_nolb != probe.nolb);
  report(probe, std::move(verdict), duration, change, noteworthy, reply);
}

void Monitor::Core::report(Probe& probe, Verdict verdict, Millis duration, HealthChange change,
                           bool noteworthy, const AgentReply* reply) {
  if (listener == nullptr) return;
  probe.last = verdict.status;
  CheckOutcome outcome;
  outcome.kind = probe.kind;
  outcome.verdict = std::move(verdict);
  outcome.duration_ms = duration;
  outcome.change = change;
  outcome.health = &probe.health;
  outcome.up = probe.watched.up();
  outcome.nolb = probe.nolb;
  outcome.noteworthy = noteworthy;
  outcome.agent = reply;
  const auto keep = probe.watched.shared_from_this();
  listener->on_outcome(probe.watched.target, outcome);
}

// ---- the outside
// ----------------------------------------------------------------------------------------------------

Monitor::Monitor(Worker& worker, CheckListener& listener, MonitorOptions options)
    : core_(std::make_shared<Core>(worker, listener, std::move(options))) {}

Monitor::~Monitor() {
  core_->listener = nullptr;
  for (const auto& [id, watched] : core_->targets) {
    for (Core::Probe* probe : {&watched->health, &watched->agent}) {
      probe->due.clear();
      probe->guard.abort();
    }
  }
  core_->targets.clear();
}

CheckId Monitor::add(MonitorTarget target) {
  const CheckId id = core_->next_id++;
  const auto watched = std::make_shared<Core::Watched>(*core_, std::move(target), id);
  core_->targets.emplace(id, watched);
  if (core_->started) {
    core_->check_now(watched->health);
    core_->check_now(watched->agent);
  }
  return id;
}

void Monitor::remove(CheckId id) {
  const auto it = core_->targets.find(id);
  if (it == core_->targets.end()) return;
  const auto watched = it->second;
  core_->targets.erase(it);
  watched->removed = true;
  for (Core::Probe* probe : {&watched->health, &watched->agent}) {
    probe->due.clear();
    probe->guard.abort();
  }
}

void Monitor::start() {
  core_->started = true;
  std::vector<Core::Probe*> probes;
  Millis shortest = kNever;
  std::vector<CheckId> order;
  for (const auto& [id, watched] : core_->targets) order.push_back(id);
  std::sort(order.begin(), order.end());  // as configured
  for (const CheckId id : order) {
    Core::Watched& watched = *core_->targets[id];
    for (Core::Probe* probe : {&watched.health, &watched.agent}) {
      if (!probe->enabled) continue;
      probes.push_back(probe);
      shortest = std::min(shortest, core_->interval(*probe));
    }
  }
  for (std::size_t i = 0; i < probes.size(); ++i) {
    core_->schedule(*probes[i], start_offset(i, probes.size(), shortest, core_->options.max_spread));
  }
}

void Monitor::set_enabled(CheckId id, CheckKind kind, bool enabled) {
  Core::Watched* watched = core_->find(id);
  if (watched == nullptr) return;
  Core::Probe& probe = Core::probe_of(*watched, kind);
  if (probe.enabled == enabled) return;
  probe.enabled = enabled;
  if (!enabled) {
    probe.due.clear();
    probe.guard.abort();
  } else if (core_->started && !probe.running) {
    core_->schedule(probe, 0);
  }
}

void Monitor::restart(CheckId id) {
  Core::Watched* watched = core_->find(id);
  if (watched == nullptr) return;
  watched->health.health.reset(watched->def.init_state);
  watched->health.checked = false;
  watched->health.nolb = false;
  if (core_->started) core_->check_now(watched->health);
}

void Monitor::force(CheckId id, CheckKind kind, bool up, bool nolb) {
  Core::Watched* watched = core_->find(id);
  if (watched == nullptr) return;
  Core::Probe& probe = Core::probe_of(*watched, kind);
  const HealthChange change = probe.health.force(up);
  probe.nolb = up && nolb;
  core_->report(probe, Verdict{probe.last, 0, {}}, -1, change, false, nullptr);
}

void Monitor::set_address(CheckId id, const Address& server) {
  if (Core::Watched* watched = core_->find(id)) watched->target.address = server;
}

void Monitor::set_check_address(CheckId id, std::optional<Address> address, std::uint16_t port) {
  Core::Watched* watched = core_->find(id);
  if (watched == nullptr) return;
  if (address) watched->def.addr = address;
  if (port != 0) watched->def.port = port;
}

void Monitor::set_agent_address(CheckId id, std::optional<Address> address, std::uint16_t port) {
  Core::Watched* watched = core_->find(id);
  if (watched == nullptr) return;
  if (address) watched->def.agent.addr = address;
  if (port != 0) watched->def.agent.port = port;
}

void Monitor::set_agent_send(CheckId id, std::string send) {
  if (Core::Watched* watched = core_->find(id)) watched->def.agent.send = std::move(send);
}

void Monitor::on_traffic_errors(CheckId id, std::string text) {
  Core::Watched* watched = core_->find(id);
  if (watched == nullptr || !watched->health.enabled) return;
  Core::Probe& probe = watched->health;
  const bool could_fail = probe.health.up() && watched->def.on_error != OnError::fastinter;
  const HealthChange change = apply_on_error(watched->def.on_error, probe.health);
  if (could_fail) {
    core_->report(probe, Verdict{CheckStatus::observed, 0, std::move(text)}, -1, change,
                  change != HealthChange::none, nullptr);
  }
  if (core_->live(probe) && !probe.running) {
    probe.due.set(sooner_check(probe.due.at(), core_->worker.now(), watched->def.intervals));
  }
}

const HealthCounter* Monitor::counter(CheckId id, CheckKind kind) const noexcept {
  Core::Watched* watched = core_->find(id);
  return watched == nullptr ? nullptr : &Core::probe_of(*watched, kind).health;
}

std::size_t Monitor::running() const noexcept { return core_->running; }
std::size_t Monitor::size() const noexcept { return core_->targets.size(); }

}  // namespace evenkeel::health
