// Lines of keepalived's notify FIFO, and the roles that follow from them (keepalived.conf(5), "notify_fifo").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stats/role_board.h"

namespace evenkeel::vrrp {

struct Notice {
  bool group = false;  // GROUP, else INSTANCE
  std::string name;
  // MASTER, BACKUP, FAULT, STOP; DELETED; MASTER_RX_LOWER_PRI, MASTER_PRIORITY, BACKUP_PRIORITY.
  std::string event;
  int priority = 0;                     // 0..255
  std::optional<std::int64_t> since_s;  // only in what we keep ourselves
};

// INSTANCE "VI_1" MASTER 100, without its line end. nullopt: not such a line.
std::optional<Notice> parse_notice(std::string_view line);
std::string format_notice(const Notice& notice);

// Collects bytes to lines. A line longer than 512 bytes is thrown away, so that a stray writer cannot fill
// the memory.
class LineSplitter {
 public:
  void feed(std::string_view bytes, std::vector<std::string>& lines);

 private:
  std::string pending_;
  bool skipping_ = false;
};

class Roles {
 public:
  // What is worth a line in the log; empty: nothing. `now_s`: wall clock.
  std::string apply(const Notice& notice, std::int64_t now_s);
  [[nodiscard]] const std::vector<stats::VrrpRole>& all() const noexcept { return roles_; }

 private:
  std::vector<stats::VrrpRole> roles_;
};

}  // namespace evenkeel::vrrp
