#include "lvs/sync.h"

#include <algorithm>

namespace evenkeel::lvs {
namespace {

std::string name_of(const Daemon& daemon) {
  return std::string(daemon.master ? "master" : "backup") + " synchronisation daemon on " + daemon.interface;
}

const Daemon* of_role(const std::vector<Daemon>& daemons, bool master) {
  const auto found = std::find_if(daemons.begin(), daemons.end(),
                                  [master](const Daemon& daemon) { return daemon.master == master; });
  return found == daemons.end() ? nullptr : &*found;
}

// What a line does not say, the kernel fills in; the length it also cuts to the interface's MTU.
bool same(const Daemon& running, const Daemon& line) {
  if (running.master != line.master || running.interface != line.interface ||
      running.sync_id != line.sync_id || (line.ttl != 0 && running.ttl != line.ttl))
    return false;
  if (line.group.family == AF_UNSPEC) return true;
  return running.group.ip == line.group.ip && (line.group.port == 0 || running.group.port == line.group.port);
}

}  // namespace

std::vector<Daemon> wanted_daemons(const std::vector<Daemon>& lines, SyncRole role) {
  if (role == SyncRole::configured || lines.empty()) return lines;
  std::vector<Daemon> wanted;
  for (const bool master : {true, false}) {
    if (role == (master ? SyncRole::backup : SyncRole::master)) continue;
    const Daemon* const line = of_role(lines, master);
    wanted.push_back(line != nullptr ? *line : lines.front());
    wanted.back().master = master;
  }
  return wanted;
}

bool SyncKeeper::claimed(bool master) const { return switched_ || of_role(lines_, master) != nullptr; }

void SyncKeeper::keep(SyncRole role) {
  if (lines_.empty()) return;
  switched_ = switched_ || role != SyncRole::configured;
  std::vector<Daemon> running;
  if (kernel_.daemons(running)) return;
  const std::vector<Daemon> wanted = wanted_daemons(lines_, role);
  // First what is new: a director that becomes master must not miss a moment of telling the other.
  for (const Daemon& daemon : wanted) {
    const Daemon* const there = of_role(running, daemon.master);
    if (there != nullptr && same(*there, daemon)) continue;
    if (there != nullptr) kernel_.stop_daemon(*there);
    const Daemon* const before = of_role(kept_, daemon.master);
    start(daemon, before != nullptr && same(*before, daemon));
  }
  for (const Daemon& daemon : running) {
    if (of_role(wanted, daemon.master) != nullptr || !claimed(daemon.master)) continue;
    if (!kernel_.stop_daemon(daemon)) say_(LogLevel::notice, "lvs: stopped the " + name_of(daemon));
  }
  std::erase_if(kept_, [&](const Daemon& daemon) { return of_role(wanted, daemon.master) == nullptr; });
  for (const Daemon& daemon : wanted)
    if (of_role(kept_, daemon.master) == nullptr && of_role(running, daemon.master) != nullptr)
      kept_.push_back(daemon);
}

void SyncKeeper::start(const Daemon& daemon, bool again) {
  if (const KernelError error = kernel_.start_daemon(daemon)) {
    const std::string text = "lvs: cannot start the " + name_of(daemon) + ": " + describe(error);
    if (text != complaint_) say_(LogLevel::error, text);
    complaint_ = text;
    return;
  }
  complaint_.clear();
  std::erase_if(kept_, [&](const Daemon& other) { return other.master == daemon.master; });
  kept_.push_back(daemon);
  if (again)
    say_(LogLevel::warning, "lvs: somebody else has stopped the " + name_of(daemon) + ", started again");
  else
    say_(LogLevel::notice,
         "lvs: started the " + name_of(daemon) + ", syncid " + std::to_string(daemon.sync_id));
}

void SyncKeeper::stop() {
  std::vector<Daemon> running;
  if (lines_.empty() || kernel_.daemons(running)) return;
  for (const Daemon& daemon : running)
    if (claimed(daemon.master)) kernel_.stop_daemon(daemon);
  kept_.clear();
}

}  // namespace evenkeel::lvs
