// Which plane serves the sections with an `lvs` line, and the bridge if it is the kernel.
#pragma once

#include <memory>

#include "frontends/engine.h"
#include "lvs/bridge.h"
#include "stats/role_board.h"

namespace evenkeel::app {

class LvsPlane {
 public:
  // Looks whether there is IPVS. Where there is, the sections lose their listeners in `config`: their
  // addresses are the kernel's. False: there is none, and a section insists on it; the reason has been said.
  bool choose(const std::shared_ptr<const lvs::Def>& def, std::shared_ptr<const frontends::Config>& config);
  // Builds the table, and keeps it from now on. Before privileges are dropped.
  // `vrrp`: the synchronisation daemons wait for follow() to name their roles.
  void start(frontends::Engine& engine, bool vrrp);
  // The machine's roles have changed: the daemons of `lvs-sync` follow. Any thread.
  void follow(const std::vector<stats::VrrpRole>& roles);
  // Leaves the table to the next process. Any thread.
  void let_go();
  // After the engine's end.
  void finish(bool patient, Millis limit);
  // The start has failed: the table stays as it is, and nothing looks at the engine any more.
  void abandon() noexcept { bridge_.reset(); }
  [[nodiscard]] lvs::Bridge* bridge() const noexcept { return bridge_.get(); }

 private:
  std::shared_ptr<const lvs::Def> def_;
  std::unique_ptr<lvs::Kernel> kernel_;
  std::unique_ptr<lvs::Bridge> bridge_;
};

// MASTER anywhere asks for the master daemon, any other state for the backup's; `configured` while keepalived
// has said nothing.
lvs::SyncRole sync_role(const std::vector<stats::VrrpRole>& roles) noexcept;

}  // namespace evenkeel::app
