// From what other tools configure IPVS with to our configuration. Texts in, text out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::lvs {

struct Imported {
  std::string config;              // complete: defaults and `listen` sections
  std::vector<std::string> notes;  // "line 7: ...": what has no counterpart, one sentence each
  bool usable = true;              // false: not a single service was found
};

// Rules of `ipvsadm -Sn`, or a shell script of plain ipvsadm calls.
Imported import_ipvsadm(std::string_view text);
// A keepalived.conf (2.2): its virtual_server blocks. What VRRP needs stays with keepalived, and a note says
// so.
Imported import_keepalived(std::string_view text);

}  // namespace evenkeel::lvs
