// What operators do to servers, through the runtime socket, the statistics page and the agent alike.
//
// Everything acts on the live server at once and may be called from any thread; what a check does about it
// follows on the check's own thread.
#pragma once

#include <string>
#include <string_view>

#include "core/address.h"
#include "stats/page_request.h"

namespace evenkeel::backends {
class Server;
}

namespace evenkeel::frontends {

class Engine;

// How an action on one server ended.
struct AdminOutcome {
  bool changed = false;  // false also when there was nothing to do
  std::string error{};   // not empty: refused, with HAProxy's sentence for the runtime socket
};

// The actions of the page's form, and those of `set server` and `enable|disable ...`. Refused where the
// configuration of the server leaves nothing to act on: an agent that it does not have, checks of a server
// that follows another one.
AdminOutcome apply_action(Engine& engine, backends::Server& server, stats::ServerAction action);

// `set weight`: "12" or "50%". Returns what was wrong with the text, empty when the weight is set.
std::string set_weight(backends::Server& server, std::string_view text);

// 0: no limit. A server whose minconn equals its maxconn keeps them equal.
void set_maxconn(backends::Server& server, std::uint32_t limit);

// New connections and checks go there; idle connections to the old address are closed.
void set_address(Engine& engine, backends::Server& server, const Address& address);

// Adds and removes AdminFlags; checks rest during maintenance and begin anew after it.
bool change_admin(Engine& engine, backends::Server& server, std::uint32_t add, std::uint32_t remove);

}  // namespace evenkeel::frontends
