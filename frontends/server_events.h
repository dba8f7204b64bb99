// What the process says when servers change sides, word for word as HAProxy: on stderr, and to the log
// targets of the backend.
#pragma once

#include "frontends/checks.h"

namespace evenkeel::frontends {

// How a server stood before something happened to it.
struct ServerStanding {
  bool up = false;
  bool maintenance = false;
  bool draining = false;
  bool backend_up = false;

  static ServerStanding of(backends::Server& server);
};

// The servers that follow this one are reported too.
class ServerEvents {
 public:
  explicit ServerEvents(Engine& engine) noexcept : engine_(engine) {}

  // A check, the agent, traffic (observe) or, when no check has run, an operator changed what is thought of
  // the server's health.
  void health(backends::Server& server, const ServerStanding& before, const health::CheckOutcome& outcome);
  void health_by_operator(backends::Server& server, const ServerStanding& before);
  // Maintenance and drain begin and end.
  void admin(backends::Server& server, const ServerStanding& before);

 private:
  void side_changed(backends::Server& server, bool up, const std::string& why);
  void follow(backends::Server& leader, const std::string& text, bool serious);
  void say(const backends::Server& server, const std::string& text, int level);
  void backend_down(const backends::Server& server, const ServerStanding& before);

  Engine& engine_;
};

}  // namespace evenkeel::frontends
