// Keeps the kernel's table as the configuration and the servers' state want it. No thread and no clock of its
// own: the bridge says when.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/log.h"
#include "lvs/def.h"
#include "lvs/kernel.h"
#include "lvs/wanted.h"

namespace evenkeel::lvs {

// What the kernel has counted for one server or section since the last sample, and what it holds now.
// Counters that somebody set back count from 0 again.
struct ServerSample {
  std::string name;
  std::uint32_t active = 0, inactive = 0, persistent = 0;
  Counters since;
};
struct SectionSample {
  std::string name;
  std::uint32_t active = 0, inactive = 0, persistent = 0;
  Counters since;
  std::vector<ServerSample> servers;
};

class Keeper {
 public:
  static constexpr unsigned kMendWords = 5;
  static constexpr unsigned kMendPause = 20;  // full rounds until one more may be told of

  using ServersOf = std::function<std::vector<ServerState>(const SectionDef&)>;
  using Say = std::function<void(LogLevel, const std::string&)>;

  // The definition has to outlive the keeper.
  Keeper(const Def& def, Kernel& kernel, ServersOf servers_of, Say say);

  // Services that a process before us has left: what is no longer wanted of them goes.
  void inherit(const std::set<ServiceKey>& services);

  // Reads the kernel's table, repairs what somebody else has changed, does what the servers' state asks for.
  // False when the kernel could not be read; it has been said why.
  bool full_round();
  // Does what the servers' state asks for, on the assumption that nobody else has touched the table: quick,
  // and right again with the next full round.
  void quick_round();
  // Whether what is ours still seems to be there; costs one question, however large the table is. False: a
  // full round is due.
  bool glance();
  // The same for all services and their definitions, without their servers.
  bool look();
  // Everybody gets weight 0; true when no service of ours has active connections any more.
  bool drain_round();
  // Removes our services.
  void clear();
  // Removes those of checks only.
  void clear_checks();

  [[nodiscard]] const std::set<ServiceKey>& owned() const noexcept { return owned_; }
  // Our services as they are in the kernel, as far as we know.
  [[nodiscard]] const Table& left() const noexcept { return left_; }
  // What has happened since the last call; to be called after a full round.
  std::vector<SectionSample> take_samples();

 private:
  [[nodiscard]] Table wanted(bool drained) const;
  [[nodiscard]] ServiceEntry known(const ServiceKey& key) const;
  static void add_checks(const SectionDef& section, const std::vector<ServerState>& servers, Table& table);
  void mend(const std::vector<Operation>& foreign);
  void carry_out(const std::vector<Operation>& steps);
  void complain(const std::string& text);

  const Def& def_;
  Kernel& kernel_;
  ServersOf servers_of_;
  Say say_;
  std::set<ServiceKey> owned_;
  Table read_;  // as last read
  Table left_;  // our services as we left them
  bool begun_ = false;
  ServiceKey glanced_;                // the last one
  std::string complaint_;             // the last one, which is not repeated
  unsigned mend_words_ = kMendWords;  // how often a repair may still be told of; grows again with time
  unsigned rounds_ = 0;
  std::map<ServiceKey, ServiceEntry> sampled_;
};

}  // namespace evenkeel::lvs
