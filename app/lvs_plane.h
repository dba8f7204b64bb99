// Which plane serves the sections with an `lvs` line, and the bridge if it is the kernel.
#pragma once

#include <memory>

#include "frontends/engine.h"
#include "lvs/bridge.h"

namespace evenkeel::app {

class LvsPlane {
 public:
  // Looks whether there is IPVS. Where there is, the sections lose their listeners in `config`: their
  // addresses are the kernel's. False: there is none, and a section insists on it; the reason has been said.
  bool choose(const std::shared_ptr<const lvs::Def>& def, std::shared_ptr<const frontends::Config>& config);
  // Builds the table, and keeps it from now on. Before privileges are dropped.
  void start(frontends::Engine& engine);
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

}  // namespace evenkeel::app
