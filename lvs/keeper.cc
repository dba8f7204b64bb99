#include "lvs/keeper.h"

#include <algorithm>
#include <string_view>

#include "lvs/reconcile.h"

namespace evenkeel::lvs {
namespace {

using Kind = Operation::Kind;

constexpr std::size_t kShown = 3;  // steps of a repair that the log names

// What the kernel has done, in our picture of its table.
void mirror(const Operation& step, Table& table) {
  switch (step.kind) {
    case Kind::add_service:
    case Kind::edit_service:
      table[step.key].definition = step.service;
      break;
    case Kind::delete_service:
      table.erase(step.key);
      break;
    case Kind::add_destination:
    case Kind::edit_destination:
      table[step.key].destinations[step.endpoint].definition = step.destination;
      break;
    case Kind::delete_destination:
      table[step.key].destinations.erase(step.endpoint);
      break;
    case Kind::clear:
      table.clear();
      break;
  }
}

// Only what is ours: others may do with theirs what they like.
Table only(const std::set<ServiceKey>& keys, const Table& table) {
  Table part;
  for (const ServiceKey& key : keys) {
    const auto found = table.find(key);
    if (found != table.end()) part.insert(*found);
  }
  return part;
}

std::uint64_t gain(std::uint64_t now, std::uint64_t before) noexcept {
  return now >= before ? now - before : now;
}

Counters gain(const Counters& now, const Counters& before) noexcept {
  Counters since;
  since.conns = gain(now.conns, before.conns);
  since.in_packets = gain(now.in_packets, before.in_packets);
  since.out_packets = gain(now.out_packets, before.out_packets);
  since.in_bytes = gain(now.in_bytes, before.in_bytes);
  since.out_bytes = gain(now.out_bytes, before.out_bytes);
  return since;
}

void add(Counters& sum, const Counters& more) noexcept {
  sum.conns += more.conns;
  sum.in_packets += more.in_packets;
  sum.out_packets += more.out_packets;
  sum.in_bytes += more.in_bytes;
  sum.out_bytes += more.out_bytes;
}

void add(ServerSample& sum, const DestinationEntry& now, const DestinationEntry& before) noexcept {
  sum.active += now.active;
  sum.inactive += now.inactive;
  sum.persistent += now.persistent;
  add(sum.since, gain(now.counters, before.counters));
}

}  // namespace

Keeper::Keeper(const Def& def, Kernel& kernel, ServersOf servers_of, Say say)
    : def_(def), kernel_(kernel), servers_of_(std::move(servers_of)), say_(std::move(say)) {
  for (const SectionDef& section : def_.sections) {
    owned_.insert(section.keys.begin(), section.keys.end());
    for (const CheckedServer& server : section.checked) owned_.insert(check_key(server));
  }
}

void Keeper::inherit(const std::set<ServiceKey>& services) {
  owned_.insert(services.begin(), services.end());
}

void Keeper::complain(const std::string& text) {
  if (text == complaint_) return;
  complaint_ = text;
  say_(LogLevel::error, "lvs: " + text);
}

// The service as we left it, with the connections that the last reading saw; a server that it has not seen
// yet may have some.
ServiceEntry Keeper::known(const ServiceKey& key) const {
  const auto left = left_.find(key);
  if (left == left_.end()) return {};
  ServiceEntry service = left->second;
  const auto read = read_.find(key);
  for (auto& [endpoint, server] : service.destinations) {
    const bool seen = read != read_.end() && read->second.destinations.contains(endpoint);
    if (seen) {
      server = read->second.destinations.at(endpoint);
    } else {
      server.active = 1;
    }
  }
  return service;
}

Table Keeper::wanted(bool drained) const {
  Table table;
  for (const SectionDef& section : def_.sections) {
    std::vector<ServerState> servers = servers_of_(section);
    for (const ServiceKey& key : section.keys) {
      const ServiceEntry present = known(key);
      ServiceEntry entry = wanted_service(section, key, servers, &present);
      if (drained) {
        for (auto& [endpoint, server] : entry.destinations) server.definition.weight = 0;
      }
      table.emplace(key, std::move(entry));
    }
    if (!drained) add_checks(section, servers, table);
  }
  return table;
}

void Keeper::add_checks(const SectionDef& section, const std::vector<ServerState>& servers, Table& table) {
  if (section.checked.empty()) return;
  std::map<std::string_view, const ServerState*> by_name;
  for (const ServerState& server : servers) by_name.emplace(server.name, &server);
  for (const CheckedServer& checked : section.checked) {
    const auto found = by_name.find(checked.name);
    if (found == by_name.end()) continue;  // deleted at run time
    ServiceEntry entry = check_service(section, *found->second);
    const ServiceKey key = check_key(checked);
    entry.definition.netmask = full_mask(key.family);
    table.emplace(key, std::move(entry));
  }
}

void Keeper::mend(const std::vector<Operation>& foreign) {
  std::string text;
  for (std::size_t i = 0; i < foreign.size() && i < kShown; ++i)
    text += (i == 0 ? "" : "; ") + to_string(foreign[i]);
  if (foreign.size() > kShown) text += "; and " + std::to_string(foreign.size() - kShown) + " more";
  // Somebody who does it again and again is not worth a line each time.
  if (mend_words_ == 0) return;
  --mend_words_;
  say_(LogLevel::warning, "lvs: somebody else has changed the kernel's table, repaired: " + text);
}

void Keeper::carry_out(const std::vector<Operation>& steps) {
  bool good = true;
  for (const Operation& step : steps) {
    const KernelError error = kernel_.apply(step);
    if (!error) {
      mirror(step, left_);
      continue;
    }
    good = false;
    complain("cannot " + to_string(step) + ": " + describe(error, step.kind));
  }
  if (good) complaint_.clear();
}

bool Keeper::full_round() {
  if (const KernelError error = kernel_.read(read_)) {
    complain("the kernel's table cannot be read: " + describe(error));
    return false;
  }
  const Table ours = only(owned_, read_);
  if (begun_) {
    const std::vector<Operation> foreign = reconcile(left_, ours, owned_);
    if (!foreign.empty()) mend(foreign);
    if (++rounds_ % kMendPause == 0 && mend_words_ < kMendWords) ++mend_words_;
  } else if (!ours.empty()) {
    say_(LogLevel::notice, "lvs: found " + std::to_string(ours.size()) +
                               " of our services in the kernel and goes on with them");
  }
  begun_ = true;
  left_ = ours;
  const Table table = wanted(false);
  carry_out(reconcile(table, left_, owned_));
  // What is no longer wanted has gone with this round.
  std::erase_if(owned_, [&](const ServiceKey& key) { return !table.contains(key) && !left_.contains(key); });
  return true;
}

bool Keeper::glance() {
  if (left_.empty()) return true;
  auto next = left_.upper_bound(glanced_);
  if (next == left_.end()) next = left_.begin();
  glanced_ = next->first;
  bool present = true;
  return kernel_.find(glanced_, present) || present;
}

bool Keeper::look() {
  std::map<ServiceKey, Service> services;
  if (kernel_.list(services)) return true;
  return std::all_of(left_.begin(), left_.end(), [&services](const auto& ours) {
    const auto found = services.find(ours.first);
    return found != services.end() &&
           normal(found->second, ours.first.family) == normal(ours.second.definition, ours.first.family);
  });
}

void Keeper::quick_round() {
  if (begun_) carry_out(reconcile(wanted(false), left_, {}));
}

bool Keeper::drain_round() {
  if (kernel_.read(read_)) return true;  // there is nothing that we could still do
  left_ = only(owned_, read_);
  carry_out(reconcile(wanted(true), left_, owned_));
  for (const auto& [key, service] : left_) {
    for (const auto& [endpoint, server] : service.destinations)
      if (server.active != 0) return false;
  }
  return true;
}

void Keeper::clear() {
  for (const ServiceKey& key : owned_) kernel_.apply({Kind::delete_service, key});
  left_.clear();
}

void Keeper::clear_checks() {
  for (const ServiceKey& key : owned_) {
    if (!is_check_mark(key)) continue;
    kernel_.apply({Kind::delete_service, key});
    left_.erase(key);
  }
  std::erase_if(owned_, [](const ServiceKey& key) { return is_check_mark(key); });
}

std::vector<SectionSample> Keeper::take_samples() {
  std::vector<SectionSample> samples;
  for (const SectionDef& section : def_.sections) {
    SectionSample sample;
    sample.name = section.name;
    for (const ServerState& server : servers_of_(section)) {
      ServerSample one;
      one.name = server.name;
      for (const ServiceKey& key : section.keys) {
        const auto now = read_.find(key);
        if (now == read_.end()) continue;
        const Endpoint endpoint = destination_of(server, section, key);
        const auto found = now->second.destinations.find(endpoint);
        if (found == now->second.destinations.end()) continue;
        add(one, found->second, sampled_[key].destinations[endpoint]);
      }
      sample.active += one.active;
      sample.inactive += one.inactive;
      sample.persistent += one.persistent;
      sample.servers.push_back(std::move(one));
    }
    for (const ServiceKey& key : section.keys) {
      const auto now = read_.find(key);
      if (now == read_.end()) continue;
      add(sample.since, gain(now->second.counters, sampled_[key].counters));
      sampled_[key] = now->second;
    }
    samples.push_back(std::move(sample));
  }
  return samples;
}

}  // namespace evenkeel::lvs
