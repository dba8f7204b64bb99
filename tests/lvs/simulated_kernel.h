// A kernel that lives in a map and obeys the rules of the real one, as far as they matter here.
#pragma once

#include <cerrno>
#include <vector>

#include "lvs/kernel.h"

namespace evenkeel::lvs {

class SimulatedKernel : public Kernel {
 public:
  KernelError read(Table& out) override {
    ++reads;
    if (broken) return {broken};
    out = table;
    return {};
  }
  KernelError list(std::map<ServiceKey, Service>& services) override {
    ++lists;
    for (const auto& [key, entry] : table) services[key] = entry.definition;
    return {broken};
  }
  KernelError find(const ServiceKey& key, bool& present) override {
    found.push_back(key);
    present = table.contains(key);
    return {broken};
  }

  KernelError apply(const Operation& operation) override {
    using Kind = Operation::Kind;
    if (broken) return {broken};
    applied.push_back(operation);
    if (operation.kind == Kind::clear) {
      table.clear();
      return {};
    }
    const auto entry = table.find(operation.key);
    if (operation.kind == Kind::add_service) {
      if (entry != table.end()) return {EEXIST};
      table[operation.key].definition = operation.service;
      return {};
    }
    if (entry == table.end()) return {ESRCH};
    ServiceEntry& service = entry->second;
    const bool known = service.destinations.contains(operation.endpoint);
    switch (operation.kind) {
      case Kind::edit_service:
        service.definition = operation.service;
        break;
      case Kind::delete_service:
        table.erase(entry);
        break;
      case Kind::add_destination:
        if (known) return {EEXIST};
        service.destinations[operation.endpoint].definition = operation.destination;
        break;
      case Kind::edit_destination:
        if (!known) return {ENOENT};
        service.destinations[operation.endpoint].definition = operation.destination;
        break;
      case Kind::delete_destination:
        if (!known) return {ENOENT};
        service.destinations.erase(operation.endpoint);
        break;
      default:
        break;
    }
    return {};
  }
  KernelError info(Info& info) override {
    info = {0x010201, 4096};
    return {};
  }
  KernelError timeouts(Timeouts& out) override {
    out = times;
    return {};
  }
  KernelError set_timeouts(const Timeouts& in) override {
    times = in;
    return {};
  }
  KernelError daemons(std::vector<Daemon>& out) override {
    out = running;
    return {};
  }
  KernelError start_daemon(const Daemon& daemon) override {
    running.push_back(daemon);
    return {};
  }
  KernelError stop_daemon(const Daemon& daemon) override {
    std::erase_if(running, [&](const Daemon& d) { return d.master == daemon.master; });
    return {};
  }
  KernelError zero(const std::optional<ServiceKey>&) override {
    ++zeroed;
    return {};
  }

  Table table;
  std::vector<Operation> applied;
  std::vector<Daemon> running;
  Timeouts times{900, 120, 300};
  int broken = 0;
  int reads = 0;
  int lists = 0;
  std::vector<ServiceKey> found;  // what find() was asked for
  int zeroed = 0;
};

}  // namespace evenkeel::lvs
