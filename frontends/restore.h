// Live servers as a process before us has left them (`load-server-state-from-file`).
#pragma once

namespace evenkeel::frontends {

class Engine;

// Before checks and traffic begin. What ServerDef::saved says and the configuration still permits.
void restore_servers(const Engine& engine);

}  // namespace evenkeel::frontends
