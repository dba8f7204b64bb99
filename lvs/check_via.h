// `check-via vip`: whether checks can go to the virtual address through each server, found out while the
// configuration is read, and the packet marks by which the kernel will know them.
#pragma once

#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

#include "health/check_def.h"
#include "lvs/section_checks.h"

namespace evenkeel::lvs {

// Judges all sections of one configuration, in their order.
class CheckViaChecks {
 public:
  explicit CheckViaChecks(conf::Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  // After SectionChecks::check(). Gives each checked server its path, in its definition and in the draft's.
  void check(Draft& draft, backends::ProxyDraft& proxy, const std::vector<VirtualAddress>& addresses,
             health::CheckProtocol protocol);

 private:
  bool possible(const Draft& draft, const backends::ProxyDraft& proxy,
                const std::vector<VirtualAddress>& addresses, health::CheckProtocol protocol);
  // The same for the same names, as long as nobody else has it: a reload shall not exchange the marks of
  // servers that are being checked. 0: none is left.
  std::uint32_t take_mark(std::string_view section, std::string_view server);

  conf::Diagnostics& diagnostics_;
  std::set<std::uint32_t> taken_;
};

}  // namespace evenkeel::lvs
