// Settings of the namespace's IPVS that health checks and draining depend on.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace evenkeel::lvs {

struct Setting {
  std::string_view name;  // below net.ipv4.vs
  std::string_view value;
};
// expire_nodest_conn 1: a connection whose server has been deleted ends, so that the client hears of it and
//   tries again; else its packets would vanish in silence until the client gives up.
// expire_quiescent_template 1: persistence does not lead new connections to a server of weight 0; else a
// drained
//   server would keep its clients for as long as they keep coming.
// conn_reuse_mode 1: a new connection from the port of one that has ended is scheduled anew; else busy
// clients
//   would stay with a drained server by reusing their ports.
std::span<const Setting> settings() noexcept;

// How /proc/sys/net/ipv4/vs is read and written; tests put a map in its place.
struct SysctlAccess {
  std::function<std::optional<std::string>(std::string_view name)> read;
  std::function<bool(std::string_view name, std::string_view value)> write;
  static SysctlAccess of_this_namespace();
};

// Sets what differs, and notes in `before` what it was, unless that is known already. The names of those that
// could not be set, for the log.
std::string apply_settings(const SysctlAccess& access, std::map<std::string, std::string>& before);
void restore_settings(const SysctlAccess& access, std::map<std::string, std::string>& before);

}  // namespace evenkeel::lvs
