// keepalived's side of a serving process: its track file and its notify FIFO, fed from live backends.
#pragma once

#include <memory>
#include <string>

#include "app/config_draft.h"
#include "frontends/engine.h"
#include "vrrp/keeper.h"

namespace evenkeel::app {

class VrrpPairing {
 public:
  // Opens both ends and writes the first weight. Before privileges are dropped, after what else wants to hear
  // of servers (it listens behind them). False: `error` says why.
  // `on_roles` as vrrp::Keeper::OnRoles; not called without a notify FIFO.
  bool start(const vrrp::Def& def, frontends::Engine& engine, vrrp::Keeper::OnRoles on_roles,
             std::string& error);
  // Soft stop; any thread.
  void let_go() noexcept {
    if (keeper_ != nullptr) keeper_->let_go();
  }
  // After the engine's end.
  void finish() noexcept {
    if (keeper_ != nullptr) keeper_->finish();
  }

 private:
  std::unique_ptr<vrrp::Keeper> keeper_;
};

void check_vrrp(const ConfigDraft& draft, conf::Diagnostics& diagnostics);

}  // namespace evenkeel::app
