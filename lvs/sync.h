// The kernel's connection synchronisation daemons (ipvsadm --start-daemon): which should run, and keeping
// them running.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/log.h"
#include "lvs/kernel.h"

namespace evenkeel::lvs {

// configured: what the `lvs-sync` lines say. The others follow VRRP: a line then gives interface, syncid and
// group, and the role is the machine's. `both` is for machines that are master of one address and backup of
// another; the kernel runs one daemon of each kind.
enum class SyncRole : std::uint8_t { configured, master, backup, both };

// A role without a line of its own uses the other's.
std::vector<Daemon> wanted_daemons(const std::vector<Daemon>& lines, SyncRole role);

class SyncKeeper {
 public:
  using Say = std::function<void(LogLevel, const std::string&)>;
  // The lines have to outlive it.
  SyncKeeper(const std::vector<Daemon>& lines, Kernel& kernel, Say say)
      : lines_(lines), kernel_(kernel), say_(std::move(say)) {}

  // Reads which daemons run, stops those of the wrong role or interface and starts what is missing, also when
  // somebody else has stopped it. A role that no line and no switch has claimed is left to others.
  void keep(SyncRole role);
  // At a clean exit: stops what keep() has claimed.
  void stop();

 private:
  [[nodiscard]] bool claimed(bool master) const;
  void start(const Daemon& daemon, bool again);

  const std::vector<Daemon>& lines_;
  Kernel& kernel_;
  Say say_;
  bool switched_ = false;     // a role has come from VRRP: both kinds are ours
  std::vector<Daemon> kept_;  // as the last round left them
  std::string complaint_;
};

}  // namespace evenkeel::lvs
