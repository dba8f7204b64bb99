// `check-via vip` at work: keeps the ways of checks through servers open, and the interfaces so that the
// answers come in.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "core/log.h"
#include "lvs/def.h"
#include "lvs/host.h"

namespace evenkeel::lvs {

// No thread and no clock of its own: the bridge says when.
//
// Two settings of the interface to a server are changed, and of no other:
// accept_local 1: the answer's sender is the virtual address, which this machine has itself, and the kernel
//   drops what comes from outside with such a sender. The risk: another machine of that network can send
//   packets in the name of this one's own addresses, as it can in the name of any other.
// rp_filter 2 (loose) where it is 1 (strict) and the virtual address is on another interface: strict
// filtering
//   would still drop the answer.
class CheckPaths {
 public:
  using Say = std::function<void(LogLevel, const std::string&)>;
  using Settings = std::map<std::string, std::string>;  // name of sysctl(8) -> value

  // The definition has to outlive the object. host: null where there is none; then all ways stay closed.
  CheckPaths(const Def& def, std::unique_ptr<Host> host, Say say);

  [[nodiscard]] bool any() const noexcept { return any_; }
  // Opens the way to each server whose service `present` has, closes the others. `before`: what the settings
  // were before we came, completed here. True: it has changed. What is looked up (routes, addresses) may be
  // old for kRemember.
  bool keep(const Table& present, Settings& before, std::chrono::steady_clock::time_point now);
  // Closes all ways and puts back what was set.
  void end(Settings& before);

 private:
  static constexpr auto kRemember = std::chrono::seconds(2);
  struct Way {
    int link = 0;  // 0: there is none
    Endpoint source;
  };
  void look_again();
  const Way& way_to(const Endpoint& server);
  [[nodiscard]] Endpoint source_for(const Way& way, const Endpoint& vip) const;
  void open(const CheckedServer& server, const Endpoint& destination, Settings& wanted,
            const Settings& before);
  bool settle(const Settings& wanted, Settings& before);

  const Def& def_;
  std::unique_ptr<Host> host_;
  Say say_;
  bool any_ = false;
  std::set<Endpoint> vips_;  // without ports
  HostState state_;          // links and addresses
  std::map<Endpoint, Way> ways_;
  std::chrono::steady_clock::time_point looked_{};
  Settings seen_;                  // read in this round: thousands of servers share few interfaces
  std::set<std::string> refused_;  // settings that cannot be set; said once
};

}  // namespace evenkeel::lvs
