// `evenkeel lvs real-server`: what a real server needs beside its service, checked and set. The rules are
// arithmetic over the host's state; who reads and writes the host comes from outside.
#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lvs/host.h"
#include "lvs/table.h"

namespace evenkeel::lvs {

struct RealServerWish {
  Endpoint vip;
  Forward forward = Forward::direct;
  std::string interface;            // lo, tunl0, ip6tnl0; empty with NAT
  std::optional<Endpoint> gateway;  // NAT: the director's inner address
};

// One line of the checklist, and the step that would make it true.
struct RealServerItem {
  enum class Step : std::uint8_t {
    none,         // only a person can
    set,          // name = value
    up,           // link
    add_tunnel,   // link
    add_address,  // vip on link
    route,        // the default one, by the gateway
  } step = Step::none;
  bool good = false;
  std::string text;  // how it is, in a sentence
  std::string mend;  // the command that a person would type; empty where it is well
  std::string name;  // of a setting or a link
  std::string value;
};

using SettingOf = std::function<std::optional<std::string>(const std::string& name)>;
// In the order in which they have to be made true: the address comes last, so that it never answers ARP.
std::vector<RealServerItem> real_server_items(const RealServerWish& wish, const HostState& state,
                                              const SettingOf& setting);

// What was before, so that `--undo` can put it back. Several virtual addresses share the settings; the last
// that goes restores them.
struct RealServerUndo {
  struct Vip {
    std::string interface;
    bool address_added = false;
  };
  std::map<std::string, Vip> vips;              // by address
  std::map<std::string, std::string> settings;  // before we came
  std::set<std::string> links_down;             // that we have brought up
  std::optional<Route> route_before;            // the default route that ours has replaced
  std::optional<Route> route_ours;
};
std::string format_undo(const RealServerUndo& undo);
RealServerUndo parse_undo(std::string_view text);  // skips what it does not understand

// Text for /etc that does the same at the next boot.
std::string persisting(const RealServerWish& wish);

// The three verbs over any host: 0 all is well, 1 something is wrong or could not be done. `undo` is changed;
// the caller stores it, before the host if that matters: after every call that is not `check`.
int check_real_server(const RealServerWish& wish, Host& host, std::ostream& out);
int apply_real_server(const RealServerWish& wish, Host& host, RealServerUndo& undo, std::ostream& out);
int undo_real_server(const RealServerWish& wish, Host& host, RealServerUndo& undo, std::ostream& out);

// args: behind "real-server". 2: wrong usage, or the network cannot be read at all.
int run_real_server(std::span<const std::string_view> args);

}  // namespace evenkeel::lvs
