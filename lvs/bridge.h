// The bridge at work: a thread that keeps the kernel's table in step with the live servers.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "lvs/check_paths.h"
#include "lvs/keeper.h"
#include "lvs/marker.h"
#include "lvs/state_file.h"
#include "lvs/sync.h"

namespace evenkeel::lvs {

// A thread of its own, because calls into the kernel block, and because it keeps a right that the workers
// give up: with `user` in the configuration it alone stays able to change the network (CAP_NET_ADMIN).
class Bridge {
 public:
  struct Options {
    std::shared_ptr<const Def> def;
    std::unique_ptr<Kernel> kernel;
    std::unique_ptr<Host> host;    // for `check-via vip`; null without it
    Keeper::ServersOf servers_of;  // called on the bridge's thread
    // On the bridge's thread, twice a second.
    std::function<void(std::vector<SectionSample>)> on_samples;
    // The synchronisation daemons are left as they are until the first call of sync_role().
    bool sync_waits = false;
  };

  explicit Bridge(Options options);
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;
  ~Bridge();  // as finish() with `keep`

  // Before privileges are dropped. Returns when the table is as it should be, or cannot be made so (which has
  // been said in the log).
  void start();
  // A server has changed: the kernel hears of it at once. Any thread.
  void nudge();
  // What the synchronisation daemons should be from now on (the VRRP role has changed). Any thread.
  void sync_role(SyncRole role);
  // The table is somebody else's from now on (soft stop): nothing is changed any more. Any thread.
  void let_go();
  // At a clean exit, after let_go(): what `lvs-exit` says, unless another process has taken the table over.
  // Waits for connections to end only if `patient`, and at most for `limit` (0: without limit). The thread
  // ends.
  void finish(bool patient, std::chrono::milliseconds limit);

  // Runs the function on the bridge's thread. Any thread; the function is called in any case until finish()
  // has returned.
  void submit(std::function<void(Kernel&)> function);

  [[nodiscard]] const Def& def() const noexcept { return *options_.def; }

 private:
  using Clock = std::chrono::steady_clock;

  void run();
  void begin();
  // What is due: a glance, a look at the services, or the whole table.
  void keep_table();
  void full_round();
  void keep_paths();
  void keep_daemons();
  void write_state();
  [[nodiscard]] bool taken_over() const;
  void leave(bool patient, std::chrono::milliseconds limit);
  void regain_right();

  Options options_;
  CheckPaths paths_;
  std::shared_ptr<Marker> marker_;  // null: nothing is marked
  Keeper keeper_;
  SyncKeeper sync_;
  StateFile state_file_;
  State state_;
  std::thread thread_;
  std::mutex mutex_;  // guards the fields below
  std::condition_variable changed_;
  std::deque<std::function<void(Kernel&)>> requests_;
  bool started_ = false;
  bool nudged_ = false;
  bool holding_ = true;
  std::optional<SyncRole> role_;
  bool ending_ = false;
  // The thread's own.
  bool regained_ = false;
  Clock::time_point next_glance_;
  Clock::time_point next_look_;
  Clock::time_point next_round_;
};

}  // namespace evenkeel::lvs
