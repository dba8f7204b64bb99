#include "app/lvs_plane.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/log.h"
#include "lvs/live_servers.h"
#include "lvs/netlink.h"
#include "lvs/rtnetlink.h"

namespace evenkeel::app {
namespace {

using frontends::Config;
using frontends::Engine;
using lvs::SectionSample;

std::string_view plane_of(const lvs::SectionDef& section) {
  switch (section.forward) {
    case lvs::Forward::masq:
      return "LVS-NAT";
    case lvs::Forward::tunnel:
      return "LVS-TUN";
    default:
      return "LVS-DR";
  }
}

// The section as it runs; its description on the statistics page says in which plane.
template <class Definition>
std::shared_ptr<const Definition> adjusted(const Definition& def, const std::string& plane, bool kernel) {
  auto copy = std::make_shared<Definition>(def);
  copy->description += (copy->description.empty() ? "" : " - ") + plane;
  if constexpr (requires { copy->binds; }) {
    if (kernel) copy->binds.clear();
  } else if (!kernel) {
    for (auto& server : copy->servers) server.check.via = nullptr;
  }
  return copy;
}

std::shared_ptr<const Config> in_planes(const Config& config, const lvs::Def& def, bool kernel) {
  auto copy = std::make_shared<Config>(config);
  for (const lvs::SectionDef& section : def.sections) {
    const std::string plane =
        kernel ? std::string(plane_of(section)) + " in the kernel, scheduler " + section.service.scheduler
               : "in user space, for want of IPVS";
    for (auto& frontend : copy->frontends)
      if (frontend->name == section.frontend) frontend = adjusted(*frontend, plane, kernel);
    for (auto& backend : copy->backends)
      if (backend->name == section.name) backend = adjusted(*backend, plane, kernel);
  }
  return copy;
}

// The kernel's numbers, in the counters that `show stat`, CSV and page are made of.
void count(stats::Counters& counters, const lvs::Counters& since, Millis now) {
  const auto conns = static_cast<std::uint32_t>(std::min<std::uint64_t>(since.conns, UINT32_MAX));
  counters.cum_sess += since.conns;
  counters.bytes_in += since.in_bytes;
  counters.bytes_out += since.out_bytes;
  if (conns == 0) return;
  counters.rate(stats::RateId::sess_rate, now, conns);
  counters.touch(now);
}

std::string_view frontend_of(const lvs::Def& def, std::string_view section) {
  for (const lvs::SectionDef& one : def.sections)
    if (one.name == section) return one.frontend;
  return {};
}

void count_section(Engine& engine, const lvs::Def& def, const SectionSample& sample, unsigned worker,
                   Millis now) {
  if (backends::Backend* backend = engine.find_backend(sample.name)) {
    stats::Counters& counters = backend->counters(worker);
    count(counters, sample.since, now);
    counters.cum_lbconn += sample.since.conns;
    counters.sess_max.note(sample.active);
    backend->current_sessions.store(sample.active);
    for (const lvs::ServerSample& one : sample.servers) {
      backends::Server* const server = backend->find_server(one.name);
      if (server == nullptr) continue;
      stats::Counters& own = server->counters(worker);
      count(own, one.since, now);
      own.cum_lbconn += one.since.conns;
      own.sess_max.note(one.active);
      server->current_sessions.store(one.active);
    }
  }
  if (frontends::Frontend* frontend = engine.find_frontend(frontend_of(def, sample.name))) {
    stats::Counters& counters = frontend->totals.at(worker);
    count(counters, sample.since, now);
    counters.cum_conn += sample.since.conns;
    if (sample.since.conns > 0)
      counters.rate(stats::RateId::conn_rate, now, static_cast<std::uint32_t>(sample.since.conns));
    counters.sess_max.note(sample.active);
    frontend->current.store(sample.active);
  }
}

}  // namespace

bool LvsPlane::choose(const std::shared_ptr<const lvs::Def>& def, std::shared_ptr<const Config>& config) {
  if (def == nullptr) return true;
  std::string why;
  kernel_ = lvs::open_kernel(why);
  if (kernel_ != nullptr) {
    def_ = def;
    config = in_planes(*config, *def, true);
    return true;
  }
  bool good = true;
  for (const lvs::SectionDef& section : def->sections) {
    if (section.fallback_proxy) {
      log_warning("lvs: '" + section.name + "' is served in user space: " + why);
      continue;
    }
    log_error("lvs: '" + section.name + "' cannot be served: " + why +
              "; 'fallback proxy' in its 'lvs' line would serve it in user space");
    good = false;
  }
  config = in_planes(*config, *def, false);
  return good;
}

void LvsPlane::start(Engine& engine, bool vrrp) {
  if (kernel_ == nullptr) return;
  lvs::Bridge::Options options;
  options.def = def_;
  options.sync_waits = vrrp;
  options.kernel = std::move(kernel_);
  if (std::string why; (options.host = lvs::open_host(why)) == nullptr) log_warning("lvs: " + why);
  options.servers_of = [&engine](const lvs::SectionDef& section) {
    const backends::Backend* backend = engine.find_backend(section.name);
    return backend == nullptr ? std::vector<lvs::ServerState>() : lvs::server_states(*backend);
  };
  options.on_samples = [&engine, def = def_](std::vector<SectionSample> samples) {
    Worker& worker = engine.context(0).worker;
    worker.post([&engine, def, samples = std::move(samples)] {
      frontends::WorkerContext& context = engine.context(0);
      for (const SectionSample& sample : samples)
        count_section(engine, *def, sample, context.index(), context.worker.now());
    });
  };
  bridge_ = std::make_unique<lvs::Bridge>(std::move(options));
  for (const lvs::SectionDef& section : def_->sections) {
    backends::Backend* backend = engine.find_backend(section.name);
    if (backend != nullptr) backend->on_server_change = [bridge = bridge_.get()] { bridge->nudge(); };
    std::string list;
    for (const lvs::ServiceKey& key : section.keys) list += (list.empty() ? "" : ", ") + to_string(key);
    log_notice("lvs: '" + section.name + "' is served by the kernel (" + std::string(plane_of(section)) +
               ", " + section.service.scheduler + "): " + list);
  }
  bridge_->start();
}

lvs::SyncRole sync_role(const std::vector<stats::VrrpRole>& roles) noexcept {
  bool master = false;
  bool backup = false;
  for (const stats::VrrpRole& role : roles)
    if (!role.state.empty()) (role.state == "MASTER" ? master : backup) = true;
  if (master) return backup ? lvs::SyncRole::both : lvs::SyncRole::master;
  return backup ? lvs::SyncRole::backup : lvs::SyncRole::configured;
}

void LvsPlane::follow(const std::vector<stats::VrrpRole>& roles) {
  if (bridge_ != nullptr) bridge_->sync_role(sync_role(roles));
}

void LvsPlane::let_go() {
  if (bridge_ != nullptr) bridge_->let_go();
}

void LvsPlane::finish(bool patient, Millis limit) {
  if (bridge_ != nullptr) bridge_->finish(patient, std::chrono::milliseconds(limit));
}

}  // namespace evenkeel::app
