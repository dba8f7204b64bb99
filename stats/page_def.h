// `stats ...` of a proxy: what its page shows, and to whom.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::stats {

struct Credential {
  std::string user;
  std::string password;
};

struct StatsPageDef {
  bool enabled = false;                // by `stats enable` or any other stats word
  std::string uri = "/haproxy?stats";  // a prefix of the request target, query included
  std::string realm = "HAProxy Statistics";
  std::vector<Credential> users;  // empty: everybody may see the page
  std::uint32_t refresh_s = 0;    // 0: no refresh
  bool hide_version = false;
  bool show_legends = false;
  bool show_modules = false;
  bool show_node = false;
  std::string node;  // show-node <name>; empty: the global node name
  bool show_description = false;
  std::string description;  // show-desc <text>; empty: the global description
  std::vector<std::string> scopes;  // empty: all proxies; "." is the proxy of the page itself
};

// Whether `stats scope` and the reader's filter (part of a name, empty for none) let a proxy be shown.
bool in_scope(const StatsPageDef& def, std::string_view own_proxy, std::string_view filter,
              std::string_view proxy);

}  // namespace evenkeel::stats
