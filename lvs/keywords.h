// The words `lvs`, `lvs-down`, `check-via` of sections and `lvs-exit`, `lvs-state`, `lvs-sync` of `global`.
#pragma once

#include <span>

#include "conf/keyword_table.h"
#include "lvs/def.h"

namespace evenkeel::lvs {

struct Draft {
  bool on = false;  // there is an `lvs` line
  SectionDef def;
  bool scheduler_given = false;
  bool all_ports = false;
  std::uint32_t fwmark = 0;
  std::string mask;  // of persistence, as written
  conf::Location where;
  conf::Location mask_at;
  bool via_vip = false;  // check-via vip
  conf::Location via_vip_at;
};

struct GlobalDraft {
  Exit exit = Exit::keep;
  std::vector<Daemon> daemons;
  std::string state_file;
};

std::span<const conf::Keyword<Draft>> section_keywords() noexcept;
std::span<const conf::Keyword<GlobalDraft>> global_keywords() noexcept;

}  // namespace evenkeel::lvs
