#include "lvs/check_paths.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "health/vip_path.h"

namespace evenkeel::lvs {
namespace {

Endpoint bare(Endpoint endpoint) noexcept {
  endpoint.port = 0;
  return endpoint;
}

// In a sysctl's name the dots of an interface are slashes.
std::string setting_of(std::string link, const char* what) {
  std::replace(link.begin(), link.end(), '.', '/');
  return "net.ipv4.conf." + link + "." + what;
}

bool is_link_local(const Endpoint& address) noexcept {
  return address.family == AF_INET6 && address.ip[0] == 0xfe && (address.ip[1] & 0xc0U) == 0x80;
}

}  // namespace

CheckPaths::CheckPaths(const Def& def, std::unique_ptr<Host> host, Say say)
    : def_(def), host_(std::move(host)), say_(std::move(say)) {
  for (const SectionDef& section : def_.sections) {
    any_ = any_ || !section.checked.empty();
    for (const ServiceKey& key : section.keys)
      if (key.fwmark == 0) vips_.insert(bare(endpoint_of(key)));
    for (const CheckedServer& server : section.checked) vips_.insert(bare(endpoint_of(server.path->to())));
  }
}

void CheckPaths::look_again() {
  ways_.clear();
  state_ = {};
  if (host_ != nullptr) host_->read_addresses(state_);
}

const CheckPaths::Way& CheckPaths::way_to(const Endpoint& server) {
  const auto [entry, fresh] = ways_.try_emplace(server);
  if (fresh && host_ != nullptr) {
    Way way;
    if (host_->look_up(server, way.link, way.source) == 0) entry->second = way;
  }
  return entry->second;
}

// The address that the kernel would take, unless it is a virtual one: the server has those itself and would
// not answer them.
Endpoint CheckPaths::source_for(const Way& way, const Endpoint& vip) const {
  const auto usable = [&](const Endpoint& address) {
    return address.family == vip.family && !is_link_local(address) && !vips_.contains(bare(address));
  };
  if (usable(way.source)) return bare(way.source);
  for (const LinkAddress& entry : state_.addresses)
    if (entry.link == way.link && usable(entry.address)) return bare(entry.address);
  return {};
}

void CheckPaths::open(const CheckedServer& server, const Endpoint& destination, Settings& wanted,
                      const Settings& before) {
  const Endpoint vip = bare(endpoint_of(server.path->to()));
  const Way& way = way_to(bare(destination));
  const Link* const link = state_.link(way.link);
  if (link == nullptr) return server.path->close("there is no route to " + ip_string(destination));
  if (link->loopback) return server.path->close(ip_string(destination) + " is an address of this machine");
  const Endpoint source = source_for(way, vip);
  if (source.family == AF_UNSPEC)
    return server.path->close("this machine has no address on " + link->name + " beside the virtual ones");
  const bool six = vip.family == AF_INET6;
  server.path->open(address_of(source), six ? std::string() : link->name);
  if (six) return;  // IPv6 does not look at the sender
  const auto was = [&](const std::string& name) {
    const auto found = before.find(name);
    if (found != before.end()) return found->second;
    const auto [entry, fresh] = seen_.try_emplace(name);
    if (fresh) entry->second = host_->setting(name).value_or("0");
    return entry->second;
  };
  if (was("net.ipv4.conf.all.accept_local") != "1") wanted[setting_of(link->name, "accept_local")] = "1";
  const LinkAddress* const holder = state_.holder(vip);
  const std::string filter = setting_of(link->name, "rp_filter");
  const std::string strictest = std::max(was("net.ipv4.conf.all.rp_filter"), was(filter));
  if (strictest == "1" && holder != nullptr && holder->link != link->index) wanted[filter] = "2";
}

bool CheckPaths::settle(const Settings& wanted, Settings& before) {
  bool changed = false;
  for (const auto& [name, value] : wanted) {
    const auto now = host_->setting(name);
    if (now == value) continue;
    const int error = host_->set(name, value);
    if (error == 0) {
      changed = before.try_emplace(name, now.value_or("0")).second || changed;
    } else if (refused_.insert(name).second) {
      say_(LogLevel::warning, "lvs: 'check-via vip' needs " + name + " " + value +
                                  ", which cannot be set: " + std::strerror(error));
    }
  }
  for (auto entry = before.begin(); entry != before.end();) {
    if (wanted.contains(entry->first)) {
      ++entry;
      continue;
    }
    host_->set(entry->first, entry->second);
    entry = before.erase(entry);
    changed = true;
  }
  return changed;
}

bool CheckPaths::keep(const Table& present, Settings& before, std::chrono::steady_clock::time_point now) {
  if (host_ == nullptr || (!any_ && before.empty())) return false;
  if (now - looked_ >= kRemember) {
    looked_ = now;
    look_again();
  }
  Settings wanted;
  seen_.clear();
  for (const SectionDef& section : def_.sections) {
    for (const CheckedServer& server : section.checked) {
      const auto service = present.find(check_key(server));
      if (service == present.end() || service->second.destinations.empty()) {
        server.path->close("the kernel does not have the service for it");
        continue;
      }
      open(server, service->second.destinations.begin()->first, wanted, before);
    }
  }
  return settle(wanted, before);
}

void CheckPaths::end(Settings& before) {
  for (const SectionDef& section : def_.sections)
    for (const CheckedServer& server : section.checked) server.path->close("Evenkeel is stopping");
  if (host_ != nullptr) settle({}, before);
}

}  // namespace evenkeel::lvs
