// The ends towards keepalived: the track file that Evenkeel writes, the notify FIFO that it reads, and the
// advertisements of other machines that it overhears.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "vrrp/def.h"
#include "vrrp/notify.h"
#include "vrrp/watch.h"

namespace evenkeel::vrrp {

struct BackendState {
  std::string name;
  std::size_t servers = 0;  // configured
  std::size_t usable = 0;
};

// Why the weight is not earned; empty: it is.
std::string shortfall(const Def& def, const std::vector<BackendState>& backends);
// The number for the file: a positive weight is a bonus of the healthy, a negative one a malus of the others,
// kFault their FAULT.
int value_of(const Def& def, bool healthy) noexcept;

// A thread of its own, because a disk may block, and because it must notice what nobody tells it: a file that
// somebody has removed.
class Keeper {
 public:
  using Look = std::function<std::vector<BackendState>()>;  // called on the keeper's thread
  // Hears of every change of role; first from start(), with what is known by then, which may be nothing.
  using OnRoles = std::function<void(const std::vector<stats::VrrpRole>&)>;
  Keeper(Def def, Look look, OnRoles on_roles = {});
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  ~Keeper();

  // Opens both ends, before privileges and root directory are given up. False: `error` says which and why.
  bool open(std::string& error);
  // The file is right when it returns. After open().
  void start();
  // Something has changed: look now. Any thread.
  void nudge() noexcept;
  // Soft stop: writes "not healthy" unless a successor has written the file, and reads the FIFO no more. Any
  // thread.
  void let_go() noexcept;
  // As let_go(), and the thread ends.
  void finish() noexcept;

 private:
  void run();
  void look();
  void write(int value);
  bool replace(int directory, const std::string& name, const std::string& text);
  [[nodiscard]] bool own_file() const;
  void read_fifo();
  void restore_roles();
  void publish();
  void wait();
  void hear();

  Def def_;
  Look look_;
  OnRoles on_roles_;
  int file_dir_ = -1;
  int fifo_dir_ = -1;
  int fifo_ = -1;
  int wake_ = -1;
  std::atomic<bool> leaving_{false};
  std::atomic<bool> ending_{false};
  std::thread thread_;
  // The thread's own.
  bool left_ = false;
  bool failing_ = false;
  std::optional<int> written_;
  unsigned long long inode_ = 0;
  std::string why_;
  LineSplitter lines_;
  Roles roles_;
  Watch watch_;
};

}  // namespace evenkeel::vrrp
